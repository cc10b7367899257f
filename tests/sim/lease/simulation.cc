#include "simulation.h"

#include <algorithm>
#include <chrono>

#include "base/check.h"

namespace aegis::lease::sim {
namespace {

using namespace std::chrono_literals;

constexpr Duration kHeartbeat = 50ms;
constexpr Duration kElection = 300ms;

}  // namespace

Simulation::Simulation(std::uint64_t seed, Theme theme, Mutant mutant)
    : mutant_(mutant), rng_(seed), swarm_(theme, rng_), rates_(BoundsOfRates(mutant, options_)) {
  std::vector<NodeId> voters;
  for (std::size_t i = 1; i <= swarm_.first_voters; ++i) voters.emplace_back(i);
  const Entry birth{.term = 1, .kind = Kind::kConfiguration, .voters = voters};
  committed_ = {birth};
  for (std::size_t i = 1; i <= swarm_.nodes; ++i) {
    const TimePoint shows{1h + Around(1h, rng_)};
    nodes_.push_back(std::make_unique<Node>(
        NodeId{i}, shows, i <= voters.size() ? committed_ : std::vector<Entry>{}));
    nodes_.back()->flush_mean = rng_.Chance(0.5) ? swarm_.flush_mean : Duration(500us);
    SetRate(*nodes_.back());
    Start(*nodes_.back());
  }
}

std::string Simulation::Run(Duration chaos) {
  BeginChaos();
  const Duration end = now_ + chaos;
  while (violation_.empty() && steps_.front().at <= end) StepOnce();
  return violation_;
}

bool Simulation::Recovers(Duration within) {
  chaos_ = false;
  cuts_.clear();
  wanted_.clear();
  for (const std::unique_ptr<Node>& node : nodes_) {
    if (node->paused) Resume(*node);
    if (!node->up) Start(*node);
  }
  const Duration end = now_ + within;
  while (violation_.empty() && steps_.front().at <= end) {
    StepOnce();
    const bool led = std::ranges::any_of(
        nodes_, [&](const std::unique_ptr<Node>& node) { return Holds(*node); });
    if (led && now_ > end - within / 2) return violation_.empty();
  }
  return false;
}

void Simulation::Plan(Duration in, std::function<void()> run) {
  steps_.push_back({.at = now_ + in, .order = next_order_++, .run = std::move(run)});
  std::ranges::push_heap(steps_, std::greater<>());
}

void Simulation::StepOnce() {
  std::ranges::pop_heap(steps_, std::greater<>());
  const Step step = std::move(steps_.back());
  steps_.pop_back();
  now_ = step.at;
  step.run();
  Check();
}

void Simulation::Start(Node& node) {
  ++node.run;
  node.up = true;
  const TimePoint now = Now(node);
  node.candidate.emplace(options_, Holder{.node = node.id, .session = Session{rng_.Next()}});
  node.voter.emplace(node.id, now);
  node.agreed = {};
  node.fenced.clear();
  node.granted.clear();
  node.election_at = NextElection(node);
  node.heartbeat_at = node.want_at = now;
  RestoreVoter(node);
  Later(node, 0ms, [this](Node& at) { Poll(at); });
}

void Simulation::RestoreVoter(Node& node) {
  // A snapshot of some of what was committed, then the log after it.
  const std::size_t commit = node.server.commit();
  const std::size_t snapshot = rng_.Chance(0.5) ? commit : rng_.Below(commit + 1);
  ApplyUpTo(node, snapshot);
  std::vector<StoredFence> fences;
  for (const auto& [holder, at] : node.agreed.fences()) {
    fences.push_back({.index = at.index, .term = at.term, .last_grant = {.holder = holder}});
  }
  std::ranges::sort(fences, {}, &StoredFence::index);
  node.voter->OnSnapshot(snapshot, fences);
  for (std::size_t index = snapshot + 1; index <= node.server.last(); ++index) {
    const Entry& entry = node.server.At(index);
    if (entry.kind == Kind::kFence) node.voter->OnFence(index, entry.term, entry.holder);
  }
  node.voter->OnDurable(node.server.durable());
  node.voter->SetConfiguration(node.server.configuration(), node.server.voters());
}

void Simulation::Send(const Node& from, Node& to, const std::function<void(Node&)>& what) {
  const std::uint64_t run = to.run;
  if (&from == &to) {
    Plan(Around(50us, rng_), [this, &to, run, what] { Arrive(to, run, what); });
    return;
  }
  const int copies = chaos_ && rng_.Chance(swarm_.duplicate) ? 2 : 1;
  for (int i = 0; i < copies; ++i) {
    if (cuts_.contains({from.id, to.id}) || (chaos_ && rng_.Chance(swarm_.loss))) continue;
    Duration delay = Around(chaos_ ? swarm_.delay_mean : Duration(1ms), rng_);
    if (chaos_ && rng_.Chance(swarm_.straggle)) delay += Around(400ms, rng_);
    Plan(delay, [this, &to, run, what] { Arrive(to, run, what); });
  }
}

void Simulation::Later(Node& node, Duration in, const std::function<void(Node&)>& what) {
  Plan(in, [this, &node, run = node.run, what] { Arrive(node, run, what); });
}

void Simulation::Arrive(Node& to, std::uint64_t run, const std::function<void(Node&)>& what) {
  if (!to.up || to.run != run) return;
  if (to.paused) {
    to.waiting.emplace_back([this, &to, run, what] { Arrive(to, run, what); });
  } else {
    what(to);
  }
}

// --- What a node does ---

void Simulation::Poll(Node& node) {
  const TimePoint now = Now(node);
  if ((node.candidate->fenced() || node.agreed.IsFenced(node.candidate->holder())) &&
      (!chaos_ || rng_.Chance(swarm_.renewal_chance))) {
    node.candidate->Renew(Session{rng_.Next()});
  }
  Ask(node, now);
  if (!node.agreed.IsRegistered(node.candidate->holder())) SeekRegistration(node, now);
  if (Holds(node) && rng_.Chance(0.1)) Write(node);
  if (node.server.leads()) {
    Lead(node, now);
  } else {
    node.control.reset();
    if (now >= node.election_at) Campaign(node, /*by_force=*/false);
  }
  Later(node, 2ms + Around(6ms, rng_), [this](Node& at) { Poll(at); });
}

void Simulation::Ask(Node& node, TimePoint now) {
  const bool healthy = !chaos_ || !rng_.Chance(0.01);
  const auto attempt = node.candidate->Tick(node.agreed.voters(), healthy, now);
  if (!attempt) return;
  for (const NodeId id : attempt->voters) {
    Send(node, Of(id), [this, &node, request = attempt->request](Node& voter) {
      const Grant grant = GrantAt(voter, request);
      const bool refused = grant.verdict == Verdict::kFenced;
      if (grant.verdict == Verdict::kNotVoter) Sometimes("one that is no voter was asked");
      if (refused && chaos_ && rng_.Chance(swarm_.refusal_loss)) {
        Sometimes("a refusal was lost");
        return;
      }
      Send(voter, node, [this, id = voter.id, grant](Node& at) { DeliverGrant(at, id, grant); });
    });
  }
}

Grant Simulation::GrantAt(Node& voter, const Request& request) {
  Grant grant = voter.voter->OnRequest(request, Now(voter));
  if (mutant_ == Mutant::kForgetFences && grant.verdict == Verdict::kFenced &&
      !voter.fenced.contains(request.holder)) {
    grant.verdict = Verdict::kGranted;
    voter.granted[request.holder] = Now(voter);
  }
  return grant;
}

VoterReport Simulation::ReportOf(Node& voter, std::uint64_t number) {
  VoterReport report = voter.voter->Report(number, Now(voter));
  for (StoredFence& fence : report.fences) {
    const auto granted = voter.granted.find(fence.last_grant.holder);
    if (granted != voter.granted.end()) fence.last_grant.age = Now(voter) - granted->second;
  }
  return report;
}

void Simulation::DeliverGrant(Node& node, NodeId voter, const Grant& grant) {
  const bool same_attempt = std::exchange(node.attempt, grant.number) == grant.number;
  if (same_attempt && node.named != grant.configuration) {
    Sometimes("grants of one attempt named different configurations");
  }
  node.named = grant.configuration;
  if (mutant_ != Mutant::kMixConfigurations) {
    node.candidate->OnGrant(voter, grant, Now(node));
    return;
  }
  named_[grant.configuration] = grant.voters;
  for (const auto& [configuration, voters] : named_) {
    Grant twisted = grant;
    twisted.configuration = configuration;
    twisted.voters = voters;
    node.candidate->OnGrant(voter, twisted, Now(node));
  }
}

void Simulation::SeekRegistration(Node& node, TimePoint now) {
  if (now < node.want_at) return;
  node.want_at = now + 100ms;
  Want want{.holder = node.candidate->holder(), .previous = kNobody};
  const auto registered = node.agreed.registered().find(node.id);
  if (registered != node.agreed.registered().end()) {
    want.previous = {.node = node.id, .session = registered->second};
  }
  for (const std::unique_ptr<Node>& other : nodes_) {
    Send(node, *other, [want](Node& at) {
      if (at.control) at.control->OnWant(want);
    });
  }
}

// Applies a write now; answers it later if, by then, the node still holds what it held.
void Simulation::Write(Node& node) {
  const std::uint32_t epoch = node.agreed.epoch();
  Later(node, Around(rng_.Chance(0.1) ? 500ms : 2ms, rng_), [this, epoch](Node& at) {
    const bool holds = Holds(at) && at.agreed.epoch() == epoch;
    if (!holds) Sometimes("a write was not acknowledged because of the second check");
    if (!holds && mutant_ != Mutant::kSkipTheSecondCheck) return;
    if (epoch < acknowledged_ && violation_.empty()) {
      violation_ = "a write of epoch " + std::to_string(epoch) +
                   " was acknowledged after one of epoch " + std::to_string(acknowledged_);
    }
    acknowledged_ = std::max(acknowledged_, epoch);
    Sometimes("a write was acknowledged");
  });
}

void Simulation::Lead(Node& node, TimePoint now) {
  if (!node.control) node.control.emplace(mutant_, options_, node.id, now);
  if (const auto number = node.control->Question(node.server, now)) {
    for (const NodeId id : node.server.voters()) {
      Send(node, Of(id), [this, &node, number = *number](Node& voter) {
        const VoterReport report = ReportOf(voter, number);
        Send(voter, node, [this, id = voter.id, report](Node& at) {
          if (at.control) at.control->OnReport(id, report, Now(at));
        });
      });
    }
  }
  const std::uint64_t silent = node.control->silent();
  const auto next = node.control->Next(node.server, node.agreed, wanted_, rng_, now);
  if (node.control->silent() > silent) {
    Sometimes("a silent holder was fenced");
    if (IsGrantedInVain(node.agreed.leader(), node.server)) {
      Sometimes("a holder that did not hear its grants was fenced");
    }
  }
  if (next) {
    Tell(node, node.server.Propose(*next));
  }
  if (next || now >= node.heartbeat_at) Replicate(node);
}

bool Simulation::IsGrantedInVain(const Holder& holder, const LogServer& log) {
  std::size_t in_vain = 0;
  for (const NodeId id : log.voters()) {
    const Node& voter = Of(id);
    if (!voter.up) continue;
    for (const HolderAges& ages : voter.voter->Report(0, Now(voter)).ages) {
      if (ages.holder != holder) continue;
      if (ages.grant <= options_.silence && ages.success > options_.silence) ++in_vain;
    }
  }
  return in_vain > log.voters().size() / 2;
}

TimePoint Simulation::NextElection(const Node& node) {
  const auto extra = static_cast<Duration::rep>(
      rng_.Below(static_cast<std::uint64_t>(Duration(kElection).count())));
  return Now(node) + kElection + Duration(extra);
}

void Simulation::Campaign(Node& node, bool by_force) {
  node.election_at = NextElection(node);
  if (!node.up || node.paused || node.server.leads() || !node.server.MayCampaign()) return;
  std::vector<LogServer*> electorate;
  for (const NodeId id : node.server.voters()) {
    Node& voter = Of(id);
    if (&voter == &node || !voter.up || voter.paused) continue;
    if (cuts_.contains({node.id, id}) || cuts_.contains({id, node.id})) continue;
    // Voters that hear a leader stay with it.
    const bool content = voter.server.leads() || voter.election_at > Now(voter) + kElection / 2;
    if (!by_force && content && voter.server.leader() != kNoNode) continue;
    electorate.push_back(&voter.server);
  }
  if (!by_force && electorate.size() < node.server.voters().size() / 2) return;
  node.control.reset();
  if (!node.server.Campaign(electorate)) return;
  Sometimes("a control leader was elected");
  node.control.emplace(mutant_, options_, node.id, Now(node));
  Tell(node, node.server.Propose({.kind = Kind::kBarrier}));
  Replicate(node);
}

// Voters get the log, the others what is committed.
void Simulation::Replicate(Node& node) {
  node.heartbeat_at = Now(node) + kHeartbeat;
  ApplyUpTo(node, node.server.commit());
  for (const std::unique_ptr<Node>& other : nodes_) {
    if (other.get() == &node) continue;
    if (std::ranges::binary_search(node.server.voters(), other->id)) {
      Send(node, *other, [this, append = node.server.MakeAppend(other->server)](Node& at) {
        OnAppend(at, append);
      });
    } else {
      Send(node, *other, [this, commit = node.server.commit()](Node& at) {
        at.election_at = NextElection(at);
        ApplyUpTo(at, commit);
      });
    }
  }
  const bool removed = !node.server.IsVoter();
  if (removed && node.server.configuration().index <= node.server.commit()) {
    node.server.StepDown();
  }
}

void Simulation::OnAppend(Node& node, const Append& append) {
  const auto change = node.server.OnAppend(append);
  if (!change) {
    // An old leader learns that its term is over.
    Send(node, Of(append.leader), [id = node.id, term = node.server.term()](Node& leader) {
      leader.server.OnAck(id, {.term = term, .match = 0});
    });
    return;
  }
  node.election_at = NextElection(node);
  Tell(node, *change);
  ApplyUpTo(node, node.server.commit());
  Acknowledge(node);
}

void Simulation::Acknowledge(Node& node) {
  const auto ack = node.server.MakeAck();
  if (!ack) return;
  Send(node, Of(node.server.leader()), [this, id = node.id, ack = *ack](Node& leader) {
    leader.server.OnAck(id, ack);
    ApplyUpTo(leader, leader.server.commit());
  });
}

// The voter half hears of every change of the log, before anything else happens.
void Simulation::Tell(Node& node, const LogServer::Change& change) {
  if (change.truncated_from != 0) {
    const std::size_t before = node.voter->Report(0, Now(node)).fences.size();
    node.voter->OnTruncated(change.truncated_from);
    if (node.voter->Report(0, Now(node)).fences.size() < before) {
      Sometimes("a durable fence was truncated");
    }
  }
  if (change.appended_from == 0 && change.truncated_from == 0) return;
  if (change.appended_from != 0) {
    for (std::size_t index = change.appended_from; index <= node.server.last(); ++index) {
      const Entry& entry = node.server.At(index);
      if (entry.kind != Kind::kFence) continue;
      node.voter->OnFence(index, entry.term, entry.holder);
      node.fenced.insert(entry.holder);
      if (node.server.leads()) TroubleAtAFence(node);
    }
  }
  node.voter->SetConfiguration(node.server.configuration(), node.server.voters());
  if (mutant_ == Mutant::kReportBeforeDurable) node.voter->OnDurable(node.server.last());
  Flush(node);
}

void Simulation::Flush(Node& node) {
  const std::size_t last = node.server.last();
  Later(node, Around(node.flush_mean, rng_),
        [this, last, term = node.server.TermAt(last)](Node& at) {
          at.server.OnFlushed(last, term);
          at.voter->OnDurable(at.server.durable());
          ApplyUpTo(at, at.server.commit());
          Acknowledge(at);
        });
}

void Simulation::ApplyUpTo(Node& node, std::size_t commit) {
  while (committed_.size() < node.server.commit()) {
    committed_.push_back(node.server.At(committed_.size() + 1));
    if (committed_.back().kind == Kind::kConfiguration) Sometimes("a voter change was committed");
    if (committed_.back().kind == Kind::kAssign) Sometimes("an assignment was committed");
  }
  bool changed = false;
  while (node.agreed.applied() < std::min(commit, committed_.size())) {
    const std::size_t index = node.agreed.applied() + 1;
    if (index <= node.server.commit()) {
      AEGIS_CHECK(node.server.At(index) == committed_[index - 1],
                  "servers agree on what is committed");
    }
    for (const Holder& holder : node.agreed.Apply(index, committed_[index - 1])) {
      node.voter->OnFenceDropped(holder);
    }
    changed = true;
  }
  if (changed) node.voter->SetRegistered(node.agreed.registered());
}

// --- What must never be ---

bool Simulation::Holds(const Node& node) const {
  return node.up && node.agreed.leader() == node.candidate->holder() &&
         Now(node) < node.candidate->valid_until();
}

void Simulation::Check() {
  const Node* holder = nullptr;
  for (const std::unique_ptr<Node>& node : nodes_) {
    if (!Holds(*node)) continue;
    if (holder != nullptr && violation_.empty()) {
      violation_ =
          "nodes " + std::to_string(holder->id.value()) + " (epoch " +
          std::to_string(holder->agreed.epoch()) + ") and " + std::to_string(node->id.value()) +
          " (epoch " + std::to_string(node->agreed.epoch()) + ") both hold the shard at " +
          std::to_string(std::chrono::floor<std::chrono::milliseconds>(now_).count()) + " ms";
    }
    holder = node.get();
  }
  const auto state =
      holder == nullptr ? 0 : holder->id.value() * 1'000'003 + holder->agreed.epoch();
  hash_ = (hash_ ^ static_cast<std::uint64_t>(now_.count()) ^ state) * 0x9e3779b97f4a7c15U;
}

}  // namespace aegis::lease::sim
