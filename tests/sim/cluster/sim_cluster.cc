#include "sim_cluster.h"

#include <algorithm>

#include "sim_calls.h"
#include "sim_node.h"

namespace aegis::sim {

using namespace std::chrono_literals;

SimCluster::SimCluster(SimOptions options)
    : options_(options),
      rng_(options.seed),
      stall_chance_(options.stall_chance),
      calls_(std::make_unique<SimCalls>(*this)) {}
SimCluster::~SimCluster() = default;

UnixMs SimCluster::unix_now() const {
  using std::chrono::milliseconds;
  return {1'700'000'000'000 +
          std::chrono::duration_cast<milliseconds>(now_.time_since_epoch()).count()};
}

void SimCluster::At(TimePoint when, std::function<void()> run) {
  queue_.push_back({std::max(when, now_), ++events_, std::move(run)});
  std::push_heap(queue_.begin(), queue_.end());
}

Duration SimCluster::Latency() {
  const Duration usual = 100us + std::chrono::microseconds(rng_.Below(400));
  return rng_.Chance(options_.hiccup_chance) ? usual + std::chrono::milliseconds(rng_.Below(100))
                                             : usual;
}

Duration SimCluster::DiskLatency() {
  const Duration usual = 500us + std::chrono::microseconds(rng_.Below(3000));
  return rng_.Chance(options_.hiccup_chance) ? usual + std::chrono::milliseconds(rng_.Below(100))
                                             : usual;
}

Duration SimCluster::Stall() {
  if (!rng_.Chance(stall_chance_)) return {};
  return std::chrono::duration_cast<Duration>(options_.stall_max * rng_.Unit());
}

double SimCluster::ClockRate() {
  const bool broken = options_.broken == BrokenRule::kClocksDriftTooFar;
  return 1 + rng_.Unit() * (broken ? 2 : options_.clock_drift);
}

bool SimCluster::Reaches(std::size_t from, std::size_t to) const {
  return !cuts_.contains({from, to});
}

// A connection needs both directions.
bool SimCluster::Connected(std::size_t a, std::size_t b) const {
  return Reaches(a, b) && Reaches(b, a);
}

void SimCluster::Cut(std::size_t a, std::size_t b, bool cut) {
  CutOneWay(a, b, cut);
  CutOneWay(b, a, cut);
}

void SimCluster::CutOneWay(std::size_t from, std::size_t to, bool cut) {
  if (!cut) {
    cuts_.erase({from, to});
    return;
  }
  if (!cuts_.insert({from, to}).second) return;
  // Both ends give connections up after a while without an acknowledgement.
  const auto break_later = [&](std::size_t a, std::size_t b) {
    SimNode& node = *nodes_[a];
    const auto broken = [this, from, to](auto act) {
      return [this, from, to, act] {
        if (cuts_.contains({from, to})) act();
      };
    };
    if (const auto link = node.links.find(b); link != node.links.end()) {
      node.After(5s, broken([&node, b, serial = link->second->serial] { node.Break(b, serial); }));
    }
    if (const auto link = node.control_links.find(b); link != node.control_links.end()) {
      node.After(2s, broken([&node, b, serial = link->second] { node.BreakControl(b, serial); }));
    }
  };
  break_later(from, to);
  break_later(to, from);
}

// Who sends on a link that the other end has given up is told so, as soon as that can be.
void SimCluster::BreakFarEnd(std::size_t from, std::size_t to, std::uint64_t serial) {
  After(Latency(), [this, from, to, serial] {
    if (!Connected(from, to)) {
      After(10ms, [this, from, to, serial] { BreakFarEnd(from, to, serial); });
      return;
    }
    SimNode& end = *nodes_[to];
    if (end.alive) end.After(Duration{}, [&end, from, serial] { end.Break(from, serial); });
  });
}

void SimCluster::Pause(std::size_t node, Duration duration) {
  nodes_[node]->paused_until = std::max(nodes_[node]->paused_until, now_ + duration);
  sometimes_.Count(Rare::kPaused);
}

void SimCluster::SlowDisk(std::size_t node, Duration more, Duration duration) {
  SimNode& slow = *nodes_[node];
  slow.disk_delay = more;
  sometimes_.Count(Rare::kSlowDisk);
  slow.After(duration, [&slow] { slow.disk_delay = {}; });
}

// Not while it stands still: what its clock will show then may have been looked at already.
void SimCluster::ChangeClock(std::size_t node) {
  if (nodes_[node]->paused_until > now_) return;
  nodes_[node]->clock.SetRate(ClockRate(), now_);
}

bool SimCluster::FlipBit(std::size_t node, std::uint32_t shard) {
  ByteView value;
  nodes_[node]->shards[shard]->replica().table().VisitRange({}, store::Table::kEverything,
                                                            [&](const store::ItemView& item) {
                                                              if (!item.value.empty())
                                                                value = item.value;
                                                            });
  // Memory does not ask whether it is const.
  if (!value.empty()) const_cast<char&>(value.back()) ^= 1;
  return !value.empty();
}

std::optional<std::size_t> SimCluster::ControlLeader() const {
  std::optional<std::size_t> leader;
  for (const auto& node : nodes_) {
    if (!node->alive || node->control.leader() == nullptr) continue;
    if (leader && nodes_[*leader]->control.leader()->term() > node->control.leader()->term()) {
      continue;
    }
    leader = node->index;
  }
  return leader;
}

bool SimCluster::CanDoWithout(std::size_t node, std::set<std::size_t> gone) const {
  const auto leader = ControlLeader();
  if (!leader || !nodes_[*leader]->control.log()->raft().configuration_committed()) return false;
  gone.insert(node);
  std::size_t voters = 0;
  std::size_t left = 0;
  bool spare = false;  // It may become a voter any moment.
  for (const auto& server : nodes_[*leader]->control.log()->raft().configuration().servers) {
    if (server.role != consensus::ServerRole::kVoter) {
      spare = spare || server.id == nodes_[node]->disk.server();
      continue;
    }
    ++voters;
    left += static_cast<std::size_t>(
        std::count_if(nodes_.begin(), nodes_.end(), [&](const auto& other) {
          return !gone.contains(other->index) && other->disk.server() == server.id;
        }));
  }
  return left > (spare ? voters + 1 : voters) / 2;
}

std::optional<std::size_t> SimCluster::NodeAt(const Endpoint& address) const {
  for (std::size_t node = 0; node < nodes_.size(); ++node) {
    if (nodes_[node]->address == address) return node;
  }
  return std::nullopt;
}

std::optional<std::size_t> SimCluster::IndexOf(NodeId id) const {
  for (std::size_t node = 0; node < nodes_.size(); ++node) {
    if (nodes_[node]->node_id == id) return node;
  }
  return std::nullopt;
}

std::size_t SimCluster::Start(const std::vector<std::size_t>& seeds,
                              std::uint32_t bootstrap_expect) {
  std::vector<Endpoint> addresses;
  for (const std::size_t seed : seeds) addresses.push_back(SimNode::AddressOf(seed));
  ClusterSettings settings;
  settings.num_shards = options_.num_shards;
  settings.replication_factor = options_.replication_factor;
  const std::size_t index = nodes_.size();
  nodes_.push_back(std::make_unique<SimNode>(*this, index, Session{rng_.Next()},
                                             std::move(addresses), bootstrap_expect, settings,
                                             SimDisk()));
  nodes_.back()->Start();
  return index;
}

void SimCluster::Kill(std::size_t node) {
  SimNode& killed = *nodes_[node];
  killed.alive = false;
  invariants_.OnGone(killed.process);
  calls_->OnGone(killed);
  for (const auto& watch : watches_) watch(node);
  for (const auto& shard : killed.shards) {
    ledger_.OnForgotten(shard->id(), shard->replica().history());
  }
  for (const auto& [peer, link] : killed.links) {
    BreakFarEnd(node, peer, link->serial);
  }
  killed.links.clear();
  if (killed.disk.Crash(rng_)) sometimes_.Count(Rare::kWriteTorn);
  if (options_.broken == BrokenRule::kVotersForget) killed.disk.Forget();
  // A dead process answers with a reset; a dead or unreachable machine with nothing.
  for (const auto& other : nodes_) {
    const auto link = other->control_links.find(node);
    if (!other->alive || link == other->control_links.end()) continue;
    other->After(
        Connected(node, other->index) ? Latency() : Duration(2s),
        [&other = *other, node, serial = link->second] { other.BreakControl(node, serial); });
  }
  killed.control_links.clear();
}

void SimCluster::Restart(std::size_t node, bool empty_disk) {
  SimNode& old = *nodes_[node];
  // Its configuration still names the seeds that it began with.
  std::vector<Endpoint> seeds = old.seeds;
  for (const Member& member : old.control.swim().members()) {
    const bool other = member.id != SimNode::IdOf(node);
    if (other && std::ranges::find(seeds, member.gossip_address) == seeds.end()) {
      seeds.push_back(member.gossip_address);
    }
  }
  // Events of the old process may still hold its address: it is kept, dead, until the end.
  graveyard_.push_back(std::move(nodes_[node]));
  SimNode& before = *graveyard_.back();
  ClusterSettings settings = before.control.settings();
  if (empty_disk) {
    settings = {};
    settings.num_shards = options_.num_shards;
    settings.replication_factor = options_.replication_factor;
    sometimes_.Count(Rare::kDirectoryEmptied);
  }
  const Session drawn{rng_.Next()};
  const bool reuse = options_.broken == BrokenRule::kSessionsUsedTwice;
  nodes_[node] =
      std::make_unique<SimNode>(*this, node, reuse ? before.session : drawn, std::move(seeds), 0,
                                settings, empty_disk ? SimDisk() : std::move(before.disk));
  nodes_[node]->Start();
}

Result<Ok> SimCluster::Recover(std::size_t node) { return nodes_[node]->Recover(); }

Result<bool> SimCluster::Forget(std::size_t node, std::size_t lost) {
  return nodes_[node]->Forget(nodes_[lost]->process.name);
}

void SimCluster::Leave(std::size_t node) { nodes_[node]->Leave(); }

void SimCluster::RunFor(Duration duration) {
  RunUntil([] { return false; }, duration);
}

bool SimCluster::RunUntil(const std::function<bool()>& done, Duration limit) {
  const TimePoint end = now_ + limit;
  TimePoint next_look = now_;
  while (!queue_.empty() && queue_.front().at <= end) {
    std::pop_heap(queue_.begin(), queue_.end());
    const Event event = std::move(queue_.back());
    queue_.pop_back();
    now_ = event.at;
    trace_hash_ =
        (trace_hash_ ^ static_cast<std::uint64_t>(now_.time_since_epoch().count()) ^ event.order) *
        0x100000001b3U;
    event.run();
    if (!violation().empty()) return false;
    if (now_ < next_look) continue;
    next_look = now_ + 10ms;
    if (!options_.memory_fails) CompareReplicas(next_compared_++ % options_.num_shards);
    if (done()) return true;
  }
  now_ = end;
  return violation().empty() && done();
}

void SimCluster::Submit(std::size_t node, const Operation& operation, Done done) {
  calls_->Submit(node, operation, std::move(done));
}

}  // namespace aegis::sim
