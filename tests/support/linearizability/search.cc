#include "linearizability/search.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "linearizability/timeline.h"

namespace aegis::linearizability {
namespace {

bool IsSubset(const Timeline::Bits& a, const Timeline::Bits& of) {
  for (std::size_t i = 0; i < a.size(); ++i) {
    if ((a[i] & ~of[i]) != 0) return false;
  }
  return true;
}

// Which values are still to be read, and from which writes they can still come. A state that
// overwrites the last chance of a read leads nowhere, however far ahead that read is.
class Supply {
 public:
  Supply(const Timeline& timeline, Foresight foresight) : counts_(foresight == Foresight::kOn) {
    for (Timeline::Index i = 0; i < timeline.size(); ++i) {
      const Kind kind = timeline.at(i).kind;
      // Values are made of others then; whether one can still come is not seen from a count.
      if (kind == Kind::kIncrement || kind == Kind::kAppend) counts_ = false;
    }
    for (Timeline::Index i = 0; i < timeline.size(); ++i) PutBack(timeline.at(i));
  }

  void Take(const Operation& operation) { Count(operation, -1); }
  void PutBack(const Operation& operation) { Count(operation, 1); }

  bool IsLastChance(const std::string& value) const {
    const auto it = of_.find(value);
    return it != of_.end() && it->second.reads > 0 && it->second.writes == 0;
  }

 private:
  struct Left {
    int reads = 0;
    int writes = 0;
  };

  void Count(const Operation& operation, int by) {
    if (!counts_) return;
    // What deletes a value and shows it may do both to the last one.
    if (operation.kind == Kind::kDelete || operation.kind == Kind::kGetDelete) return;
    if (operation.kind == Kind::kClear) return;
    if (operation.kind != Kind::kGet) {
      of_[operation.argument].writes += by;
    } else if (operation.outcome == Outcome::kOk) {
      of_[operation.result].reads += by;
    }
  }

  bool counts_;
  std::map<std::string, Left> of_{};
};

class Searcher {
 public:
  Searcher(const History& operations, std::size_t states_max, Foresight foresight)
      : timeline_(operations), supply_(timeline_, foresight), states_max_(states_max) {}

  SearchResult Run();

 private:
  struct Move {
    Timeline::Index operation = 0;
    KeyState after{};
  };

  // A state on the way from the beginning to the current one.
  struct Step {
    KeyState state{};
    std::vector<Move> moves{};
    std::size_t next_move = 0;  // The move taken from here is the one before it.
  };

  void Enter(KeyState state);
  bool Leave();
  std::vector<Move> Moves(const KeyState& state, bool after_unknown) const;
  bool IsNew(const KeyState& state);
  bool CameByUnknown() const;
  void KeepIfLongest();
  SearchResult Finish(Answer answer);

  Timeline timeline_;
  Supply supply_;
  std::size_t states_max_;
  std::size_t states_ = 0;
  std::vector<Step> steps_{};
  std::map<std::string, std::vector<Timeline::Bits>> seen_{};
  bool has_longest_ = false;
  SearchResult longest_{};
};

bool Searcher::CameByUnknown() const {
  if (steps_.empty()) return false;
  const Step& last = steps_.back();
  return !timeline_.IsKnown(last.moves[last.next_move - 1].operation);
}

std::vector<Searcher::Move> Searcher::Moves(const KeyState& state, bool after_unknown) const {
  std::vector<Move> moves;
  for (const Timeline::Index i : timeline_.Candidates()) {
    const Operation& operation = timeline_.at(i);
    if (after_unknown && IsBlind(operation)) continue;  // Then the unknown one was for nothing.
    std::optional<KeyState> after = Apply(state, operation);
    if (!after) continue;
    if (*after == state) {
      if (!timeline_.IsKnown(i)) continue;
      if (!MayWrite(operation)) return {{.operation = i, .after = state}};
    }
    const bool overwrites = state.present && (!after->present || after->value != state.value);
    if (overwrites && supply_.IsLastChance(state.value)) continue;
    moves.push_back({.operation = i, .after = *std::move(after)});
  }
  return moves;
}

// Whether nothing makes this state hopeless: it was reached before, with the same known operations
// placed and no unknown one that is not placed now. Then everything open now was open there, or,
// for a blind write that an unknown operation barred there, where that unknown one was placed.
bool Searcher::IsNew(const KeyState& state) {
  std::string key = timeline_.TakenKnown();
  key += state.present ? '+' : '-';
  key += state.version + '\0' + state.value;
  std::vector<Timeline::Bits>& seen = seen_[std::move(key)];
  const Timeline::Bits& now = timeline_.TakenUnknown();
  if (std::ranges::any_of(seen, [&](const auto& before) { return IsSubset(before, now); })) {
    return false;
  }
  std::erase_if(seen, [&](const auto& before) { return IsSubset(now, before); });
  seen.push_back(now);
  return true;
}

void Searcher::Enter(KeyState state) {
  ++states_;
  const bool after_unknown = CameByUnknown();
  Step step{.state = std::move(state)};
  if (timeline_.AllKnownTaken() || IsNew(step.state)) {
    step.moves = Moves(step.state, after_unknown);
  }
  steps_.push_back(std::move(step));
}

bool Searcher::Leave() {
  KeepIfLongest();
  steps_.pop_back();
  if (steps_.empty()) return false;
  const Step& step = steps_.back();
  const Timeline::Index last = step.moves[step.next_move - 1].operation;
  timeline_.PutBack(last);
  supply_.PutBack(timeline_.at(last));
  return true;
}

void Searcher::KeepIfLongest() {
  const std::size_t length = steps_.size() - 1;
  if (has_longest_ && length <= longest_.order.size()) return;
  has_longest_ = true;
  longest_.order.clear();
  for (std::size_t i = 0; i < length; ++i) {
    longest_.order.push_back(timeline_.at(steps_[i].moves[steps_[i].next_move - 1].operation));
  }
  longest_.state = steps_.back().state;
  longest_.stuck.clear();
  for (const Timeline::Index i : timeline_.Candidates()) {
    if (timeline_.IsKnown(i)) longest_.stuck.push_back(timeline_.at(i));
  }
}

SearchResult Searcher::Finish(Answer answer) {
  longest_.answer = answer;
  longest_.states = states_;
  return std::move(longest_);
}

SearchResult Searcher::Run() {
  Enter({});
  while (!timeline_.AllKnownTaken()) {
    if (states_ > states_max_) return Finish(Answer::kGaveUp);
    Step& step = steps_.back();
    if (step.next_move < step.moves.size()) {
      const Move& move = step.moves[step.next_move++];
      timeline_.Take(move.operation);
      supply_.Take(timeline_.at(move.operation));
      Enter(move.after);
    } else if (!Leave()) {
      return Finish(Answer::kCannotBeOrdered);
    }
  }
  has_longest_ = false;
  KeepIfLongest();
  return Finish(Answer::kOrdered);
}

}  // namespace

SearchResult Search(const History& operations, std::size_t states_max, Foresight foresight) {
  return Searcher(operations, states_max, foresight).Run();
}

}  // namespace aegis::linearizability
