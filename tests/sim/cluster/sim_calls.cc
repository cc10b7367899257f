#include "sim_calls.h"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "base/check.h"
#include "ring/slot.h"
#include "sim_node.h"
#include "wire/operation_codec.h"

namespace aegis::sim {

using namespace std::chrono_literals;

namespace {

// Of connections that carry operations; links have random names.
constexpr std::uint64_t kRequestPipe = 0x100;
constexpr std::uint64_t kAnswerPipe = 0x200;
// A connection that was cut off for longer delivers nothing any more.
constexpr Duration kHeldMax = 15s;

std::vector<Bytes> KeysOf(const Operation& operation) {
  if (operation.IsOfShard()) return {};
  if (operation.code != OpCode::kBatch) return {Bytes(operation.key)};
  std::vector<Bytes> keys;
  const auto operations = wire::DecodeMultiRequest(operation.value);
  AEGIS_CHECK(operations.ok(), "clients send whole batches");
  for (const Operation& one : operations.value()) keys.emplace_back(one.key);
  return keys;
}

}  // namespace

struct SimCalls::Call {
  Operation operation;
  Bytes key;
  Bytes value;
  Bytes match;
  std::vector<Bytes> more;  // The keys and values of the operation's, in turn.
  std::vector<Bytes> keys;  // What it reads or writes, but for a clear.
  SimCluster::Done done;
  TimePoint deadline;
  std::uint64_t serial = 0;
  std::uint64_t attempt = 0;  // What is said about an earlier one does not count.
  bool finished = false;
  bool busy = false;  // The last refusal said so.
  std::size_t entry = 0;
  std::uint64_t entry_process = 0;
  std::set<std::uint64_t> begun;     // Attempts of which a part was carried out.
  std::uint64_t target_process = 0;  // Whom it was forwarded to.
};

// One attempt of a call, at a node that should lead.
struct SimCalls::Visit {
  CallPtr call;
  std::uint64_t attempt = 0;
  SimNode* at = nullptr;
  ShardId shard;
  bool answer_lost = false;
};

// What a leader said. The outcome's value is a view, and its owner may be gone.
struct SimCalls::Answer {
  Outcome outcome;
  Bytes value;
  Epoch epoch;
  // What wrote, or removed, what the answer shows of each key of the call; (0,0): nothing, or
  // nobody knows. Empty: it shows nothing.
  std::vector<Version> shown;
  Version carried_out{};  // Where the leader's history ended then.
};

struct SimCalls::Held {
  std::uint64_t number = 0;
  Visit visit;
  Answer answer;
};

SimCalls::SimCalls(SimCluster& cluster) : cluster_(cluster) {}
SimCalls::~SimCalls() = default;

bool SimCalls::IsAt(const Call& call, std::uint64_t attempt) {
  return !call.finished && call.attempt == attempt;
}

void SimCalls::Submit(std::size_t node, const Operation& operation, SimCluster::Done done) {
  const auto call = std::make_shared<Call>();
  call->operation = operation;
  call->key = operation.key;
  call->value = operation.value;
  call->match = operation.match;
  call->operation.key = call->key;
  call->operation.value = call->value;
  call->operation.match = call->match;
  for (const KeyValue& pair : operation.more) {
    call->more.emplace_back(pair.key);
    call->more.emplace_back(pair.value);
  }
  for (std::size_t i = 0; i < operation.more.size(); ++i) {
    call->operation.more[i] = {call->more[2 * i], call->more[2 * i + 1]};
  }
  call->keys = KeysOf(call->operation);
  call->done = std::move(done);
  call->deadline = cluster_.now() + limits::kRouteWait;
  call->serial = ++serials_;
  call->entry = node;
  calls_[call->serial] = call;
  cluster_.After(cluster_.Latency(), [this, call] { Enter(call); });
}

void SimCalls::InEntry(const CallPtr& call, Duration delay, std::function<void()> what) {
  const std::uint64_t attempt = call->attempt;
  SimNode& entry = *cluster_.nodes_[call->entry];
  if (entry.process.serial != call->entry_process) return;  // Its end is noticed elsewhere.
  entry.After(delay, [call, attempt, what = std::move(what)] {
    if (IsAt(*call, attempt)) what();
  });
}

void SimCalls::Enter(const CallPtr& call) {
  if (call->finished) return;
  if (cluster_.now() >= call->deadline) return Finish(call, Status::kUnavailable);
  const SimNode& entry = *cluster_.nodes_[call->entry];
  if (!entry.alive || !entry.control.born()) {
    call->entry = (call->entry + 1) % cluster_.size();  // The client turns to another node.
    cluster_.After(5ms, [this, call] { Enter(call); });
    return;
  }
  call->entry_process = entry.process.serial;
  InEntry(call, Duration{}, [this, call] { Route(call); });
}

void SimCalls::Route(const CallPtr& call) {
  if (cluster_.now() >= call->deadline) {
    return Finish(call, call->busy ? Status::kBusy : Status::kUnavailable);
  }
  if (call->operation.max_stale_ms && ReadStale(call)) return;
  SimNode& entry = *cluster_.nodes_[call->entry];
  const ShardId shard = ring::ShardOf(call->key, cluster_.options().num_shards);
  const auto& shards = entry.control.routing().shards;
  const auto leader = cluster_.IndexOf(shards.empty() ? kNoNode : shards[shard.value()].leader);
  if (leader == call->entry) {
    Execute({.call = call, .attempt = call->attempt, .at = &entry, .shard = shard});
  } else if (leader && cluster_.nodes_[*leader]->alive &&
             cluster_.Connected(call->entry, *leader)) {
    Forward(call, *cluster_.nodes_[*leader], shard);
  } else {
    InEntry(call, 5ms, [this, call] { Route(call); });
  }
}

bool SimCalls::ReadStale(const CallPtr& call) {
  SimNode& entry = *cluster_.nodes_[call->entry];
  const ShardId shard = ring::ShardOf(call->key, cluster_.options().num_shards);
  if (shard.value() >= entry.num_shards()) return false;
  Operation operation = call->operation;
  const bool ignored = cluster_.options().broken == BrokenRule::kTokensIgnored;
  if (ignored && operation.session) operation.session = Version{};
  Answer answer;
  {
    node::ShardEffects effects;
    node::ShardGuard guard(entry, shard, effects);
    const auto outcome = guard->ReadStale(operation, cluster_.unix_now(), guard.effects());
    if (!outcome) return false;
    const Epoch by = guard->replica().history().last().epoch;
    const Version shown = SeenOf(*guard, call->key);
    cluster_.ledger().OnSeen(shard, shown, call->key, by);
    const std::string wrong = cluster_.ledger().OnShown(shard, shown, by);
    if (!wrong.empty()) cluster_.invariants().Fail(wrong);
    answer = {.outcome = *outcome, .value = Bytes(outcome->value), .epoch = {}, .shown = {}};
  }
  Land(call, call->attempt, answer);
  return true;
}

void SimCalls::Forward(const CallPtr& call, SimNode& to, ShardId shard) {
  SimNode& entry = *cluster_.nodes_[call->entry];
  Visit visit{.call = call, .attempt = ++call->attempt, .at = &to, .shard = shard};
  call->target_process = to.process.serial;
  InEntry(call, limits::kForwardTimeout,
          [this, call, attempt = visit.attempt] { NoAnswer(call, attempt); });
  if (cluster_.rng().Chance(cluster_.options().call_loss)) {
    // The connection breaks, with the request on it or with the answer.
    InEntry(call, 3 * cluster_.Latency(),
            [this, call, attempt = visit.attempt] { NoAnswer(call, attempt); });
    if (cluster_.rng().Chance(0.5)) return;
    visit.answer_lost = true;
  }
  cluster_.After(cluster_.Latency(), [this, &entry, visit, sent = cluster_.now()] {
    entry.Deliver(kRequestPipe + visit.at->index, visit.at->index, /*both=*/true,
                  [this, visit, sent] {
                    if (cluster_.now() - sent > kHeldMax || !visit.at->alive) return;
                    visit.at->After(Duration{}, [this, visit] { Execute(visit); });
                  });
  });
}

void SimCalls::Execute(const Visit& visit) {
  SimNode& leader = *visit.at;
  Answer answer;
  if (visit.shard.value() >= leader.num_shards()) {
    answer.outcome.status = Status::kNotLeader;
    return SendBack(visit, answer);
  }
  if (cluster_.options().broken == BrokenRule::kBatchesRunInParts && RunsFirstPart(visit)) return;
  Operation& operation = visit.call->operation;
  if (cluster_.options().broken == BrokenRule::kWatchedIgnored) operation.more.clear();
  const Duration stall = cluster_.Stall();
  Hold hold;
  {
    node::ShardEffects effects;
    node::ShardGuard guard(leader, visit.shard, effects);
    const Version before = guard->replica().history().last();
    std::vector<Version> seen;
    for (const Bytes& key : visit.call->keys) seen.push_back(SeenOf(*guard, key));
    leader.BeginOperation(stall);
    answer.outcome = guard->Execute(operation, cluster_.unix_now(), guard.effects());
    leader.EndOperation();
    answer.value = answer.outcome.value;
    answer.epoch = guard->Report().epoch;
    const Version after = guard->replica().history().last();
    answer.carried_out = after;
    hold = answer.outcome.hold;
    if (operation.ReadsState() || after == before) answer.shown = std::move(seen);
    if (operation.IsWrite() && after != before) {
      const bool pending = operation.quorum.value_or(0) != 0;
      Record(visit, *guard, before, pending);
      if (pending) hold.until = after;
    }
    NoticeRare(visit, answer.outcome, guard->Report().role);
  }
  if (answer.outcome.hold.reign != Epoch{} &&
      cluster_.options().broken != BrokenRule::kPendingShown) {
    return Keep(visit, answer);
  }
  // Here the second look at the lease is behind it.
  const auto show = [this, visit, answer, hold] { Show(visit, answer, hold); };
  if (stall == Duration{}) {
    show();
  } else {
    cluster_.After(stall, show);
  }
}

// True: it is a batch that writes, and goes on a little later, if that rule is to be broken.
bool SimCalls::RunsFirstPart(const Visit& visit) {
  const Operation& batch = visit.call->operation;
  if (batch.code != OpCode::kBatch || batch.OnlyReads()) return false;
  if (!visit.call->begun.insert(visit.attempt).second) return false;
  SimNode& leader = *visit.at;
  node::ShardEffects effects;
  node::ShardGuard guard(leader, visit.shard, effects);
  const auto operations = wire::DecodeMultiRequest(batch.value);
  guard->Execute(operations.value().front(), cluster_.unix_now(), guard.effects());
  leader.After(1ms, [this, visit] { Execute(visit); });
  return true;
}

// What wrote or removed the key, as far as it is known.
Version SimCalls::SeenOf(const node::Shard& shard, const Bytes& key) const {
  const Version version = shard.VersionOf(key);
  if (version != Version{}) return version;
  return cluster_.ledger().NewestClear(shard.id(), shard.replica().history());
}

// Into the ledger go a clear, or every key that was written behind `before`.
void SimCalls::Record(const Visit& visit, const node::Shard& shard, Version before, bool pending) {
  const Version after = shard.replica().history().last();
  if (visit.call->operation.code == OpCode::kClear) {
    return cluster_.ledger().OnClear(visit.shard, after, pending);
  }
  const std::vector<Bytes>& keys = visit.call->keys;
  for (const Bytes& key : keys) {
    const Version version = shard.VersionOf(key);
    if (version > before) cluster_.ledger().OnWrite(visit.shard, version, key, pending);
  }
  if (!keys.empty()) cluster_.ledger().OnWrite(visit.shard, after, keys.front(), pending);
}

void SimCalls::NoticeRare(const Visit& visit, const Outcome& outcome, node::ShardRole role) {
  const bool write = visit.call->operation.IsWrite();
  const auto notice = [this](Rare rare, bool seen) {
    if (seen) cluster_.Sometimes(rare);
  };
  const bool refused = outcome.status == Status::kNotLeader;
  notice(Rare::kBusy, outcome.status == Status::kBusy);
  notice(Rare::kRefusedWithoutLease, refused && role == node::ShardRole::kLeader);
  notice(Rare::kLeaseRanOut, outcome.hold.lease);
  notice(Rare::kExecutedLate, write && !refused && visit.call->finished);
  notice(Rare::kTooFewCopies, outcome.status == Status::kTooFewCopies);
  const Hold& hold = outcome.hold;
  if (hold.reign == Epoch{}) return;
  notice(Rare::kWriteHeld, write);
  notice(Rare::kReadHeld, !write && hold.until != Version{});
  notice(Rare::kInheritedHeld, hold.until != Version{} && hold.until.epoch < hold.reign);
  notice(Rare::kConfirmationAwaited, hold.round != 0);
}

// --- What is held -------------------------------------------------------------------------------

void SimCalls::Keep(const Visit& visit, const Answer& answer) {
  SimNode& leader = *visit.at;
  const std::uint64_t number = ++serials_;
  held_[{leader.process.serial, visit.shard}].push_back({number, visit, answer});
  leader.After(limits::kQuorumWait,
               [this, &leader, shard = visit.shard, number] { GiveUp(leader, shard, number); });
  if (answer.outcome.hold.lease) AskUntilLeased(leader, visit.shard);
}

void SimCalls::AskUntilLeased(SimNode& process, ShardId shard) {
  process.After(10ms, [this, &process, shard] {
    AskAgain(process, shard);
    const auto found = held_.find({process.process.serial, shard});
    if (found == held_.end()) return;
    const bool waits = std::ranges::any_of(
        found->second, [](const Held& held) { return held.answer.outcome.hold.lease; });
    if (waits) AskUntilLeased(process, shard);
  });
}

void SimCalls::OnSettled(SimNode& process, ShardId shard) {
  if (!held_.contains({process.process.serial, shard})) return;
  process.After(20us, [this, &process, shard] { AskAgain(process, shard); });
}

void SimCalls::AskAgain(SimNode& process, ShardId shard) {
  const auto found = held_.find({process.process.serial, shard});
  if (found == held_.end()) return;
  const std::vector<Held> all = std::exchange(found->second, {});
  for (const Held& held : all) {
    Answer answer = held.answer;
    const Hold hold = answer.outcome.hold;
    answer.outcome.value = answer.value;
    const bool write = held.visit.call->operation.IsWrite();
    if (!Settles(process, shard, write, answer.outcome)) {
      found->second.push_back(held);
      continue;
    }
    const Status status = answer.outcome.status;
    const bool lost = status == Status::kUnknownOutcome || status == Status::kUnavailable;
    if (lost) cluster_.Sometimes(Rare::kHoldLost);
    if (lost) answer.value.clear();
    if (!lost && cluster_.ledger().HasBegunAfter(shard, hold.reign)) {
      cluster_.Sometimes(Rare::kSettledAfterFailover);
    }
    Show(held.visit, answer, hold);
  }
}

// As Shard::Settle().
bool SimCalls::Settles(SimNode& process, ShardId shard, bool write, Outcome& outcome) const {
  const Hold& hold = outcome.hold;
  const bool only_lease = hold.lease && hold.until == Version{};
  if (only_lease && cluster_.options().broken == BrokenRule::kAnyLeaseSettles) {
    if (!process.Holds(process.control.holder().session)) return false;
    outcome.hold = {};
    return true;
  }
  return process.shards[shard.value()]->Settle(write, outcome);
}

void SimCalls::GiveUp(SimNode& process, ShardId shard, std::uint64_t number) {
  const auto found = held_.find({process.process.serial, shard});
  if (found == held_.end()) return;
  const auto held = std::ranges::find(found->second, number, &Held::number);
  if (held == found->second.end()) return;
  const Visit visit = held->visit;
  Answer answer{
      .outcome = held->answer.outcome, .value = {}, .epoch = held->answer.epoch, .shown = {}};
  found->second.erase(held);
  process.shards[shard.value()]->GiveUp(visit.call->operation.IsWrite(), answer.outcome);
  cluster_.Sometimes(Rare::kHoldGivenUp);
  Show(visit, answer, {});
}

// The outcome leaves the leader. `hold`: what it had to wait for.
void SimCalls::Show(const Visit& visit, const Answer& answer, const Hold& hold) {
  if (!visit.at->alive) return;
  const Status status = answer.outcome.status;
  const bool definite = status != Status::kNotLeader && status != Status::kUnknownOutcome &&
                        status != Status::kUnavailable && status != Status::kTooFewCopies &&
                        status != Status::kBusy;
  for (std::size_t i = 0; definite && i < answer.shown.size(); ++i) {
    cluster_.ledger().OnSeen(visit.shard, answer.shown[i], visit.call->keys[i], answer.epoch);
  }
  std::vector<std::string> wrong;
  if (definite && hold.until != Version{} && answer.outcome.hold.reign == Epoch{}) {
    // A quorum holds it: so has, and will have, every leader to come.
    wrong.push_back(cluster_.ledger().OnCommitted(visit.shard, hold.until, answer.epoch));
  } else if (definite && hold.reign == Epoch{}) {
    cluster_.invariants().OnAcknowledgement(visit.at->process, visit.shard, answer.epoch);
  }
  if (definite && hold.lease) {
    wrong.push_back(cluster_.ledger().OnToldLate(visit.shard, answer.carried_out));
  }
  // Whatever it waited for, what it shows of quorum writes was committed by then.
  for (std::size_t i = 0; definite && i < answer.shown.size(); ++i) {
    wrong.push_back(cluster_.ledger().OnShown(visit.shard, answer.shown[i], answer.epoch));
  }
  for (const std::string& what : wrong) {
    if (!what.empty()) cluster_.invariants().Fail(what);
  }
  if (visit.at->paused_until <= cluster_.now()) return SendBack(visit, answer);
  visit.at->After(Duration{}, [this, visit, answer] { SendBack(visit, answer); });
}

void SimCalls::SendBack(const Visit& visit, const Answer& answer) {
  const auto land = [this, visit, answer] { Land(visit.call, visit.attempt, answer); };
  const std::size_t entry = visit.call->entry;
  if (visit.at->process.serial == visit.call->entry_process) return land();
  if (visit.answer_lost) return;
  cluster_.After(cluster_.Latency(), [at = visit.at, entry, land] {
    at->Deliver(kAnswerPipe + entry, entry, /*both=*/true, land);
  });
}

void SimCalls::Land(const CallPtr& call, std::uint64_t attempt, const Answer& answer) {
  if (!IsAt(*call, attempt)) return;
  InEntry(call, Duration{}, [this, call, attempt, answer] {
    call->busy = answer.outcome.status == Status::kBusy;
    if (call->busy || answer.outcome.status == Status::kNotLeader) {
      ++call->attempt;
      call->target_process = 0;
      InEntry(call, 5ms, [this, call] { Route(call); });
      return;
    }
    cluster_.After(cluster_.Latency(), [this, call, attempt, answer] {
      if (!IsAt(*call, attempt)) return;
      Outcome outcome = answer.outcome;
      outcome.value = answer.value;
      Finish(call, outcome);
    });
  });
}

void SimCalls::NoAnswer(const CallPtr& call, std::uint64_t attempt) {
  if (!IsAt(*call, attempt)) return;
  if (call->operation.IsWrite()) return Finish(call, Status::kUnknownOutcome);
  ++call->attempt;
  Enter(call);
}

void SimCalls::Finish(const CallPtr& call, Status status) {
  Outcome outcome;
  outcome.status = status;
  Finish(call, outcome);
}

void SimCalls::Finish(const CallPtr& call, const Outcome& outcome) {
  call->finished = true;
  calls_.erase(call->serial);
  call->done(outcome);
}

// Who can reach the dead process's machine is told so by a reset; others wait in vain.
void SimCalls::OnGone(const SimNode& process) {
  std::erase_if(held_,
                [&](const auto& entry) { return entry.first.first == process.process.serial; });
  for (const auto& [serial, call] : calls_) {
    const auto no_answer = [this, call, attempt = call->attempt] { NoAnswer(call, attempt); };
    if (call->entry_process == process.process.serial) {
      cluster_.After(cluster_.Latency(), no_answer);
    } else if (call->target_process == process.process.serial &&
               cluster_.Connected(call->entry, process.index)) {
      InEntry(call, cluster_.Latency(), no_answer);
    }
  }
}

}  // namespace aegis::sim
