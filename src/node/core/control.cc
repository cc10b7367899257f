#include "node/core/control.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "node/core/draw.h"

namespace aegis::node {

using gossip::IsLive;

namespace {

// A wish of this node's own (to be registered, to leave) is repeated after this long.
constexpr Duration kWishAgain = std::chrono::milliseconds(200);

control::PlannerOptions PlannerOptionsOf(const Control::Options& options) {
  control::PlannerOptions planner = options.planner;
  planner.first_nodes = std::max(planner.first_nodes, options.bootstrap_expect);
  return planner;
}

}  // namespace

Control::Control(Member self, ClusterSettings settings, Options options,
                 std::optional<Recovered> recovered, Rng rng, TimePoint now)
    : options_(std::move(options)),
      rng_(rng),
      swim_(self, settings, options_.gossip, Rng(rng_.Next()), now),
      memory_(options_.memory != Session{} ? options_.memory : self.session),
      recovered_(std::move(recovered)),
      members_(swim_.members()),
      roll_(self.id, now),
      leases_(options_.lease, {self.id, self.session}, now),
      director_(options_.director),
      reporter_(self.id),
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
  if (log_ && superseded_.empty()) log_->Tick(now, agreed_);
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
    effects.born = true;
    effects.membership_changed = true;
    OpenLog(now, effects);
  }
  if (effects.membership_changed) routing_dirty_ = true;
  if (effects.membership_changed && log_) roll_.Meet(members_, log_->voters());
  Proceed(now, effects);
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
  settings.id = Draw<ClusterId>(rng_);
  settings.hash_seed = rng_.Next();
  swim_.SetSettings(settings, now);
  founder_ = true;
  AEGIS_LOG(kInfo, "control", "formed cluster {:016x}: {} shards, replication factor {}",
            settings.id.value(), settings.num_shards, settings.replication_factor);
}

void Control::OpenLog(TimePoint now, ControlEffects& effects) {
  if (!recovered_) {
    const auto server = Draw<consensus::ServerId>(rng_);
    recovered_ = {server, founder_ ? consensus::RaftNode::Birth(server) : consensus::Persisted{}};
    effects.new_log = {{settings().id, swim_.self().id, server}, recovered_->persisted};
  }
  const bool begun = !recovered_->persisted.entries.empty();
  const control::Lineage lineage{begun ? settings().id.value() : 0};
  log_.emplace(swim_.self().id, recovered_->server, std::move(recovered_->persisted),
               ControlLog::Beginning{.lineage = lineage, .writes = 0, .counters = {}},
               leases_.voter(), Rng(rng_.Next()), now);
  roll_.Meet(members_, log_->voters());
  log_->Start(now, agreed_);
}

std::vector<Member> Control::LinkedPeers() const {
  std::vector<Member> peers;
  if (!born()) return peers;
  for (const Member& member : members_) {
    if (member.id != swim_.self().id && IsLive(member)) peers.push_back(member);
  }
  return peers;
}

// --- Agreeing -----------------------------------------------------------------------------------

void Control::OnControlLinkUp(NodeId peer, TimePoint now, ControlEffects& effects) {
  control_links_.insert(peer);
  Proceed(now, effects);
}

void Control::OnControlLinkDown(NodeId peer, TimePoint now, ControlEffects& effects) {
  control_links_.erase(peer);
  strangers_.erase(peer);
  if (log_) log_->OnLinkDown(peer);
  if (leader_) leader_->OnLinkDown(peer);
  reporter_.OnLinkDown(peer);
  swim_.ProbeSoon(peer, now, effects.gossip);
  AfterGossip(now, effects);
}

void Control::OnPeerLinkDown(NodeId peer, TimePoint now, ControlEffects& effects) {
  swim_.ProbeSoon(peer, now, effects.gossip);
  AfterGossip(now, effects);
}

void Control::OnControlMessage(NodeId from, const ControlEnvelope& envelope, TimePoint now,
                               ControlEffects& effects) {
  if (!log_) return;
  if (IsOfThisLog(from, envelope, now, effects)) {
    roll_.Hear(from, now);
    Take(from, envelope.message, now);
    const bool beat = std::holds_alternative<RaftLetter>(envelope.message) ||
                      std::holds_alternative<Push>(envelope.message);
    if (beat && from == log_->leader()) roll_.HearLeader(now);
  }
  Proceed(now, effects);
}

void Control::Take(NodeId from, const ControlMessage& message, TimePoint now) {
  if (const auto* letter = std::get_if<RaftLetter>(&message)) {
    log_->OnLetter(from, *letter, now, agreed_);
  } else if (const auto* request = std::get_if<lease::Request>(&message)) {
    leases_.OnRequest(from, *request, now, agreed_);
  } else if (const auto* grant = std::get_if<lease::Grant>(&message)) {
    leases_.OnGrant(from, *grant, now);
  } else if (const auto* question = std::get_if<VoterQuestion>(&message)) {
    leases_.OnQuestion(from, *question, now, agreed_);
  } else if (const auto* voter = std::get_if<lease::VoterReport>(&message)) {
    if (leader_) leader_->OnVoterReport(from, *voter, now);
  } else if (const auto* push = std::get_if<Push>(&message)) {
    log_->OnPush(from, *push, agreed_);
  } else if (const auto* report = std::get_if<NodeReport>(&message)) {
    log_->OnApplied(from, report->applied, now);
    if (leader_) leader_->OnNodeReport(from, *report, now);
  } else if (const auto* proposal = std::get_if<Proposal>(&message)) {
    log_->OnProposal(*proposal, now, agreed_);
  }
}

void Control::OnDurable(std::uint64_t number, TimePoint now, ControlEffects& effects) {
  if (number >= recovering_) recovering_ = 0;
  if (log_ && superseded_.empty()) log_->OnDurable(number, now, agreed_);
  Proceed(now, effects);
}

void Control::Proceed(TimePoint now, ControlEffects& effects) {
  TimePoint wake_up = swim_.wake_up_at();
  if (log_ && superseded_.empty()) {
    SeeToSelf(now);
    SeeToOrders(now);
    SeeToLeadership(now);
    leases_.Tick(log_->voters(), healthy_, now, agreed_);
    reporter_.Tell(log_->leader(), control_links_, OwnReport(), now, agreed_);
    log_->Distribute(control_links_, leader_ && leader_->electorate().settled(), now, agreed_);
    wake_up = std::min({wake_up, log_->wake_up_at(), leases_.wake_up_at(), reporter_.next()});
    if (leader_) wake_up = std::min(wake_up, leader_->wake_up_at());
  }
  for (DiskWrite& write : agreed_.disk) effects.disk.push_back(std::move(write));
  for (ControlLetter& letter : agreed_.letters) {
    if (recovering_ != 0) break;  // A crash could still undo all of it.
    letter.lineage = log_->lineage();
    effects.letters.push_back(std::move(letter));
  }
  if (agreed_.state_changed) {
    effects.look_again = true;
    routing_dirty_ = true;
  }
  agreed_.Clear();
  effects.lease_session = leases_.holder().session;
  effects.lease_until = leases_.valid_until();
  effects.wake_up_at = wake_up;
}

// What this node asks of the log for itself.
void Control::SeeToSelf(TimePoint now) {
  const control::State& state = log_->state();
  if (!state.born()) {
    // Only its founder leads a log in which nothing stands yet.
    if (log_->in_charge() && now >= next_wish_) {
      next_wish_ = now + kWishAgain;
      log_->Propose(control::Birth{settings()}, now, agreed_);
    }
    return;
  }
  const control::NodeState* const self = state.Find(swim_.self().id);
  const bool registered = self != nullptr && self->session == leases_.holder().session;
  if (!registered) {
    // A session asks to follow one other and never a second: so none that was superseded comes
    // back.
    const Session previous = self == nullptr ? Session{} : self->session;
    if (follows_ && *follows_ != previous) leases_.Renew(Draw<Session>(rng_));
    follows_ = previous;
    return;
  }
  if (state.FenceOf(leases_.holder()) != nullptr) {
    AEGIS_LOG(kWarn, "control",
              "this node lost its lease to a fence; it goes on under a new session");
    leases_.Renew(Draw<Session>(rng_));
    follows_ = self->session;
    return;
  }
  if (leaving_ && !self->leaving && (now >= next_wish_ || log_->leader() != wished_of_)) {
    next_wish_ = now + kWishAgain;
    wished_of_ = log_->leader();
    // While the log changes its leader nothing is committed: before the first hand-over, nobody
    // waits for that.
    if (now < lead_log_until_ && GiveUpLog(now)) return;
    log_->Propose(control::Leaving{leases_.holder()}, now, agreed_);
  }
}

void Control::SeeToLeadership(TimePoint now) {
  if (!log_->in_charge() || (leader_ && leader_->term() != log_->raft().term())) leader_.reset();
  if (!log_->in_charge() || !log_->state().born()) return;
  if (!leader_) {
    leader_.emplace(ControlLeader::Options{options_.lease, PlannerOptionsOf(options_)},
                    swim_.self().id, *log_, leases_.voter(), now);
  }
  if (leader_->PostponesLook(now)) return;
  leader_->OnNodeReport(swim_.self().id, OwnReport(), now);
  leader_->Tick(Seen(), now, agreed_);
}

NodeReport Control::OwnReport() const {
  return NodeReporter::ReportOf({.state = log_->state(),
                                 .self = swim_.self(),
                                 .holder = leases_.holder(),
                                 .memory = memory_,
                                 .server = log_->server(),
                                 .lease = options_.lease.duration,
                                 .shards = director_.reports()});
}

ControlLeader::Seen Control::Seen() const {
  ControlLeader::Seen seen;
  for (const Member& member : members_) {
    if (member.state == MemberState::kLeft) seen.left.insert(member.id);
    if (IsLive(member)) seen.live.insert(member.id);
  }
  return seen;
}

std::set<NodeId> Control::Live() const {
  std::set<NodeId> live;
  for (const Member& member : members_) {
    const bool self = member.id == swim_.self().id;
    const bool linked = control_links_.contains(member.id) && !strangers_.contains(member.id);
    if (self || (IsLive(member) && linked)) live.insert(member.id);
  }
  return live;
}

// --- Deciding -----------------------------------------------------------------------------------

void Control::Evaluate(LocalShards& shards, TimePoint now, ControlEffects& effects) {
  if (!log_) {
    PublishUnborn(now, effects);
    return;
  }
  const std::set<NodeId> live = Live();
  ShardDirector::Decisions decisions;
  director_.Direct({.state = log_->state(),
                    .self = leases_.holder(),
                    .memory = memory_,
                    .lease_holds = now < leases_.valid_until(),
                    .live = live,
                    .control_leader = log_->leader()},
                   shards, now, decisions);
  for (const control::Command& command : decisions.proposals) {
    if (superseded_.empty()) log_->Propose(command, now, agreed_);
  }
  roll_.Look(now);
  WatchVoters(now);
  effects.commands = std::move(decisions.commands);
  effects.replicas = std::move(decisions.replicas);
  if (decisions.routes_changed) routing_dirty_ = true;
  drained_ = leaving_ && IsDrained();
  if (leaving_ && director_.led() == 0 && now >= next_wish_) {
    next_wish_ = now + kWishAgain;
    GiveUpLog(now);
  }
  Proceed(now, effects);
  Publish(effects);
}

void Control::Publish(ControlEffects& effects) {
  if (!routing_dirty_) return;
  auto table = std::make_shared<RoutingTable>();
  table->version = routing_->version + 1;
  table->self = swim_.self().id;
  table->settings = settings();
  if (!born()) table->unborn_reason = unborn_reason_;
  table->members = members_;
  if (born()) {
    table->shards = director_.routes();
    table->shards.resize(settings().num_shards);
    for (const auto& [id, node] : log_->state().nodes()) {
      if (log_->state().FenceOf({id, node.session}) != nullptr) table->fenced.push_back(id);
    }
  }
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

}  // namespace aegis::node
