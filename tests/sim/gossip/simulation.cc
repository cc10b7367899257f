#include "simulation.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/check.h"

namespace aegis::gossip::sim {
namespace {

using std::chrono::milliseconds;

constexpr std::array kEventNames = {"joined",   "updated", "restarted", "suspected", "refuted",
                                    "died",     "left",    "reaped",    "adopted",   "foreign",
                                    "conflict", "full",    "malformed"};

// FNV-1a: enough to tell histories apart.
std::uint64_t Fnv(ByteView bytes, std::uint64_t hash = 0xcbf29ce484222325U) {
  for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  return hash;
}

void AddTo(Traffic& sum, const Traffic& one) {
  for (std::size_t i = 0; i < kMessageKinds; ++i) sum.messages[i] += one.messages[i];
  sum.datagram_bytes += one.datagram_bytes;
  sum.stream_bytes += one.stream_bytes;
}

void AddTo(Counters& sum, const Counters& one) {
  AddTo(sum.sent, one.sent);
  AddTo(sum.received, one.received);
  sum.probes += one.probes;
  sum.probes_failed += one.probes_failed;
  sum.probes_saved_by_relay += one.probes_saved_by_relay;
  sum.probes_saved_by_stream += one.probes_saved_by_stream;
  sum.streams_failed += one.streams_failed;
  sum.suspicions += one.suspicions;
  sum.refutations += one.refutations;
  sum.deaths += one.deaths;
  sum.false_deaths += one.false_deaths;
  sum.stalls += one.stalls;
  sum.refused_foreign += one.refused_foreign;
  sum.refused_id_conflict += one.refused_id_conflict;
  sum.refused_full += one.refused_full;
  sum.malformed += one.malformed;
  sum.oversized += one.oversized;
}

}  // namespace

Simulation::Simulation(std::uint64_t seed, Network network) : rng_(seed), network_(network) {}

// --- Nodes --------------------------------------------------------------------------------------

std::size_t Simulation::Add(NodeSpec spec) {
  const std::size_t index = nodes_.size();
  auto node = std::make_unique<Node>();
  if (spec.host.empty()) {
    spec.host = fmt::format("10.0.{}.{}", index / 250, index % 250 + 1);
  }
  node->address = {spec.host, 7701};
  node->spec = std::move(spec);
  nodes_.push_back(std::move(node));
  Start(index);
  return index;
}

void Simulation::AddCluster(std::size_t count, const Options& options) {
  ClusterSettings settings;
  settings.id = ClusterId{0xc1};
  for (std::size_t i = 0; i < count; ++i) {
    NodeSpec spec{.name = fmt::format("n{}", i), .settings = settings, .options = options};
    if (i > 0) spec.seeds = {address(0)};
    Add(std::move(spec));
  }
}

void Simulation::Start(std::size_t index) {
  Node& node = *nodes_[index];
  Member& self = node.identity;
  self.id = NodeId{Fnv(node.spec.name)};
  self.session = Session{next_session_++};
  self.name = node.spec.name;
  self.gossip_address = node.address;
  self.client_address = {node.address.host, 7700};
  self.software = "0.1.0";
  // As the wall clock would give it.
  self.incarnation = static_cast<std::uint64_t>(now_.time_since_epoch() / milliseconds(1));
  node.swim =
      std::make_unique<Swim>(self, node.spec.settings, node.spec.options, Rng(rng_.Next()), now_);
  node.wake_scheduled = TimePoint::max();
  Call(index, [&](Swim& swim, TimePoint now, Effects& effects) {
    swim.Join(node.spec.seeds, now, effects);
  });
}

void Simulation::Kill(std::size_t index) {
  Node& node = *nodes_[index];
  AddTo(ended_, node.swim->counters());
  node.swim.reset();
  node.paused = false;
  node.waiting.clear();
}

void Simulation::Restart(std::size_t index, const std::string& host) {
  Node& node = *nodes_[index];
  AEGIS_CHECK(node.swim == nullptr, "only a killed node restarts");
  if (!host.empty()) node.address.host = host;
  Start(index);
}

void Simulation::Pause(std::size_t index) { nodes_[index]->paused = true; }

void Simulation::Resume(std::size_t index) {
  Node& node = *nodes_[index];
  node.paused = false;
  // The overdue timer first: the harder order for the node.
  Wake(index);
  for (const auto& what : std::exchange(node.waiting, {})) what();
}

void Simulation::Cut(std::size_t from, std::size_t to) { cuts_.emplace(from, to); }

void Simulation::Split(const std::vector<std::size_t>& group,
                       const std::vector<std::size_t>& other) {
  for (const std::size_t a : group) {
    for (const std::size_t b : other) {
      Cut(a, b);
      Cut(b, a);
    }
  }
}

// --- Time ---------------------------------------------------------------------------------------

void Simulation::Plan(Duration in, std::function<void()> run) {
  steps_.push({now_ + in, next_order_++, std::move(run)});
}

bool Simulation::StepBefore(TimePoint end) {
  if (steps_.empty() || steps_.top().at > end) return false;
  const Step step = steps_.top();
  steps_.pop();
  now_ = step.at;
  step.run();
  return true;
}

void Simulation::RunFor(Duration duration) {
  const TimePoint end = now_ + duration;
  while (StepBefore(end)) continue;
  now_ = end;
}

bool Simulation::RunUntil(const std::function<bool()>& condition, Duration limit) {
  const TimePoint end = now_ + limit;
  while (!condition()) {
    if (!StepBefore(end)) {
      now_ = end;
      return condition();
    }
  }
  return true;
}

void Simulation::Wake(std::size_t index) {
  Node& node = *nodes_[index];
  if (node.swim == nullptr || node.paused) return;
  if (node.swim->wake_up_at() <= now_) {
    Call(index, [](Swim& swim, TimePoint now, Effects& effects) { swim.Tick(now, effects); });
    return;
  }
  if (node.swim->wake_up_at() >= node.wake_scheduled) return;
  node.wake_scheduled = node.swim->wake_up_at();
  Plan(node.wake_scheduled - now_, [this, index, at = node.wake_scheduled] {
    if (nodes_[index]->wake_scheduled == at) nodes_[index]->wake_scheduled = TimePoint::max();
    Wake(index);
  });
}

void Simulation::Call(std::size_t index,
                      const std::function<void(Swim&, TimePoint, Effects&)>& call) {
  Effects effects;
  call(*nodes_[index]->swim, now_, effects);
  Carry(index, std::move(effects));
}

// --- The network --------------------------------------------------------------------------------

void Simulation::Carry(std::size_t index, Effects effects) {
  for (const Event& event : effects.events) {
    history_.push_back(fmt::format("{} n{} {} {} {}", now_.time_since_epoch().count(), index,
                                   kEventNames[static_cast<std::size_t>(event.kind)],
                                   event.member.name, event.detail));
    if (observer_) observer_(index, event, now_);
  }
  for (Datagram& datagram : effects.datagrams) CarryDatagram(index, std::move(datagram));
  for (StreamRequest& request : effects.streams) CarryStream(index, std::move(request));
  Wake(index);
}

void Simulation::Arrive(std::size_t index, Session run, std::function<void()> what) {
  Node& node = *nodes_[index];
  if (node.swim == nullptr || node.identity.session != run) return;
  if (node.paused) {
    node.waiting.push_back(std::move(what));
  } else {
    what();
  }
}

Duration Simulation::Delay() {
  const double spread = rng_.Unit();
  return network_.delay_min +
         std::chrono::duration_cast<Duration>((network_.delay_max - network_.delay_min) * spread);
}

// One segment that TCP sends again after `first_retry`, twice that, ... until it is there.
Duration Simulation::StreamDelay(Duration first_retry) {
  Duration delay = Delay();
  while (rng_.Chance(network_.loss)) {
    delay += first_retry;
    first_retry *= 2;
  }
  return delay;
}

std::size_t Simulation::Find(const Endpoint& address) const {
  // The last to have come there: a killed node's address may have been taken over.
  for (std::size_t i = nodes_.size(); i-- > 0;) {
    if (nodes_[i]->address == address) return i;
  }
  return nodes_.size();
}

void Simulation::CarryDatagram(std::size_t from, Datagram datagram) {
  datagram_size_max_ = std::max(datagram_size_max_, datagram.body.size());
  const std::size_t to = Find(datagram.to);
  if (to == nodes_.size() || !network_.udp || cuts_.contains({from, to})) return;
  const int copies = rng_.Chance(network_.duplicate) ? 2 : 1;
  for (int i = 0; i < copies; ++i) {
    if (rng_.Chance(network_.loss)) continue;
    Plan(Delay(), [this, to, source = address(from), body = datagram.body] {
      Arrive(to, nodes_[to]->identity.session, [this, to, source, body] {
        Call(to, [&](Swim& swim, TimePoint now, Effects& effects) {
          swim.OnDatagram(source, body, now, effects);
        });
      });
    });
  }
}

void Simulation::CarryStream(std::size_t from, StreamRequest request) {
  constexpr Duration kConnectRetry = milliseconds(1000);        // RFC 6298
  static constexpr Duration kSegmentRetry = milliseconds(200);  // Linux' least
  const Session run = nodes_[from]->identity.session;
  const std::uint64_t id = request.id;
  const Duration patience = nodes_[from]->spec.options.stream_timeout;
  const std::size_t to = Find(request.to);

  Plan(patience, [this, from, run, id] {
    FinishStream(from, run, id, Error{ErrorCode::kUnavailable, "no reply in time"});
  });
  const auto reachable = [this, from, to] {
    return to != nodes_.size() && !cuts_.contains({from, to}) && !cuts_.contains({to, from});
  };
  if (!reachable()) return;
  const Duration there =
      StreamDelay(kConnectRetry) + StreamDelay(kConnectRetry) + StreamDelay(kSegmentRetry);
  Plan(there, [this, from, to, run, id, reachable, body = std::move(request.body)] {
    if (!reachable()) return;
    if (nodes_[to]->swim == nullptr) {
      FinishStream(from, run, id, Error{ErrorCode::kUnavailable, "connection refused"});
      return;
    }
    Arrive(to, nodes_[to]->identity.session, [this, from, to, run, id, reachable, body] {
      Call(to, [&](Swim& swim, TimePoint now, Effects& effects) {
        Bytes reply = swim.OnStreamRequest(address(from), body, now, effects);
        Plan(StreamDelay(kSegmentRetry), [this, from, run, id, reachable, reply] {
          if (reachable()) FinishStream(from, run, id, reply);
        });
      });
    });
  });
}

// The core ignores whatever comes after the first end of a stream.
void Simulation::FinishStream(std::size_t from, Session run, std::uint64_t id,
                              Result<Bytes> reply) {
  Arrive(from, run, [this, from, id, reply = std::move(reply)] {
    Call(from, [&](Swim& swim, TimePoint now, Effects& effects) {
      swim.OnStreamReply(id, reply, now, effects);
    });
  });
}

void Simulation::Inject(std::size_t index, const Endpoint& from, ByteView datagram) {
  Call(index, [&](Swim& swim, TimePoint now, Effects& effects) {
    swim.OnDatagram(from, datagram, now, effects);
  });
}

// --- What came of it ----------------------------------------------------------------------------

MemberState Simulation::Believes(std::size_t node, std::size_t about) const {
  const Member* member = swim(node).Find(identity(about).id);
  return member == nullptr ? MemberState::kDead : member->state;
}

bool Simulation::Converged() const {
  std::vector<std::pair<NodeId, Session>> there;
  for (const auto& node : nodes_) {
    if (node->swim != nullptr) there.emplace_back(node->identity.id, node->identity.session);
  }
  std::ranges::sort(there);
  for (const auto& node : nodes_) {
    if (node->swim == nullptr) continue;
    std::vector<std::pair<NodeId, Session>> alive;
    for (const Member& member : node->swim->members()) {
      if (member.state == MemberState::kAlive) alive.emplace_back(member.id, member.session);
      if (member.state == MemberState::kSuspect) return false;
    }
    if (alive != there) return false;
  }
  return true;
}

std::uint64_t Simulation::hash() const {
  std::uint64_t hash = Fnv("");
  for (const std::string& line : history_) hash = Fnv(line, hash);
  return hash;
}

Counters Simulation::Total() const {
  Counters total = ended_;
  for (const auto& node : nodes_) {
    if (node->swim != nullptr) AddTo(total, node->swim->counters());
  }
  return total;
}

}  // namespace aegis::gossip::sim
