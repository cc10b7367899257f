#include "raft_sim.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"

namespace aegis::consensus::sim {
namespace {

constexpr TimePoint kNever = TimePoint::max();

std::uint64_t Mix(std::uint64_t hash, std::uint64_t value) {
  hash = (hash ^ value) * 0x9e3779b97f4a7c15U;
  return hash ^ hash >> 29U;
}

std::string Name(const Entry& entry) {
  return fmt::format("entry {} of term {} (type {}, {} bytes)", entry.at.index, entry.at.term,
                     static_cast<int>(entry.type), entry.data.size());
}

}  // namespace

void SimState::Apply(const Entry& entry) {
  applied = entry.at.index;
  hash = Mix(Mix(hash, entry.at.term), static_cast<std::uint64_t>(entry.type));
  for (const char c : entry.data) hash = Mix(hash, static_cast<unsigned char>(c));
}

Bytes SimState::Encode() const {
  Bytes out;
  AppendBigEndian(applied, out);
  AppendBigEndian(hash, out);
  return out;
}

SimState SimState::Decode(ByteView bytes) {
  AEGIS_CHECK(bytes.size() == 16, "not a state of the simulation");
  return {LoadBigEndian<std::uint64_t>(bytes), LoadBigEndian<std::uint64_t>(bytes.substr(8))};
}

// What one Effects wanted stored.
struct RaftSim::Write {
  std::optional<Snapshot> snapshot;
  Index truncate_from = 0;
  std::vector<Entry> append;
  TimePoint durable_at;
};

struct RaftSim::Letter {
  ServerId from;
  ServerId to;
  Bytes message;
  TimePoint arrives_at;
};

struct RaftSim::Host {
  ServerId id;
  double rate = 1.0;  // Of its clock.
  Persisted disk;
  std::deque<Write> writes;
  bool stores = true;
  std::unique_ptr<RaftNode> node;
  std::uint64_t life = 0;
  TimePoint paused_until{};
  TimePoint wake_up_at = kNever;
  SimState state;
  Term term_seen = 0;
  Index commit_seen = 0;
  bool led = false;
};

RaftSim::RaftSim(RaftSimOptions options) : options_(options), rng_(options.seed) {}
RaftSim::~RaftSim() = default;

TimePoint RaftSim::LocalTime(const Host& host) const {
  const std::chrono::duration<double, std::nano> passed = now_ - TimePoint{};
  return TimePoint{std::chrono::duration_cast<Duration>(passed * host.rate)};
}

TimePoint RaftSim::GlobalTime(const Host& host, TimePoint local) const {
  if (local == kNever) return kNever;
  const std::chrono::duration<double, std::nano> passed = local - TimePoint{};
  return TimePoint{std::chrono::duration_cast<Duration>(passed / host.rate)};
}

Duration RaftSim::Between(Duration min, Duration max) {
  return min + Duration(static_cast<Duration::rep>(
                   rng_.Below(static_cast<std::uint64_t>((max - min).count()) + 1)));
}

ServerId RaftSim::Add(bool founder) {
  auto added = std::make_unique<Host>();
  added->id = ServerId{hosts_.size() + 1};
  added->rate = 1.0 + (2 * rng_.Unit() - 1) * options_.drift_max;
  if (founder) added->disk = RaftNode::Birth(added->id);
  hosts_.push_back(std::move(added));
  CheckEntries(*hosts_.back(), hosts_.back()->disk.entries);
  Restart(hosts_.back()->id);
  return hosts_.back()->id;
}

void RaftSim::Restart(ServerId id) {
  Host& host = this->host(id);
  if (host.node != nullptr) return;
  ++host.life;
  host.led = false;
  host.commit_seen = 0;
  host.paused_until = now_;
  host.state = {};
  if (host.disk.snapshot.last.index > 0) {
    host.state = SimState::Decode(host.disk.snapshot.state);
  }
  host.node =
      std::make_unique<RaftNode>(id, options_.node, host.disk, Rng(rng_.Next()), LocalTime(host));
  Do(host, [](RaftNode& node, TimePoint now, Effects& effects) { node.Start(now, effects); });
}

void RaftSim::Crash(ServerId id) {
  Host& host = this->host(id);
  if (host.node == nullptr) return;
  host.node.reset();
  host.wake_up_at = kNever;
  std::uint64_t reached = host.writes.empty() ? 0 : rng_.Below(host.writes.size() + 1);
  for (const Write& write : host.writes) {
    if (reached-- == 0) break;
    Store(host.disk, write);
  }
  host.writes.clear();
  for (auto& [link, letters] : links_) {
    if (link.second == id) letters.clear();
    if (link.first == id && rng_.Chance(0.5)) letters.clear();
  }
}

void RaftSim::Pause(ServerId id, Duration time) { host(id).paused_until = now_ + time; }

void RaftSim::SetReachable(ServerId a, ServerId b, bool reachable) {
  for (const auto& link : {std::pair(a, b), std::pair(b, a)}) {
    if (reachable) {
      unreachable_.erase(link);
    } else {
      unreachable_.insert(link);
      links_[link].clear();
    }
  }
}

void RaftSim::SetReachable(ServerId id, bool reachable) {
  for (const auto& other : hosts_) {
    if (other->id != id) SetReachable(id, other->id, reachable);
  }
}

void RaftSim::BreakLink(ServerId from, ServerId to) { links_[{from, to}].clear(); }

void RaftSim::StopStoring(ServerId id, bool stop) {
  host(id).stores = !stop;
  for (Write& write : host(id).writes) write.durable_at = std::max(write.durable_at, now_);
}

void RaftSim::Heal() {
  unreachable_.clear();
  for (const auto& host : hosts_) {
    StopStoring(host->id, false);
    host->paused_until = std::min(host->paused_until, now_);
    Restart(host->id);
  }
}

bool RaftSim::RunUntil(const std::function<bool()>& done, Duration within) {
  const TimePoint until = now_ + within;
  while (violation_.empty()) {
    if (done()) return true;
    if (!Step(until)) break;
  }
  now_ = std::max(now_, until);
  return violation_.empty() && done();
}

void RaftSim::RunFor(Duration time) {
  RunUntil([] { return false; }, time);
}

bool RaftSim::Step(TimePoint until) {
  TimePoint at = kNever;
  std::deque<Letter>* letters = nullptr;
  Host* ticks = nullptr;
  Host* stores = nullptr;
  for (auto& [link, queue] : links_) {
    if (queue.empty()) continue;
    const TimePoint when = std::max(queue.front().arrives_at, host(link.second).paused_until);
    if (when < at) at = when, letters = &queue;
  }
  for (const auto& host : hosts_) {
    if (host->node == nullptr) continue;
    const TimePoint tick = std::max(GlobalTime(*host, host->wake_up_at), host->paused_until);
    if (tick < at) at = tick, ticks = host.get(), letters = nullptr;
    if (host->writes.empty() || !host->stores) continue;
    const TimePoint stored = std::max(host->writes.front().durable_at, host->paused_until);
    if (stored < at) at = stored, stores = host.get(), ticks = nullptr, letters = nullptr;
  }
  if (at > until) return false;
  now_ = std::max(now_, at);
  if (letters != nullptr) {
    Letter letter = std::move(letters->front());
    letters->pop_front();
    Deliver(std::move(letter));
  } else if (ticks != nullptr) {
    // At least a little later than before: nobody may wake up for ever at the same time.
    now_ += std::chrono::microseconds(1);
    Do(*ticks, [](RaftNode& node, TimePoint now, Effects& effects) { node.Tick(now, effects); });
  } else {
    FinishWrites(*stores);
  }
  return true;
}

void RaftSim::Deliver(Letter letter) {
  Host& to = host(letter.to);
  if (to.node == nullptr) return;
  Do(to, [&](RaftNode& node, TimePoint now, Effects& effects) {
    const Result<Ok> result = node.OnMessage(letter.from, letter.message, now, effects);
    if (!result.ok()) {
      Violate(fmt::format("{} refuses what {} sent: {}", letter.to.value(), letter.from.value(),
                          result.error().message));
    }
  });
}

// A sync covers all that waits when it begins.
TimePoint RaftSim::NextSync(const Host& host) {
  if (host.writes.empty()) return now_ + Between(options_.store_min, options_.store_max);
  const TimePoint first = host.writes.front().durable_at;
  const TimePoint last = host.writes.back().durable_at;
  if (last > first) return last;
  return std::max(now_, first) + Between(options_.store_min, options_.store_max);
}

void RaftSim::FinishWrites(Host& host) {
  // One call may stand for several.
  const auto synced =
      std::ranges::upper_bound(host.writes, host.writes.front().durable_at, {}, &Write::durable_at);
  std::uint64_t n = 1 + rng_.Below(static_cast<std::uint64_t>(synced - host.writes.begin()));
  Index snapshot = 0;
  Index entries = 0;
  for (; n > 0; --n) {
    const Write& write = host.writes.front();
    Store(host.disk, write);
    if (write.snapshot) snapshot = write.snapshot->last.index;
    if (!write.append.empty()) entries = write.append.back().at.index;
    host.writes.pop_front();
  }
  Do(host, [&](RaftNode& node, TimePoint now, Effects& effects) {
    node.OnPersisted(snapshot, entries, now, effects);
  });
}

void RaftSim::Do(Host& host, const std::function<void(RaftNode&, TimePoint, Effects&)>& what) {
  Effects effects;
  what(*host.node, LocalTime(host), effects);
  Carry(host, effects);
  if (host.node != nullptr) CheckHost(host);
}

void RaftSim::Carry(Host& host, Effects& effects) {
  host.wake_up_at = effects.wake_up_at;
  if (effects.hard_state) {
    host.disk.hard_state = *effects.hard_state;
    if (options_.mutant == Mutant::kForgetsVotes) host.disk.hard_state.voted_for = {};
  }
  CheckEntries(host, effects.append);
  if (effects.snapshot || effects.truncate_from > 0 || !effects.append.empty()) {
    host.writes.push_back(
        {effects.snapshot, effects.truncate_from, effects.append, NextSync(host)});
    entries_truncated_ += effects.truncate_from > 0 ? 1 : 0;
  }
  for (Effects::Mail& mail : effects.mail) {
    if (mail.to.value() > hosts_.size()) continue;
    if (this->host(mail.to).node == nullptr || unreachable_.contains({host.id, mail.to})) continue;
    std::deque<Letter>& link = links_[{host.id, mail.to}];
    const TimePoint arrives = now_ + Between(options_.delay_min, options_.delay_max);
    link.push_back({host.id, mail.to, std::move(mail.message),
                    link.empty() ? arrives : std::max(arrives, link.back().arrives_at)});
  }
  if (effects.restore) {
    ++snapshots_installed_;
    host.state = SimState::Decode(*effects.restore);
    SimState expected;
    for (Index i = 0; i < host.state.applied && i < history_.size(); ++i) {
      expected.Apply(history_[i]);
    }
    if (host.state != expected) Violate("a snapshot is not what the entries amount to");
  }
  for (const Entry& entry : effects.committed) Apply(host, entry);
  if (options_.mutant == Mutant::kConfirmsTooEarly && !effects.append.empty()) {
    const Index entries = effects.append.back().at.index;
    Do(host, [&](RaftNode& node, TimePoint now, Effects& more) {
      node.OnPersisted(0, entries, now, more);
    });
  }
}

void RaftSim::Apply(Host& host, const Entry& entry) {
  if (entry.at.index != host.state.applied + 1) {
    Violate(fmt::format("server {} applies {} after {}", host.id.value(), Name(entry),
                        host.state.applied));
    return;
  }
  host.state.Apply(entry);
  if (entry.at.index == history_.size() + 1) {
    history_.push_back(entry);
    if (entry.type == EntryType::kCommand) commands_.push_back(entry.data);
  }
  const Entry& first = history_[entry.at.index - 1];
  if (!(first == entry)) {
    Violate(fmt::format("server {} applies {}, another has applied {}", host.id.value(),
                        Name(entry), Name(first)));
  }
}

void RaftSim::Store(Persisted& disk, const Write& write) {
  if (write.snapshot) {
    const LogPosition last = write.snapshot->last;
    const auto held = std::ranges::find(disk.entries, last, &Entry::at);
    disk.entries.erase(disk.entries.begin(),
                       held == disk.entries.end() ? disk.entries.end() : held + 1);
    disk.snapshot = *write.snapshot;
  }
  if (write.truncate_from > 0) {
    std::erase_if(disk.entries,
                  [&](const Entry& entry) { return entry.at.index >= write.truncate_from; });
  }
  for (const Entry& entry : write.append) {
    const Index last =
        disk.entries.empty() ? disk.snapshot.last.index : disk.entries.back().at.index;
    if (entry.at.index != last + 1) {
      Violate(fmt::format("{} is to be stored after {}", Name(entry), last));
    }
    disk.entries.push_back(entry);
  }
}

void RaftSim::Violate(std::string what) {
  if (violation_.empty()) {
    violation_ = fmt::format("at {} us: {}", (now_ - TimePoint{}) / std::chrono::microseconds(1),
                             std::move(what));
  }
}

void RaftSim::CheckEntries(const Host& host, const std::vector<Entry>& entries) {
  for (const Entry& entry : entries) {
    const auto [known, is_new] = written_.try_emplace(entry.at, entry);
    if (!is_new && !(known->second == entry)) {
      Violate(fmt::format("server {} appends {}, another has {} at the same position",
                          host.id.value(), Name(entry), Name(known->second)));
    }
  }
}

void RaftSim::CheckHost(Host& host) {
  const RaftNode& node = *host.node;
  if (node.term() < host.term_seen) {
    Violate(fmt::format("server {} goes back to term {}", host.id.value(), node.term()));
  }
  host.term_seen = node.term();
  if (node.commit_index() < host.commit_seen) {
    Violate(fmt::format("server {} takes back what is committed", host.id.value()));
  }
  host.commit_seen = node.commit_index();
  if (host.state.applied != node.commit_index()) {
    Violate(fmt::format("server {} has applied up to {}, but committed is {}", host.id.value(),
                        host.state.applied, node.commit_index()));
  }
  if (node.leads() && !host.led) CheckNewLeader(host);
  host.led = node.leads();
}

void RaftSim::CheckNewLeader(Host& host) {
  const RaftNode& node = *host.node;
  const auto [known, is_new] = leaders_.try_emplace(node.term(), host.id, host.life);
  if (!is_new && known->second != std::pair(host.id, host.life)) {
    Violate(fmt::format("servers {} and {} lead in term {}", known->second.first.value(),
                        host.id.value(), node.term()));
  }
  // Leader completeness. A leader of an older term, elected late, need not know what newer ones
  // have committed.
  if (leaders_.rbegin()->first != node.term()) return;
  if (node.last_index() < history_.size()) {
    Violate(fmt::format("the new leader {} lacks entry {}, which was committed", host.id.value(),
                        history_.size()));
    return;
  }
  for (Index i = node.first_index(); i <= history_.size(); ++i) {
    if (!(*node.At(i) == history_[i - 1])) {
      Violate(fmt::format("the new leader {} has another {} than was committed", host.id.value(),
                          Name(*node.At(i))));
      return;
    }
  }
}

bool RaftSim::up(ServerId id) const { return host(id).node != nullptr; }
RaftNode& RaftSim::node(ServerId id) { return *host(id).node; }
const Persisted& RaftSim::disk(ServerId id) const { return host(id).disk; }

std::vector<ServerId> RaftSim::servers() const {
  std::vector<ServerId> ids;
  for (const auto& host : hosts_) ids.push_back(host->id);
  return ids;
}

std::optional<ServerId> RaftSim::leader() const {
  std::optional<ServerId> found;
  Term newest = 0;
  for (const auto& host : hosts_) {
    if (host->node == nullptr || !host->node->leads() || host->node->term() <= newest) continue;
    newest = host->node->term();
    found = host->id;
  }
  return found;
}

Result<LogPosition> RaftSim::Propose(ServerId id, Bytes command) {
  Result<LogPosition> result = LogPosition{};
  Do(host(id), [&](RaftNode& node, TimePoint now, Effects& effects) {
    result = node.Propose(std::move(command), now, effects);
  });
  return result;
}

Result<LogPosition> RaftSim::Reconfigure(ServerId id, std::vector<Server> servers) {
  Result<LogPosition> result = LogPosition{};
  Do(host(id), [&](RaftNode& node, TimePoint now, Effects& effects) {
    result = node.Reconfigure(std::move(servers), now, effects);
  });
  return result;
}

void RaftSim::CatchUp(ServerId leader, ServerId spare) {
  Do(host(leader),
     [&](RaftNode& node, TimePoint now, Effects& effects) { node.CatchUp(spare, now, effects); });
}

void RaftSim::Transfer(ServerId leader, ServerId successor) {
  Do(host(leader), [&](RaftNode& node, TimePoint now, Effects& effects) {
    node.TransferLeadership(successor, now, effects);
  });
}

void RaftSim::Compact(ServerId id) {
  Host& host = this->host(id);
  Do(host, [&](RaftNode& node, TimePoint now, Effects& effects) {
    node.Compact(host.state.Encode(), now, effects);
  });
}

Index RaftSim::applied(ServerId id) const { return host(id).state.applied; }

}  // namespace aegis::consensus::sim
