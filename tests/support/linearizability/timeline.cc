#include "linearizability/timeline.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "base/check.h"

namespace aegis::linearizability {

Timeline::Timeline(const History& operations) {
  for (const Operation& operation : operations) {
    if (operation.outcome == Outcome::kUnavailable) continue;
    if (operation.outcome == Outcome::kUnknown && !MayWrite(operation)) continue;
    operations_.push_back(operation);
  }
  const auto rank = [](const Operation& operation) {
    return std::pair(operation.outcome == Outcome::kUnknown, operation.invoked_at);
  };
  std::ranges::stable_sort(operations_, {}, rank);
  known_ = static_cast<std::size_t>(std::ranges::count_if(
      operations_, [](const Operation& each) { return each.outcome != Outcome::kUnknown; }));
  taken_.resize(operations_.size());
  taken_unknown_.resize((operations_.size() - known_ + 63) / 64);
  LinkEvents();
  FindTwins();
}

void Timeline::LinkEvents() {
  events_.push_back({.at = TimePoint::min()});
  for (Index i = 0; i < known_; ++i) {
    events_.push_back({.at = operations_[i].invoked_at, .operation = i});
    events_.push_back({.at = *operations_[i].returned_at, .operation = i, .is_return = true});
  }
  // What ends at the instant at which another begins may have come after it.
  std::stable_sort(events_.begin() + 1, events_.end(), [](const Event& a, const Event& b) {
    return std::pair(a.at, a.is_return) < std::pair(b.at, b.is_return);
  });
  events_.push_back({.at = TimePoint::max(), .is_return = true});
  call_of_.resize(known_);
  return_of_.resize(known_);
  for (std::size_t e = 0; e < events_.size(); ++e) {
    events_[e].previous = e - 1;
    events_[e].next = e + 1;
    if (e == 0 || e + 1 == events_.size()) continue;
    (events_[e].is_return ? return_of_ : call_of_)[events_[e].operation] = e;
  }
}

void Timeline::FindTwins() {
  std::map<std::tuple<Kind, std::string, std::string>, Index> last;
  twin_.assign(operations_.size(), kNone);
  for (Index i = known_; i < operations_.size(); ++i) {
    const Operation& each = operations_[i];
    const auto [it, is_first] = last.try_emplace({each.kind, each.argument, each.expected}, i);
    if (is_first) continue;
    twin_[i] = it->second;
    it->second = i;
  }
}

std::vector<Timeline::Index> Timeline::Candidates() const {
  std::vector<Index> candidates;
  std::size_t e = events_.front().next;
  for (; !events_[e].is_return; e = events_[e].next) candidates.push_back(events_[e].operation);
  const TimePoint first_return = events_[e].at;
  for (Index i = known_; i < operations_.size(); ++i) {
    if (operations_[i].invoked_at > first_return) break;
    if (taken_[i] || (twin_[i] != kNone && !taken_[twin_[i]])) continue;
    candidates.push_back(i);
  }
  return candidates;
}

void Timeline::Unlink(std::size_t event) {
  events_[events_[event].previous].next = events_[event].next;
  events_[events_[event].next].previous = events_[event].previous;
}

void Timeline::Relink(std::size_t event) {
  events_[events_[event].previous].next = event;
  events_[events_[event].next].previous = event;
}

void Timeline::FlipUnknown(Index i) {
  taken_unknown_[(i - known_) / 64] ^= std::uint64_t{1} << (i - known_) % 64;
}

void Timeline::Take(Index i) {
  AEGIS_CHECK(!taken_[i], "an operation is placed once");
  taken_[i] = true;
  if (!IsKnown(i)) return FlipUnknown(i);
  ++taken_known_;
  Unlink(call_of_[i]);
  Unlink(return_of_[i]);
}

void Timeline::PutBack(Index i) {
  AEGIS_CHECK(taken_[i], "only what was placed can be put back");
  taken_[i] = false;
  if (!IsKnown(i)) return FlipUnknown(i);
  --taken_known_;
  Relink(return_of_[i]);
  Relink(call_of_[i]);
}

// They are taken nearly in order, so a number and a short list of indices describe them.
std::string Timeline::TakenKnown() const {
  const auto number = [](std::size_t n) {
    return std::string(reinterpret_cast<const char*>(&n), sizeof n);
  };
  const std::size_t first = events_.front().next;
  const bool is_none_left = first + 1 == events_.size();
  const Index all_below = is_none_left ? known_ : events_[first].operation;
  std::string taken = number(all_below);
  std::size_t left = known_ - taken_known_;
  // From where as many indices remain as operations are left, none of them is taken.
  for (Index i = all_below; i < known_ && left < known_ - i; ++i) {
    if (taken_[i]) {
      taken += number(i);
    } else {
      --left;
    }
  }
  return taken + number(known_);
}

}  // namespace aegis::linearizability
