#include "clears.h"

#include <utility>

#include "ring/slot.h"
#include "workload.h"

namespace aegis::sim {

using linearizability::Kind;
using Told = linearizability::Outcome;

namespace {

// Longer than any request is under way, whoever stands still or is cut off.
constexpr Duration kMayStillHappen = std::chrono::seconds(60);

}  // namespace

ShardId Clears::ShardOf(const std::string& key) const {
  return ring::ShardOf(key, cluster_.options().num_shards);
}

Clears::CallId Clears::Invoke(std::uint32_t client, const std::string& key) {
  return recorder_.Invoke({.client = client, .key = key, .kind = Kind::kClear}, cluster_.now());
}

void Clears::OnNewKey(const std::string& key) {
  Shard& shard = shards_[ShardOf(key)];
  shard.keys.push_back(key);
  std::erase_if(shard.asked, [&](const auto& entry) {
    return entry.second.began + kMayStillHappen < cluster_.now();
  });
  for (auto& [number, asked] : shard.asked) asked.calls.push_back(Invoke(asked.client, key));
}

void Clears::Clear(std::uint32_t client, const std::string& key, std::int32_t quorum,
                   std::function<void()> done) {
  const ShardId id = ShardOf(key);
  Shard& shard = shards_[id];
  const std::uint64_t number = ++numbers_;
  Asked& asked = shard.asked[number];
  asked = {.client = client, .began = cluster_.now(), .calls = {}};
  for (const std::string& each : shard.keys) asked.calls.push_back(Invoke(client, each));
  // In a session: its position tells which write it was.
  const Bytes name = key;
  const Operation operation{
      .code = OpCode::kClear, .key = name, .quorum = quorum, .session = Version{}};
  cluster_.Submit(AnyLiveNode(cluster_), operation,
                  [this, id, number, done = std::move(done)](const Outcome& outcome) {
                    Finish(id, number, outcome);
                    done();
                  });
}

void Clears::Finish(ShardId id, std::uint64_t number, const Outcome& outcome) {
  if (outcome.status == Status::kUnknownOutcome) return;  // It stays open.
  Shard& shard = shards_[id];
  const bool cleared = outcome.status == Status::kOk;
  auto asked = shard.asked.extract(number);
  if (asked.empty()) return cluster_.invariants().Fail("a clear was answered after a minute");
  for (const CallId call : asked.mapped().calls) {
    recorder_.Return(call, cluster_.now(), cleared ? Told::kOk : Told::kUnavailable);
  }
  if (!cleared) return;
  ++answered_;
  cluster_.Sometimes(Rare::kCleared);
  shard.done.push_back(
      {asked.mapped().began, cluster_.now(), outcome.position, std::move(asked.mapped().calls)});
}

void Clears::Doubt(linearizability::History& history) const {
  for (const auto& [id, shard] : shards_) {
    for (const Done& clear : shard.done) {
      if (!cluster_.ledger().IsLostClear(id, clear.version)) continue;
      for (const CallId call : clear.calls) {
        history[call].outcome = Told::kUnknown;
        history[call].returned_at.reset();
      }
    }
  }
}

void Clears::OnShown(const std::string& key, const std::string& value, TimePoint began) const {
  const auto written = written_.find(value);
  const ShardId id = ShardOf(key);
  const auto shard = shards_.find(id);
  if (written == written_.end() || shard == shards_.end()) return;
  const auto& done = shard->second.done;
  for (auto clear = done.rbegin(); clear != done.rend(); ++clear) {
    if (clear->ended < written->second) return;  // Those before it were answered earlier, too.
    if (clear->began <= written->second || clear->ended >= began) continue;
    if (cluster_.ledger().IsLostClear(id, clear->version)) continue;
    return cluster_.invariants().Fail(key + " shows " + value + ", which comes back: it had been " +
                                      "written, and then its shard was cleared");
  }
}

}  // namespace aegis::sim
