// ShardTest: three replicas of one shard on perfect links, pumped by hand.

#pragma once

#include <gtest/gtest.h>

#include <array>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "model/limits.h"
#include "node/core/shard.h"
#include "test_lease.h"

namespace aegis::node {

class ShardTest : public ::testing::Test {
 protected:
  static constexpr std::size_t kNodes = 3;
  static constexpr std::size_t kBudget = 16 * 1024;
  static constexpr UnixMs kNow{1'000'000};

  static NodeId Id(std::size_t node) { return NodeId{100 + node}; }
  static std::size_t Of(NodeId id) { return static_cast<std::size_t>(id.value() - 100); }

  ShardTest() {
    for (std::size_t node = 0; node < kNodes; ++node) Restart(node);
  }

  void Restart(std::size_t node, std::size_t ring_bytes = limits::kRecentRecordsBytes) {
    Shard::Options options;
    options.id = ShardId{5};
    options.self = Id(node);
    memories_[node] = options.session = Session{++sessions_};
    options.hash_seed = 9;
    options.meter = small_memory_ ? &small_ : &meters_[node];
    options.lease = &lease_;
    options.replication_factor = kNodes;
    options.ring_bytes = ring_bytes;
    options.tail_bounds = tail_bounds_;
    options.min_in_sync = min_in_sync_;
    options.copies = copies_;
    options.journal = journals_[node];
    shards_[node] = std::make_unique<Shard>(options);
    for (auto& wires : wires_) wires[node].clear();
    for (auto& wire : wires_[node]) wire.clear();
  }

  void LeadWith(std::size_t node, std::uint32_t epoch, std::vector<std::size_t> followers,
                bool quorum_used = false) {
    ShardEffects effects;
    shards_[node]->Lead(Epoch{epoch}, lease_.session, quorum_used, effects);
    Feed(node, followers, quorum_used);
    for (const std::size_t follower : followers) {
      shards_[follower]->Follow(Id(node), Epoch{epoch}, /*change=*/0, effects);
    }
  }

  // Makes the node feed these; they count as in sync if there are quorum writes.
  void Feed(std::size_t node, const std::vector<std::size_t>& followers, bool quorum_used = false) {
    ReplicaSet set{.epoch = shards_[node]->Report().epoch, .quorum_used = quorum_used};
    for (const std::size_t follower : followers) set.followers.push_back(Id(follower));
    for (const std::size_t follower : followers) {
      if (quorum_used) set.awaited.push_back(CopyOf(follower));
    }
    set.in_sync = set.awaited;
    ShardEffects effects;
    shards_[node]->SetReplicas(set, effects);
  }
  control::Copy CopyOf(std::size_t node) const { return {Id(node), memories_[node]}; }

  // One round: every node sends what is due, every frame arrives. False: nothing was due.
  bool PumpOnce() {
    bool any = false;
    for (std::size_t from = 0; from < kNodes; ++from) {
      for (std::size_t to = 0; to < kNodes; ++to) {
        if (from == to) continue;
        Bytes out;
        shards_[from]->Pump(Id(to), kBudget, kNow, out);
        if (!out.empty() && !cut_[from][to]) wires_[from][to] += out;
        any = any || !out.empty();
      }
    }
    for (std::size_t from = 0; from < kNodes; ++from) {
      for (std::size_t to = 0; to < kNodes; ++to) Deliver(from, to);
    }
    return any;
  }
  void Settle() {
    for (int round = 0; PumpOnce(); ++round) ASSERT_LT(round, 10'000) << "never settles";
  }

  void Deliver(std::size_t from, std::size_t to) {
    Bytes& wire = wires_[from][to];
    while (true) {
      const std::size_t size = replication::PeerFrameSize(wire).value();
      if (size == 0 || wire.size() < size) return;
      const Bytes frame = wire.substr(4, size - 4);
      wire.erase(0, size);
      const auto message = replication::DecodePeerMessage(frame);
      ASSERT_TRUE(message.ok()) << message.error().message;
      ++received_[message.value().type];
      ShardEffects effects;
      const auto taken = shards_[to]->OnMessage(CopyOf(from), message.value(), effects);
      ASSERT_TRUE(taken.ok()) << taken.error().message;
    }
  }

  Outcome Run(std::size_t node, const Operation& operation, UnixMs now = kNow) {
    ShardEffects effects;
    return shards_[node]->Execute(operation, now, effects);
  }
  void Set(std::size_t node, const std::string& key, const std::string& value,
           std::int64_t ttl_ms = 0) {
    Operation op{.code = OpCode::kSet, .key = key, .value = value};
    if (ttl_ms != 0) op.expiry = ExpiryKind::kRelative;
    op.expiry_ms = ttl_ms;
    ASSERT_EQ(Run(node, op).status, Status::kOk);
  }
  void Delete(std::size_t node, const std::string& key) {
    Run(node, {.code = OpCode::kDelete, .key = key});
  }

  void ExpectReplicasEqual(std::size_t a, std::size_t b) {
    EXPECT_EQ(shards_[a]->replica().history(), shards_[b]->replica().history());
    EXPECT_EQ(shards_[a]->replica().Digest(), shards_[b]->replica().Digest());
  }

  // Of shards that are restarted from now on.
  UnreplicatedTail::Bounds tail_bounds_;
  std::uint32_t min_in_sync_ = 1;
  CopyBudget* copies_ = nullptr;
  bool small_memory_ = false;
  std::array<Journal*, kNodes> journals_{};

  std::uint64_t sessions_ = 0;
  std::array<Session, kNodes> memories_;
  TestLease lease_;
  std::array<store::MemoryMeter, kNodes> meters_{
      store::MemoryMeter(1 << 24), store::MemoryMeter(1 << 24), store::MemoryMeter(1 << 24)};
  store::MemoryMeter small_{2 << 20};
  std::array<std::unique_ptr<Shard>, kNodes> shards_;
  std::array<std::array<Bytes, kNodes>, kNodes> wires_;
  std::array<std::array<bool, kNodes>, kNodes> cut_{};
  std::map<replication::PeerMessageType, int> received_;
};

}  // namespace aegis::node
