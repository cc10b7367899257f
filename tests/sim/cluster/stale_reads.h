// StaleReads: clients that read what copies without leadership hold, and check what they are
// promised for it.
//
// Every key is a counter, so what was acknowledged cannot be taken back by a late repetition.
// A third of them is counted in a session, asynchronously, by one client that also reads: it is
// shown at least what it has seen, or told that this was lost.
//
// The others have a client that counts and one that reads, without a session. A read with a bound
// shows at least what had been acknowledged when the bound began; what anybody was shown, every
// later read by the leader shows. Half of them are counted by quorum, so that no failover loses
// anything; the rest is excused once one has. The keys change every few seconds, so that an excuse
// does not cover the whole run.

#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "workload.h"

namespace aegis::sim {

class StaleReads : public Workload {
 public:
  StaleReads(SimCluster& cluster, std::size_t keys) : cluster_(cluster), keys_(keys) {}

  // Every client goes on until Stop(), with about `pause` between its operations.
  void Start(Duration pause);

  // Workload
  void Stop() override { running_ = false; }
  void Verify() override;
  std::string Problem() const override { return problem_; }
  std::uint64_t answered() const override { return answered_; }

 private:
  struct Acknowledged {
    TimePoint at;
    std::uint64_t count = 0;
  };
  struct Key {
    std::uint64_t age = 0;
    std::uint64_t attempted = 0;
    std::uint64_t shown = 0;  // To anybody. In a session: to its client, as far as it is left.
    std::deque<Acknowledged> history{};
    Version seen{};  // In a session.
    std::size_t reader_at = 0;
  };

  std::string Name(std::size_t key) const {
    return "count" + std::to_string(key) + "/" + std::to_string(keys_[key].age);
  }
  // The key as it is now; it is another one, and nobody has done anything with it, now and then.
  Key& Present(std::size_t key);
  std::size_t ReaderAt(std::size_t key);
  static bool InSession(std::size_t key) { return key % 3 == 0; }
  static bool ByQuorum(std::size_t key) { return key % 3 == 1; }
  enum class Role : std::uint8_t { kCounts, kReads, kBoth };
  void Next(std::size_t key, Role role);
  void Increment(std::size_t key, Role role);
  void Read(std::size_t key, std::function<void(bool answered)> then, bool strong = false);
  std::uint64_t FloorOf(const Key& key, std::int64_t bound) const;
  void OnRead(std::size_t key, std::uint64_t at_least, std::uint64_t by_leader,
              const Outcome& outcome);
  void OnSessionLost(std::size_t key, const Outcome& outcome);
  void Complain(std::size_t key, const std::string& what);

  SimCluster& cluster_;
  std::vector<Key> keys_;
  Duration pause_{};
  TimePoint began_;
  bool running_ = false;
  std::size_t unread_ = 0;  // That Verify() has still to read.
  std::uint64_t answered_ = 0;
  std::string problem_;
};

}  // namespace aegis::sim
