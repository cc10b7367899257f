#include "node/core/control.h"

#include <algorithm>

#include "base/log.h"

namespace aegis::node {

using replication::PeerMessage;
using replication::PeerMessageType;
using replication::ShardReport;
using replication::ShardRole;

namespace {

bool IsLive(const Member& member) {
  return member.state == MemberState::kAlive || member.state == MemberState::kSuspect;
}

ShardReport NothingYet(std::uint32_t shard) {
  ShardReport report;
  report.shard = ShardId{shard};
  return report;
}

std::vector<ShardReport> NothingYetOfAny(std::uint32_t shards) {
  std::vector<ShardReport> reports;
  reports.reserve(shards);
  for (std::uint32_t shard = 0; shard < shards; ++shard) reports.push_back(NothingYet(shard));
  return reports;
}

}  // namespace

void ControlEffects::Clear() {
  born = false;
  commands.clear();
  followers.clear();
  routing.reset();
  gossip.Clear();
  mail.clear();
  membership_changed = false;
  wake_up_at = TimePoint::max();
}

Control::Control(Member self, ClusterSettings settings, Options options, LeadershipRule& rule,
                 Rng rng, TimePoint now)
    : options_(std::move(options)),
      rule_(rule),
      rng_(rng),
      swim_(std::move(self), settings, options_.gossip, Rng(rng_.Next()), now),
      started_(now),
      members_(swim_.members()),
      routing_(std::make_shared<RoutingTable>()) {}

void Control::Start(TimePoint now, ControlEffects& effects) {
  if (!options_.seeds.empty()) swim_.Join(options_.seeds, now, effects.gossip);
  AfterGossip(now, effects);
}

void Control::Join(std::span<const Endpoint> seeds, TimePoint now, ControlEffects& effects) {
  swim_.Join(seeds, now, effects.gossip);
  AfterGossip(now, effects);
}

void Control::Tick(TimePoint now, ControlEffects& effects) {
  swim_.Tick(now, effects.gossip);
  AfterGossip(now, effects);
}

void Control::OnDatagram(const Endpoint& from, ByteView body, TimePoint now,
                         ControlEffects& effects) {
  swim_.OnDatagram(from, body, now, effects.gossip);
  AfterGossip(now, effects);
}

Bytes Control::OnStreamRequest(const Endpoint& from, ByteView body, TimePoint now,
                               ControlEffects& effects) {
  Bytes reply = swim_.OnStreamRequest(from, body, now, effects.gossip);
  AfterGossip(now, effects);
  return reply;
}

void Control::OnStreamReply(std::uint64_t id, const Result<Bytes>& reply, TimePoint now,
                            ControlEffects& effects) {
  swim_.OnStreamReply(id, reply, now, effects.gossip);
  AfterGossip(now, effects);
}

// --- Birth and membership -----------------------------------------------------------------------

void Control::AfterGossip(TimePoint now, ControlEffects& effects) {
  members_ = swim_.members();
  if (!effects.gossip.events.empty()) effects.membership_changed = true;
  MaybeBeBorn(now);
  if (born() && !announced_birth_) {
    announced_birth_ = true;
    own_ = NothingYetOfAny(settings().num_shards);
    routes_.resize(settings().num_shards);
    told_followers_.resize(settings().num_shards);
    leaderless_ = settings().num_shards;  // Until the first Evaluate() knows better.
    effects.born = true;
    effects.membership_changed = true;
  }
  if (effects.membership_changed) routing_dirty_ = true;
  effects.wake_up_at = swim_.wake_up_at();
}

void Control::MaybeBeBorn(TimePoint now) {
  if (born()) return;
  if (options_.bootstrap_expect <= 1) {
    if (options_.seeds.empty()) BeBorn(now);
    return;
  }
  std::size_t present = 0;
  for (const Member& member : members_) {
    if (!IsLive(member)) continue;
    ++present;
    if (member.id < swim_.self().id) return;  // That one forms the cluster.
  }
  if (present >= options_.bootstrap_expect) BeBorn(now);
}

void Control::BeBorn(TimePoint now) {
  ClusterSettings settings = swim_.settings();
  do settings.id = ClusterId{rng_.Next()};
  while (!settings.born());
  settings.hash_seed = rng_.Next();
  swim_.SetSettings(settings, now);
  AEGIS_LOG(kInfo, "control", "formed cluster {:016x}: {} shards, replication factor {}",
            settings.id.value(), settings.num_shards, settings.replication_factor);
}

void Control::RecomputePlacement() {
  // A dead member keeps its place until gossip forgets it: it may be back in a moment, and its
  // return should not move the whole cluster twice.
  std::vector<ring::PlacementMember> placed;
  for (const Member& member : members_) {
    if (member.state == MemberState::kLeft || IsLeaving(member.id)) continue;
    placed.push_back({member.id, member.weight, member.zone});
  }
  if (placed.empty()) placed.push_back({swim_.self().id, swim_.self().weight, swim_.self().zone});
  if (placed == placed_) return;
  ring::PlacementOptions options;
  options.num_shards = settings().num_shards;
  options.replication_factor = settings().replication_factor;
  options.virtual_nodes = settings().virtual_nodes;
  placement_ = ring::ComputePlacement(placed, options);
  placed_ = std::move(placed);
  routing_dirty_ = true;
}

bool Control::IsLeaving(NodeId node) const {
  if (node == swim_.self().id) return leaving_;
  const auto peer = peers_.find(node);
  return peer != peers_.end() && peer->second.leaving;
}

std::vector<Member> Control::LinkedPeers() const {
  std::vector<Member> peers;
  if (!born()) return peers;
  for (const Member& member : members_) {
    if (member.id != swim_.self().id && IsLive(member)) peers.push_back(member);
  }
  return peers;
}

// --- Peers --------------------------------------------------------------------------------------

void Control::OnLinkUp(NodeId peer, Session session) {
  Peer& state = peers_[peer];
  state = {};
  state.session = session;
  state.shards = NothingYetOfAny(settings().num_shards);
  state.told = state.shards;
}

void Control::OnLinkDown(NodeId peer, Session session, TimePoint now, ControlEffects& effects) {
  const auto found = peers_.find(peer);
  if (found == peers_.end() || found->second.session != session) return;
  peers_.erase(found);
  swim_.ProbeSoon(peer, now, effects.gossip);
  AfterGossip(now, effects);
}

void Control::OnReports(NodeId peer, const PeerMessage& reports) {
  const auto found = peers_.find(peer);
  if (found == peers_.end()) return;
  Peer& state = found->second;
  for (const ShardReport& report : reports.reports) {
    if (report.shard.value() < state.shards.size()) state.shards[report.shard.value()] = report;
  }
  state.leaving = reports.leaving;
  state.heard = true;
}

void Control::SendReports(ControlEffects& effects) {
  for (auto& [node, peer] : peers_) {
    PeerMessage message;
    message.type = PeerMessageType::kReports;
    message.leaving = leaving_;
    for (std::size_t shard = 0; shard < own_.size(); ++shard) {
      if (own_[shard] == peer.told[shard]) continue;
      message.reports.push_back(own_[shard]);
      peer.told[shard] = own_[shard];
    }
    if (peer.told_once && message.reports.empty() && peer.told_leaving == leaving_) continue;
    peer.told_once = true;
    peer.told_leaving = leaving_;
    PeerMail mail{.to = node, .frame = {}};
    replication::AppendPeerFrame(message, mail.frame);
    effects.mail.push_back(std::move(mail));
  }
}

// --- Deciding -----------------------------------------------------------------------------------

std::vector<PeerView> Control::Views() const {
  std::vector<PeerView> views;
  for (const Member& member : members_) {
    if (member.id == swim_.self().id) continue;
    PeerView view;
    view.node = member.id;
    view.live = IsLive(member);
    if (const auto peer = peers_.find(member.id); peer != peers_.end()) {
      view.leaving = peer->second.leaving;
      view.heard = peer->second.heard;
    }
    views.push_back(view);
  }
  return views;
}

// Before it has heard of anybody, a node that is not alone by intention decides nothing.
bool Control::MayDecide(TimePoint now) const {
  if (!born()) return false;
  if (options_.seeds.empty() || swim_.joined()) return true;
  if (members_.size() > 1) return true;
  return now - started_ >= options_.rejoin_patience;
}

void Control::Evaluate(LocalShards& shards, TimePoint now, ControlEffects& effects) {
  if (!born()) return PublishUnborn(now, effects);
  RecomputePlacement();
  hand_overs_ = 0;
  for (std::size_t shard = 0; shard < own_.size(); ++shard) {
    own_[shard] = shards.Report(ShardId{static_cast<std::uint32_t>(shard)});
    if (own_[shard].role == ShardRole::kDraining) ++hand_overs_;
  }
  if (MayDecide(now)) {
    std::vector<PeerView> views = Views();
    unsynced_ = 0;
    leaderless_ = 0;
    led_ = 0;
    for (std::uint32_t shard = 0; shard < own_.size(); ++shard) {
      DecideShard(ShardId{shard}, shards, views, now, effects);
    }
    const auto can_take_over = [](const PeerView& view) {
      return view.live && view.heard && !view.leaving;
    };
    drained_ = leaving_ && (led_ == 0 || std::none_of(views.begin(), views.end(), can_take_over));
  }
  SendReports(effects);
  Publish(effects);
}

void Control::DecideShard(ShardId shard, LocalShards& shards, std::vector<PeerView>& views,
                          TimePoint now, ControlEffects& effects) {
  const std::size_t at = shard.value();
  for (PeerView& view : views) {
    if (view.heard) view.report = peers_.find(view.node)->second.shards[at];
  }
  ShardSituation situation;
  situation.shard = shard;
  situation.self = swim_.self().id;
  situation.self_leaving = leaving_;
  situation.own = own_[at];
  situation.placement = placement_.replicas[at];
  situation.peers = views;
  situation.successor = SuccessorOf(situation);
  situation.hand_overs_free =
      options_.hand_overs_max > hand_overs_ ? options_.hand_overs_max - hand_overs_ : 0;
  situation.successor_in_sync =
      own_[at].role == ShardRole::kLeader && situation.successor != situation.self &&
      situation.successor != kNoNode && shards.InSync(shard, situation.successor);

  const ShardDecision decision = rule_.Decide(situation, now);
  if (decision.command.kind != ShardCommand::Kind::kNothing) {
    ShardCommand command = decision.command;
    command.shard = shard;
    command.decided_on_role = own_[at].role;
    command.decided_on_epoch = own_[at].epoch;
    effects.commands.push_back(command);
  }
  if (decision.command.kind == ShardCommand::Kind::kHandOver) ++hand_overs_;

  const bool leads = decision.leader == situation.self && decision.leader != kNoNode;
  if (leads) TellFollowers(shard, decision.epoch, effects);
  const bool may_give_up = own_[at].role == ShardRole::kDraining ||
                           (own_[at].role == ShardRole::kLeader && situation.successor != kNoNode);
  if (may_give_up || leads) ++led_;
  if (decision.leader == kNoNode) ++leaderless_;
  const bool placed = std::find(situation.placement.begin(), situation.placement.end(),
                                situation.self) != situation.placement.end();
  if (placed && !(own_[at].whole && own_[at].role != ShardRole::kNone)) ++unsynced_;

  ShardRoute route;
  route.epoch = decision.epoch;
  route.leader = decision.leader;
  route.replicas.assign(situation.placement.begin(), situation.placement.end());
  if (route != routes_[at]) {
    routes_[at] = std::move(route);
    routing_dirty_ = true;
  }
}

NodeId Control::SuccessorOf(const ShardSituation& situation) const {
  for (const NodeId node : situation.placement) {
    if (node == situation.self) {
      if (!leaving_) return node;
      continue;
    }
    const auto view = std::find_if(situation.peers.begin(), situation.peers.end(),
                                   [&](const PeerView& peer) { return peer.node == node; });
    if (view == situation.peers.end()) continue;
    if (view->live && view->heard && !view->leaving) return node;
  }
  return kNoNode;
}

void Control::TellFollowers(ShardId shard, Epoch epoch, ControlEffects& effects) {
  std::vector<NodeId> followers;
  for (const NodeId node : placement_.replicas[shard.value()]) {
    if (node != swim_.self().id) followers.push_back(node);
  }
  ToldFollowers& told = told_followers_[shard.value()];
  if (told.epoch == epoch && told.nodes == followers) return;
  told = {epoch, followers};
  effects.followers.push_back({shard, std::move(followers)});
}

void Control::Publish(ControlEffects& effects) {
  if (!routing_dirty_) return;
  auto table = std::make_shared<RoutingTable>();
  table->version = routing_->version + 1;
  table->self = swim_.self().id;
  table->settings = settings();
  if (!born()) table->unborn_reason = unborn_reason_;
  table->members = members_;
  table->shards = routes_;
  routing_ = std::move(table);
  routing_dirty_ = false;
  effects.routing = routing_;
}

void Control::PublishUnborn(TimePoint now, ControlEffects& effects) {
  std::string reason = readiness(now).reason;
  if (reason != unborn_reason_) routing_dirty_ = true;
  unborn_reason_ = std::move(reason);
  Publish(effects);
}

// --- Leaving, readiness -------------------------------------------------------------------------

void Control::Leave() { leaving_ = true; }

void Control::Goodbye(TimePoint now, ControlEffects& effects) {
  swim_.Leave(now, effects.gossip);
  AfterGossip(now, effects);
}

Readiness Control::readiness(TimePoint now) const {
  const auto not_ready = [](std::string reason) { return Readiness{false, std::move(reason)}; };
  if (leaving_) return not_ready("leaving the cluster");
  if (!swim_.refusal().empty()) return not_ready(swim_.refusal());
  if (!born() && options_.bootstrap_expect > 1) {
    const auto live = std::count_if(members_.begin(), members_.end(), IsLive);
    return not_ready("waiting for the cluster to form: " + std::to_string(live) + " of " +
                     std::to_string(options_.bootstrap_expect) + " nodes are here");
  }
  if (!born() || !MayDecide(now)) {
    std::string seeds;
    for (const Endpoint& seed : options_.seeds) {
      seeds += (seeds.empty() ? "" : ", ") + seed.ToString();
    }
    return not_ready("no seed with a cluster has answered yet: " + seeds);
  }
  const std::string all = " of " + std::to_string(own_.size()) + " shards ";
  if (leaderless_ > 0) return not_ready(std::to_string(leaderless_) + all + "have no leader");
  if (unsynced_ > 0) return not_ready(std::to_string(unsynced_) + all + "are being copied here");
  return {true, "ready"};
}

}  // namespace aegis::node
