// RaftSim: RaftNodes in virtual time, with disks that are slow and lose what was not synced, links
// that keep the order until they break, clocks that run fast or slow, pauses and crashes; and the
// rules of Raft, looked at after every step.
//
// Everything that happens follows from the options. The first broken rule is kept in violation().

#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/rng.h"
#include "consensus/raft_node.h"

namespace aegis::consensus::sim {

// One rule that a host does not keep, to see that the simulation finds it.
enum class Mutant : std::uint8_t {
  kNone,
  kForgetsVotes,      // The term is stored, the vote is not.
  kConfirmsTooEarly,  // Entries are said to be durable when they begin to be stored.
};

struct RaftSimOptions {
  std::uint64_t seed = 1;
  RaftNode::Options node;
  Duration delay_min = std::chrono::microseconds(100);  // Of messages, drawn per message.
  Duration delay_max = std::chrono::milliseconds(2);
  Duration store_min = std::chrono::microseconds(200);  // One write and its sync.
  Duration store_max = std::chrono::milliseconds(5);
  double drift_max = 0.0;  // How much faster or slower a clock may run.
  Mutant mutant = Mutant::kNone;
};

class RaftSim {
 public:
  explicit RaftSim(RaftSimOptions options);
  ~RaftSim();

  // A new server with an empty disk, or with that of a founder. Returns its id: 1, 2, ...
  ServerId Add(bool founder = false);
  void Crash(ServerId id);  // Loses what is not durable; some of what was on its way gets there.
  void Restart(ServerId id);
  void Pause(ServerId id, Duration time);
  void SetReachable(ServerId a, ServerId b, bool reachable);  // Both ways.
  void SetReachable(ServerId id, bool reachable);             // From and to everyone.
  void BreakLink(ServerId from, ServerId to);                 // Loses what is on its way.
  void StopStoring(ServerId id, bool stop);                   // Writes hang.
  void Heal();

  void RunFor(Duration time);
  // False: not within that time, or a rule was broken.
  bool RunUntil(const std::function<bool()>& done, Duration within);

  bool up(ServerId id) const;
  // REQUIRES: up(id).
  RaftNode& node(ServerId id);
  const Persisted& disk(ServerId id) const;
  std::vector<ServerId> servers() const;
  // The one that leads in the newest term; nothing if nobody does.
  std::optional<ServerId> leader() const;

  Result<LogPosition> Propose(ServerId id, Bytes command);
  Result<LogPosition> Reconfigure(ServerId id, std::vector<Server> servers);
  void CatchUp(ServerId leader, ServerId spare);
  void Transfer(ServerId leader, ServerId successor);
  void Compact(ServerId id);

  Index applied(ServerId id) const;
  // Those that any server has applied, in their order.
  const std::vector<Bytes>& commands() const { return commands_; }
  Index committed() const { return static_cast<Index>(history_.size()); }
  const std::string& violation() const { return violation_; }
  TimePoint now() const { return now_; }
  Rng& rng() { return rng_; }
  std::uint64_t snapshots_installed() const { return snapshots_installed_; }
  std::uint64_t entries_truncated() const { return entries_truncated_; }
  std::uint64_t terms_led() const { return leaders_.size(); }

 private:
  struct Host;
  struct Write;
  struct Letter;

  Host& host(ServerId id) { return *hosts_[id.value() - 1]; }
  const Host& host(ServerId id) const { return *hosts_[id.value() - 1]; }
  TimePoint LocalTime(const Host& host) const;
  TimePoint GlobalTime(const Host& host, TimePoint local) const;
  Duration Between(Duration min, Duration max);
  TimePoint NextSync(const Host& host);

  // The next thing that happens, if any does by `until`.
  bool Step(TimePoint until);
  void Deliver(Letter letter);
  void FinishWrites(Host& host);

  void Do(Host& host, const std::function<void(RaftNode&, TimePoint, Effects&)>& what);
  void Carry(Host& host, Effects& effects);
  void Apply(Host& host, const Entry& entry);
  void Store(Persisted& disk, const Write& write);

  void Violate(std::string what);
  void CheckHost(Host& host);
  void CheckNewLeader(Host& host);
  void CheckEntries(const Host& host, const std::vector<Entry>& entries);

  const RaftSimOptions options_;
  Rng rng_;
  TimePoint now_{std::chrono::seconds(1000)};
  std::vector<std::unique_ptr<Host>> hosts_;
  std::map<std::pair<ServerId, ServerId>, std::deque<Letter>> links_;
  std::set<std::pair<ServerId, ServerId>> unreachable_;

  std::vector<Entry> history_;  // What was applied first at each index, by whomever.
  std::vector<Bytes> commands_;
  std::map<LogPosition, Entry> written_;
  std::map<Term, std::pair<ServerId, std::uint64_t>> leaders_;  // And which of its lives.
  std::string violation_;
  std::uint64_t snapshots_installed_ = 0;
  std::uint64_t entries_truncated_ = 0;
};

// The state machine of the simulation: how many entries it has applied, and a hash over all.
struct SimState {
  Index applied = 0;
  std::uint64_t hash = 0;

  void Apply(const Entry& entry);
  Bytes Encode() const;
  static SimState Decode(ByteView bytes);
  friend bool operator==(const SimState&, const SimState&) = default;
};

}  // namespace aegis::consensus::sim
