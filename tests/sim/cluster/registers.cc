#include "registers.h"

#include <algorithm>
#include <set>
#include <utility>

#include "linearizability/checker.h"
#include "wire/operation_codec.h"

namespace aegis::sim {

using linearizability::Kind;
using linearizability::Recorder;

namespace {

using Told = linearizability::Outcome;

constexpr Duration kLookEvery = std::chrono::milliseconds(100);

// "3.17", and with more members "3.17,3.18".
std::string TextOf(const std::vector<Version>& versions) {
  std::string text;
  for (const Version version : versions) {
    if (!text.empty()) text += ',';
    text += std::to_string(version.epoch.value()) + "." + std::to_string(version.seq.value());
  }
  return text;
}

std::vector<Version> VersionsOf(const std::string& text) {
  std::vector<Version> versions;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t dot = text.find('.', at);
    const std::size_t end = std::min(text.find(',', dot), text.size());
    versions.push_back({Epoch{static_cast<std::uint32_t>(std::stoul(text.substr(at, dot - at)))},
                        Seq{std::stoull(text.substr(dot + 1, end - dot - 1))}});
    at = end + 1;
  }
  return versions;
}

// On one key. Borrows from the call.
Operation OperationOf(const linearizability::Operation& call) {
  Operation operation{.key = call.key, .value = call.argument};
  switch (call.kind) {
    case Kind::kGet:
      operation.code = OpCode::kGet;
      break;
    case Kind::kDelete:
      operation.code = OpCode::kDelete;
      break;
    case Kind::kGetDelete:
      operation.code = OpCode::kGetDelete;
      break;
    case Kind::kIncrement:
      operation.code = OpCode::kIncrement;
      operation.number = std::stoll(call.argument);
      break;
    case Kind::kAppend:
      operation.code = OpCode::kAppend;
      break;
    case Kind::kSet:
      operation.code = OpCode::kSet;
      break;
    case Kind::kSetIfAbsent:
      operation.code = OpCode::kSet;
      operation.condition = Condition::kIfAbsent;
      break;
    case Kind::kCompareValue:
      operation.code = OpCode::kSet;
      operation.condition = Condition::kIfValue;
      operation.match = call.expected;
      break;
    case Kind::kCompareVersion:
      operation.code = OpCode::kSet;
      operation.condition = Condition::kIfVersion;
      operation.expected = VersionsOf(call.expected).front();
      break;
    case Kind::kClear:
      operation.code = OpCode::kClear;
      break;
  }
  return operation;
}

// In the words of a history: a comparison with what is not there finds nothing.
Told ToldOf(const Outcome& outcome, Kind kind) {
  switch (outcome.status) {
    case Status::kOk:
      return Told::kOk;
    case Status::kNotFound:
      return Told::kNotFound;
    case Status::kConflict: {
      const bool compares = kind == Kind::kCompareValue || kind == Kind::kCompareVersion;
      return compares && outcome.version == Version{} ? Told::kNotFound : Told::kConflict;
    }
    case Status::kUnknownOutcome:
      return Told::kUnknown;
    default:
      return Told::kUnavailable;
  }
}

std::string ResultOf(const Outcome& outcome, Kind kind) {
  if (outcome.status != Status::kOk || !linearizability::HasResult(kind)) return "";
  const bool counts = kind == Kind::kIncrement || kind == Kind::kAppend;
  return counts ? std::to_string(outcome.number) : std::string(outcome.value);
}

// As the client library sends it. Borrows nothing.
client::Request RequestOf(const Operation& operation, bool is_write) {
  client::Request request;
  request.is_write = is_write;
  request.key = operation.key;
  if (operation.code == OpCode::kGet && operation.quorum.value_or(0) == 0) return request;
  request.command = wire::Command::kExecute;
  wire::AppendOperation(operation, request.value);
  return request;
}

// What its result says. The value is borrowed.
Outcome OutcomeOf(const Expected<client::Reply>& result) {
  Outcome outcome;
  if (result.ok()) {
    outcome.value = result->value;
    outcome.version = Version::Unpack(result->version);
    outcome.number = result->number;
    return outcome;
  }
  outcome.version = Version::Unpack(result.error().version);
  switch (result.error().code) {
    case Errc::kNotFound:
      outcome.status = Status::kNotFound;
      break;
    case Errc::kConflict:
      outcome.status = Status::kConflict;
      break;
    case Errc::kUnknownOutcome:
      outcome.status = Status::kUnknownOutcome;
      break;
    case Errc::kBusy:
      outcome.status = Status::kBusy;
      break;
    case Errc::kTimeout:
    case Errc::kUnavailable:
    case Errc::kMaxRetries:
      outcome.status = Status::kUnavailable;
      break;
    default:
      outcome.status = Status::kInvalid;
  }
  return outcome;
}

// Of several members, one says nothing of the others' versions.
GroupOutcome OfOne(const Outcome& outcome, std::size_t members) {
  GroupOutcome answer{.outcome = outcome};
  if (members == 1 && outcome.version != Version{}) answer.versions.push_back(outcome.version);
  return answer;
}

bool IsRefusal(Status status) {
  return status == Status::kUnavailable || status == Status::kTooFewCopies ||
         status == Status::kBusy;
}

}  // namespace

void Registers::Start() {
  running_ = true;
  began_ = cluster_.now();
  for (std::size_t i = 0; i < options_.clients && !options_.seeds.empty(); ++i) {
    clients_.push_back(
        std::make_unique<SimClient>(cluster_, options_.seeds, cluster_.rng().Next()));
  }
  for (std::uint32_t client = 0; client < options_.clients; ++client) Next(client);
  if (options_.members > 1) LookIntoCopies();
}

void Registers::LookIntoCopies() {
  cluster_.After(kLookEvery, [this] {
    if (!running_) return;
    LookInto(static_cast<std::uint32_t>(cluster_.rng().Below(cluster_.options().num_shards)));
    LookIntoCopies();
  });
}

void Registers::LookInto(std::uint32_t shard) {
  const auto excused = [this](const std::string& group) { return Lost(group); };
  const std::string torn = TornCopy(cluster_, shard, options_.members, excused);
  if (!torn.empty()) cluster_.invariants().Fail(torn);
}

void Registers::Next(std::uint32_t client) {
  if (!running_) return;
  const Duration pause =
      std::chrono::duration_cast<Duration>(options_.pause * 2 * cluster_.rng().Unit());
  cluster_.After(pause, [this, client] {
    if (running_) Ask(client);
  });
}

void Registers::Ask(std::uint32_t client) {
  if (options_.clears > 0 && cluster_.rng().Chance(options_.clears)) {
    const std::string key = AnyKey();
    return clears_.Clear(client, key, QuorumOf(key), [this, client] { Next(client); });
  }
  Submit(Draw(client), [this, client](bool /*answered*/) { Next(client); });
}

std::string Registers::AnyKey() {
  const std::uint64_t age =
      static_cast<std::uint64_t>((cluster_.now() - began_) / options_.lifetime);
  const std::uint64_t key = cluster_.rng().Below(options_.keys);
  return (key % 2 == 1 ? "number" : "text") + std::to_string(key) + "/" + std::to_string(age);
}

linearizability::Operation Registers::Draw(std::uint32_t client) {
  linearizability::Operation call{.client = client, .key = AnyKey()};
  const bool number = call.key.front() == 'n';
  const std::uint64_t dice = cluster_.rng().Below(100);
  if (dice < 40) {
    call.kind = Kind::kGet;
  } else if (dice < 46) {
    call.kind = Kind::kDelete;
  } else if (dice < 50) {
    call.kind = Kind::kGetDelete;
  } else if (number) {
    call.kind = Kind::kIncrement;
    call.argument = std::to_string(1 + cluster_.rng().Below(3));
  } else {
    DrawChange(call);
  }
  return call;
}

void Registers::DrawChange(linearizability::Operation& call) {
  static constexpr Kind kKinds[] = {Kind::kSet, Kind::kSet, Kind::kCompareValue,
                                    Kind::kCompareVersion, Kind::kSetIfAbsent};
  call.kind = kKinds[cluster_.rng().Below(std::size(kKinds))];
  call.argument = "v" + std::to_string(++values_);
  const auto found = seen_.find(call.key);
  const Seen seen = found == seen_.end() ? Seen{} : found->second;
  if (call.kind == Kind::kCompareValue) call.expected = seen.value;
  if (call.kind == Kind::kCompareVersion) call.expected = TextOf(seen.versions);
  // Nobody has seen anything yet.
  const bool compares = call.kind == Kind::kCompareValue || call.kind == Kind::kCompareVersion;
  if (compares && call.expected.empty()) call.kind = Kind::kSet;
}

void Registers::Submit(linearizability::Operation call, std::function<void(bool answered)> then) {
  if (seen_.try_emplace(call.key).second) clears_.OnNewKey(call.key);
  const Recorder::CallId id = recorder_.Invoke(call, cluster_.now());
  Operation operation = OperationOf(call);
  operation.quorum = operation.IsWrite() ? QuorumOf(call.key) : 0;
  if (!operation.IsWrite() && cluster_.rng().Chance(options_.confirmed_reads)) operation.quorum = 2;
  const std::vector<Bytes> members = MembersOf(call.key, options_.members);
  const bool all = members.size() > 1 && (operation.IsWrite() || cluster_.rng().Chance(0.6));
  const auto done = [this, id, all, then = std::move(then)](const Outcome& outcome) {
    Take(id, outcome, all);
    then(outcome.status != Status::kUnknownOutcome && !IsRefusal(outcome.status));
  };
  if (!all) {
    const bool one = members.size() == 1;
    operation.key = one ? members.front() : members[cluster_.rng().Below(members.size())];
    return Send(call.client, operation, done);
  }
  std::vector<Version> watched;
  if (call.kind == Kind::kCompareVersion) {
    watched = VersionsOf(call.expected);
    operation.condition = Condition::kAlways;
  }
  Send(call.client, Batch(operation, members, watched).operation(), done);
}

void Registers::Send(std::uint32_t client, const Operation& operation, SimCluster::Done done) {
  if (clients_.empty()) {
    cluster_.Submit(AnyLiveNode(cluster_), operation, std::move(done));
    return;
  }
  const bool may_repeat = cluster_.options().broken == BrokenRule::kLostWritesRepeated;
  clients_[client]->Call(
      RequestOf(operation, operation.IsWrite() && !may_repeat),
      [done = std::move(done)](const Expected<client::Reply>& result) { done(OutcomeOf(result)); });
}

// "text4/2": the key's place, then its age.
std::int32_t Registers::QuorumOf(const std::string& key) const {
  const std::size_t place = std::stoul(key.substr(key.find_first_of("0123456789")));
  return options_.quorums[place / 2 % options_.quorums.size()];
}

bool Registers::Lost(const std::string& key) const {
  const std::vector<Bytes> members = MembersOf(key, options_.members);
  return std::ranges::any_of(
      members, [this](const Bytes& member) { return cluster_.ledger().lost(member); });
}

void Registers::Take(Recorder::CallId id, const Outcome& told_outcome, bool all) {
  const linearizability::Operation& call = recorder_.history()[id];
  const GroupOutcome answer =
      all ? OutcomeOfAll(told_outcome, options_.members) : OfOne(told_outcome, options_.members);
  const Outcome& outcome = answer.outcome;
  if (!answer.torn.empty()) {
    if (!Lost(call.key)) cluster_.invariants().Fail(call.key + " " + answer.torn);
    return;  // What it says of an excused key nobody asks.
  }
  Told told = ToldOf(outcome, call.kind);
  // A batch that finds another version than it was to does not say which, or whether any.
  const bool changed = all && told_outcome.status == Status::kConflict;
  if (changed) told = Told::kUnavailable;
  if (told == Told::kUnavailable && !changed && !IsRefusal(outcome.status)) {
    unexpected_ = linearizability::Text(call) + ": answered with status " +
                  std::to_string(static_cast<int>(outcome.status));
  }
  if (told == Told::kUnknown) return;  // It stays open.
  if (told != Told::kUnavailable) ++answered_;
  if (all && told == Told::kOk && call.kind != Kind::kGet) cluster_.Sometimes(Rare::kBatch);
  if (changed) cluster_.Sometimes(Rare::kWatchedChanged);
  Learn(call, told, answer);
  recorder_.Return(id, cluster_.now(), told, ResultOf(outcome, call.kind), TextOf(answer.versions));
}

void Registers::Learn(const linearizability::Operation& call, Told told,
                      const GroupOutcome& answer) {
  Seen& seen = seen_[call.key];
  const bool shows = told == Told::kOk && call.kind == Kind::kGet;
  if (!answer.versions.empty()) {
    seen.versions = answer.versions;
    if (call.kind == Kind::kGet) seen.value = answer.outcome.value;
    if (told == Told::kOk && call.kind != Kind::kGet) seen.value = call.argument;
  }
  if (options_.clears == 0) return;
  const bool text = call.kind == Kind::kSet || call.kind == Kind::kSetIfAbsent ||
                    call.kind == Kind::kCompareValue || call.kind == Kind::kCompareVersion;
  if (told == Told::kOk && text) clears_.OnWritten(call.argument);
  if (shows) clears_.OnShown(call.key, std::string(answer.outcome.value), call.invoked_at);
}

void Registers::Verify() {
  unread_ = seen_.size();
  const auto read = [this](const std::string& key, const auto& again) -> void {
    Submit({.key = key, .kind = Kind::kGet}, [this, key, again](bool answered) {
      if (answered) {
        --unread_;
      } else {
        again(key, again);
      }
    });
  };
  std::vector<std::string> keys;
  for (const auto& [key, seen] : seen_) keys.push_back(key);
  for (const std::string& key : keys) read(key, read);
  cluster_.RunUntil([&] { return unread_ == 0; }, std::chrono::seconds(30));
  for (std::uint32_t shard = 0; shard < cluster_.options().num_shards; ++shard) {
    if (options_.members > 1) LookInto(shard);
  }
}

std::uint64_t Registers::keys_excused() const {
  return static_cast<std::uint64_t>(
      std::ranges::count_if(seen_, [this](const auto& entry) { return Lost(entry.first); }));
}

std::string Registers::Problem() const {
  if (!unexpected_.empty()) return unexpected_;
  if (unread_ > 0) return std::to_string(unread_) + " keys cannot be read";
  linearizability::History history = recorder_.history();
  clears_.Doubt(history);
  std::set<std::string> lost;
  for (const auto& [key, seen] : seen_) {
    if (Lost(key)) lost.insert(key);
  }
  std::erase_if(history, [&](const auto& call) { return lost.contains(call.key); });
  const linearizability::Report report = linearizability::Check(history);
  return report.explanation;
}

}  // namespace aegis::sim
