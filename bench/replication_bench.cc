// What a record of a 100-byte value costs: as bytes, at the leader that writes it, at the follower
// that applies it, and all the way where it travels alone. And comparing histories. Per record.

#include <benchmark/benchmark.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <vector>

#include "model/version_vector.h"
#include "node/core/shard.h"
#include "replication/peer_message.h"
#include "replication/record.h"
#include "working_set.h"

namespace aegis::node {
namespace {

using bench::kCached;
using bench::Keys;
using bench::kMany;
using replication::Record;

constexpr std::size_t kBatch = 1000;
constexpr std::size_t kFrameBytes = 64 * 1024;  // As much as a link sends at a time.
constexpr Session kLease{77};
constexpr UnixMs kNow{1'000'000};

Record SetRecord() {
  Record record;
  record.version = {Epoch{1}, Seq{2}};
  record.key = "key:000000001000";
  record.value = bench::kValue;
  return record;
}

void EncodeRecords(benchmark::State& state) {
  const Record record = SetRecord();
  Bytes out;
  while (state.KeepRunningBatch(kBatch)) {
    out.clear();
    for (std::size_t i = 0; i < kBatch; ++i) AppendRecord(record, out);
    benchmark::DoNotOptimize(out.data());
  }
}
BENCHMARK(EncodeRecords);

void DecodeRecords(benchmark::State& state) {
  Bytes bytes;
  for (std::size_t i = 0; i < kBatch; ++i) AppendRecord(SetRecord(), bytes);
  while (state.KeepRunningBatch(kBatch)) {
    for (ByteView rest = bytes; !rest.empty();) {
      const auto record = replication::TakeRecord(rest);
      if (!record.ok()) std::abort();
      benchmark::DoNotOptimize(record.value()->key.data());
    }
  }
}
BENCHMARK(DecodeRecords);

class EverlastingLease final : public LeaseView {
 public:
  bool Holds(Session) const override { return true; }
  TimePoint Now() const override { return TimePoint{std::chrono::hours(1)}; }
};

// A leader and one follower, and what is on its way between them.
class Pair {
 public:
  Pair() {
    leader_.Lead(Epoch{1}, kLease, /*quorum_used=*/false, effects_);
    leader_.SetReplicas({.epoch = Epoch{1}, .followers = {NodeId{2}}}, effects_);
    follower_.Follow(NodeId{1}, Epoch{1}, /*change=*/0, effects_);
    for (Bytes bytes;; bytes.clear()) {
      leader_.Pump(NodeId{2}, kFrameBytes, kNow, bytes);
      Deliver(bytes, NodeId{1}, follower_);
      const bool said = !bytes.empty();
      bytes.clear();
      follower_.Pump(NodeId{1}, kFrameBytes, kNow, bytes);
      Deliver(bytes, NodeId{2}, leader_);
      if (!said && bytes.empty()) break;
    }
  }

  void Set(ByteView key) {
    const Operation set{.code = OpCode::kSet, .key = key, .value = bench::kValue};
    if (leader_.Execute(set, kNow, effects_).status != Status::kOk) std::abort();
    effects_.Clear();
  }
  // All that the leader has for the follower.
  const Bytes& Frames() {
    frames_.clear();
    while (leader_.Pump(NodeId{2}, kFrameBytes, kNow, frames_)) {
    }
    return frames_;
  }
  void ToFollower(const Bytes& frames) { Deliver(frames, NodeId{1}, follower_); }
  void Acknowledge() {
    Bytes frames;
    while (follower_.Pump(NodeId{1}, kFrameBytes, kNow, frames)) {
    }
    Deliver(frames, NodeId{2}, leader_);
  }
  bool Equal() const {
    return leader_.replica().history() == follower_.replica().history() &&
           leader_.replica().table().items() == follower_.replica().table().items();
  }

 private:
  static Shard::Options OptionsOf(NodeId self, store::MemoryMeter& meter, const LeaseView& lease) {
    Shard::Options options;
    options.self = self;
    options.session = Session{self.value()};
    options.hash_seed = 9;
    options.meter = &meter;
    options.lease = &lease;
    options.replication_factor = 2;
    return options;
  }
  void Deliver(ByteView frames, NodeId from, Shard& to) {
    while (!frames.empty()) {
      const std::size_t size = replication::PeerFrameSize(frames).value();
      const auto message = replication::DecodePeerMessage(frames.substr(4, size - 4));
      if (!message.ok()) std::abort();
      if (!to.OnMessage({from, Session{from.value()}}, message.value(), effects_).ok()) {
        std::abort();
      }
      frames.remove_prefix(size);
    }
    effects_.Clear();
  }

  EverlastingLease lease_;
  store::MemoryMeter meter_{1ULL << 40};
  Shard leader_{OptionsOf(NodeId{1}, meter_, lease_)};
  Shard follower_{OptionsOf(NodeId{2}, meter_, lease_)};
  ShardEffects effects_;
  Bytes frames_;
};

// With so many items at both; one at a time, kept for the next benchmark that wants the same.
struct FilledPair : Pair {
  explicit FilledPair(std::int64_t items) : keys(items) {
    for (std::size_t i = 0; i < keys.size(); ++i) {
      Set(keys.Next());
      if (i % kBatch == 0) CatchUp();
    }
    CatchUp();
  }
  void CatchUp() {
    ToFollower(Frames());
    Acknowledge();
  }

  Keys keys;
};
FilledPair& PairOf(std::int64_t items) {
  static std::unique_ptr<FilledPair> pair;
  if (!pair || pair->keys.size() != static_cast<std::size_t>(items)) {
    pair.reset();
    pair = std::make_unique<FilledPair>(items);
  }
  return *pair;
}

// An overwriting SET at a leader that keeps the record for a follower, up to the record lying in
// the ring.
void SetForOneFollower(benchmark::State& state) {
  FilledPair& pair = PairOf(state.range(0));
  while (state.KeepRunningBatch(kBatch)) {
    for (std::size_t i = 0; i < kBatch; ++i) pair.Set(pair.keys.Next());
    state.PauseTiming();
    pair.CatchUp();
    state.ResumeTiming();
  }
}
BENCHMARK(SetForOneFollower)->ArgName("items")->Arg(kCached)->Arg(kMany);

// From the frames in the follower's memory to its table: decoded, checked, applied, kept in its
// own ring.
void ApplyAtFollower(benchmark::State& state) {
  FilledPair& pair = PairOf(state.range(0));
  while (state.KeepRunningBatch(kBatch)) {
    state.PauseTiming();
    for (std::size_t i = 0; i < kBatch; ++i) pair.Set(pair.keys.Next());
    const Bytes& frames = pair.Frames();
    state.ResumeTiming();
    pair.ToFollower(frames);
    state.PauseTiming();
    pair.Acknowledge();
    state.ResumeTiming();
  }
  if (!pair.Equal()) std::abort();
}
BENCHMARK(ApplyAtFollower)->ArgName("items")->Arg(kCached)->Arg(kMany);

// The whole way of a record that travels alone, as where writes are spread over many shards:
// executed, sent, applied, acknowledged.
void ReplicateOneByOne(benchmark::State& state) {
  FilledPair& pair = PairOf(state.range(0));
  while (state.KeepRunningBatch(kBatch)) {
    for (std::size_t i = 0; i < kBatch; ++i) {
      pair.Set(pair.keys.Next());
      pair.CatchUp();
    }
  }
  if (!pair.Equal()) std::abort();
}
BENCHMARK(ReplicateOneByOne)->ArgName("items")->Arg(kCached)->Arg(kMany);

// Is that history the beginning of this one? By the number of reigns that both remember.
void VersionVectorIsPrefix(benchmark::State& state) {
  VersionVector one;
  VersionVector other;
  for (std::uint32_t epoch = 1; epoch <= static_cast<std::uint32_t>(state.range(0)); ++epoch) {
    for (VersionVector* const vector : {&one, &other}) {
      vector->Begin(Epoch{epoch}, Session{epoch});
      vector->Advance({Epoch{epoch}, Seq{2}});
    }
  }
  other.Advance({Epoch{static_cast<std::uint32_t>(state.range(0))}, Seq{3}});
  for (auto _ : state) {
    benchmark::DoNotOptimize(&one);
    benchmark::ClobberMemory();
    if (!one.IsPrefixOf(other)) std::abort();
  }
}
BENCHMARK(VersionVectorIsPrefix)->ArgName("reigns")->Arg(1)->Arg(64);

}  // namespace
}  // namespace aegis::node
