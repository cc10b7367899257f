#include "stale_reads.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace aegis::sim {

using std::chrono::milliseconds;

namespace {

constexpr std::int64_t kBounds[] = {5, 60, 300, 2000, kAnyStaleness};
// Longer than the longest bound and what a call takes.
constexpr Duration kRemembered = std::chrono::seconds(60);
constexpr Duration kLifetime = std::chrono::seconds(7);

}  // namespace

void StaleReads::Start(Duration pause) {
  pause_ = pause;
  running_ = true;
  began_ = cluster_.now();
  for (std::size_t key = 0; key < keys_.size(); ++key) {
    if (InSession(key)) {
      Next(key, Role::kBoth);
    } else {
      Next(key, Role::kCounts);
      Next(key, Role::kReads);
    }
  }
}

void StaleReads::Next(std::size_t key, Role role) {
  if (!running_) return;
  const double jitter = 0.5 + cluster_.rng().Unit();
  cluster_.After(std::chrono::duration_cast<Duration>(pause_ * jitter), [this, key, role] {
    if (!running_) return;
    const bool counts = role == Role::kBoth ? cluster_.rng().Chance(0.3) : role == Role::kCounts;
    if (counts) {
      Increment(key, role);
    } else {
      Read(key, [this, key, role](bool /*answered*/) { Next(key, role); });
    }
  });
}

StaleReads::Key& StaleReads::Present(std::size_t key) {
  const auto age = static_cast<std::uint64_t>((cluster_.now() - began_) / kLifetime);
  if (running_ && keys_[key].age != age)
    keys_[key] = {.age = age, .reader_at = keys_[key].reader_at};
  return keys_[key];
}

void StaleReads::Increment(std::size_t key, Role role) {
  const std::uint64_t age = Present(key).age;
  ++keys_[key].attempted;
  const Bytes name = Name(key);
  Operation operation{.code = OpCode::kIncrement, .key = name, .number = 1};
  operation.quorum = ByQuorum(key) ? 2 : 0;
  if (InSession(key)) operation.session = keys_[key].seen;
  cluster_.Submit(AnyLiveNode(cluster_), operation, [this, key, role, age](const Outcome& outcome) {
    if (keys_[key].age != age) return Next(key, role);
    if (outcome.status == Status::kSessionLost) OnSessionLost(key, outcome);
    if (outcome.status == Status::kOk) {
      ++answered_;
      const auto count = static_cast<std::uint64_t>(outcome.number);
      Key& counter = keys_[key];
      counter.shown = InSession(key) ? count : std::max(counter.shown, count);
      counter.seen = std::max(counter.seen, outcome.position);
      counter.history.push_back({cluster_.now(), count});
      while (counter.history.size() > 1 && counter.history[1].at < cluster_.now() - kRemembered) {
        counter.history.pop_front();
      }
    }
    Next(key, role);
  });
}

// What had been acknowledged `bound` ms before now.
std::uint64_t StaleReads::FloorOf(const Key& key, std::int64_t bound) const {
  if (bound == kAnyStaleness) return 0;
  std::uint64_t floor = 0;
  for (const Acknowledged& acknowledged : key.history) {
    if (acknowledged.at > cluster_.now() - milliseconds(bound)) break;
    floor = std::max(floor, acknowledged.count);
  }
  return floor;
}

// Who reads through one node for a while finds its copy fresh more often.
std::size_t StaleReads::ReaderAt(std::size_t key) {
  std::size_t& node = keys_[key].reader_at;
  if (cluster_.rng().Chance(0.05) || !cluster_.alive(node)) node = AnyLiveNode(cluster_);
  return node;
}

void StaleReads::Read(std::size_t key, std::function<void(bool answered)> then, bool strong) {
  const Key& counter = Present(key);
  const Bytes name = Name(key);
  Operation operation{.code = OpCode::kGet, .key = name};
  std::int64_t bound = 0;
  if (!strong && cluster_.rng().Chance(0.9)) {
    bound = kBounds[cluster_.rng().Below(std::size(kBounds))];
    operation.max_stale_ms = bound;
  }
  if (InSession(key)) operation.session = counter.seen;
  const std::uint64_t at_least = InSession(key) ? counter.shown : FloorOf(counter, bound);
  cluster_.Submit(ReaderAt(key), operation,
                  [this, key, age = counter.age, at_least, by_leader = counter.shown,
                   then = std::move(then)](const Outcome& outcome) {
                    const bool answered = outcome.status == Status::kOk ||
                                          outcome.status == Status::kNotFound ||
                                          outcome.status == Status::kSessionLost;
                    if (answered) ++answered_;
                    if (answered && keys_[key].age == age)
                      OnRead(key, at_least, by_leader, outcome);
                    then(answered);
                  });
}

void StaleReads::OnRead(std::size_t key, std::uint64_t at_least, std::uint64_t by_leader,
                        const Outcome& outcome) {
  Key& counter = keys_[key];
  if (outcome.stale_ms) cluster_.Sometimes(Rare::kStaleRead);
  if (outcome.status == Status::kSessionLost) return OnSessionLost(key, outcome);
  const std::uint64_t shown =
      outcome.status == Status::kOk ? std::stoull(std::string(outcome.value)) : 0;
  const std::uint64_t floor = outcome.stale_ms ? at_least : by_leader;
  if (shown > counter.attempted) {
    return Complain(key, "shows " + std::to_string(shown) + " of " +
                             std::to_string(counter.attempted) + " attempts");
  }
  // Nobody is told what he has not asked for: that some of it was lost.
  const bool excused = !InSession(key) && cluster_.ledger().lost(Name(key));
  if (shown < floor && !excused) {
    return Complain(key, "shows " + std::to_string(shown) + " instead of at least " +
                             std::to_string(floor) + (outcome.stale_ms ? " in a copy " : " ") +
                             (outcome.stale_ms ? std::to_string(*outcome.stale_ms) + " ms old"
                                               : "at the leader"));
  }
  counter.shown = InSession(key) ? shown : std::max(counter.shown, shown);
  counter.seen = std::max(counter.seen, outcome.position);
}

void StaleReads::OnSessionLost(std::size_t key, const Outcome& outcome) {
  cluster_.Sometimes(Rare::kSessionLost);
  Key& counter = keys_[key];
  if (!InSession(key)) return Complain(key, "a session was lost that nobody began");
  if (!(outcome.position < counter.seen)) return Complain(key, "lost nothing of the session");
  counter.seen = outcome.position;
  counter.shown = 0;
}

void StaleReads::Complain(std::size_t key, const std::string& what) {
  if (problem_.empty()) {
    problem_ = Name(key) + (InSession(key) ? ", in a session, " : " ") + what;
  }
  cluster_.invariants().Fail(problem_);
}

void StaleReads::Verify() {
  unread_ = keys_.size();
  const auto read = [this](std::size_t key, const auto& again) -> void {
    const auto then = [this, key, again](bool answered) {
      if (answered) {
        --unread_;
      } else {
        again(key, again);
      }
    };
    Read(key, then, /*strong=*/true);
  };
  for (std::size_t key = 0; key < keys_.size(); ++key) read(key, read);
  cluster_.RunUntil([&] { return unread_ == 0; }, std::chrono::seconds(30));
  if (unread_ > 0 && problem_.empty()) {
    problem_ = std::to_string(unread_) + " keys cannot be read";
  }
}

}  // namespace aegis::sim
