// Large values in a shard: one block in the table, in the ring, in outcomes and on the wire.

#include <algorithm>
#include <array>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "node/core/making_room.h"
#include "shard_test_support.h"
#include "store/item.h"

namespace aegis::node {
namespace {

constexpr std::size_t kLarge = 100'000;

class ShardLargeValueTest : public ShardTest {
 protected:
  ShardLargeValueTest() { LeadWith(0, 1, {}); }

  Outcome Of(OpCode code, const std::string& key) { return Run(0, {.code = code, .key = key}); }
  // Stores a block and returns where its bytes are.
  const char* SetBlock(const std::string& key) {
    const BlockRef block = Block::Copy(large_);
    EXPECT_EQ(
        Run(0, {.code = OpCode::kSet, .key = key, .value = block->bytes(), .block = block.get()})
            .status,
        Status::kOk);
    return block->data();
  }
  const store::MemoryMeter& meter() const { return meters_[0]; }

  const std::string large_ = std::string(kLarge, 'v');
};

TEST_F(ShardLargeValueTest, IsInMemoryOnceAlthoughTableAndRingHoldIt) {
  Feed(0, {1});  // For whom the ring keeps it.
  const std::uint64_t before = meter().used();
  const char* const bytes = SetBlock("k");
  EXPECT_EQ(shards_[0]->replica().table().items(), 1U);
  EXPECT_GT(shards_[0]->replica().recent().bytes(), kLarge);
  EXPECT_LT(meter().used() - before, kLarge + kLarge / 2);
  EXPECT_EQ(Of(OpCode::kGet, "k").value.data(), bytes);
}

TEST_F(ShardLargeValueTest, IsInMemoryOnceAlsoIfItHadToBeCopied) {
  Feed(0, {1});
  const std::uint64_t before = meter().used();
  Set(0, "k", large_);
  EXPECT_LT(meter().used() - before, kLarge + kLarge / 2);
  EXPECT_EQ(Of(OpCode::kGet, "k").value, large_);
}

TEST_F(ShardLargeValueTest, AnOutcomeKeepsItWhateverHappensToTheKey) {
  SetBlock("k");
  const Outcome read = Of(OpCode::kGet, "k");
  Set(0, "k", "small");
  for (int i = 0; i < 10; ++i) Set(0, "k" + std::to_string(i), "small");
  EXPECT_EQ(read.value, large_);
}

TEST_F(ShardLargeValueTest, MovesFromKeyToKeyAndOutWithoutACopy) {
  const char* const bytes = SetBlock("a");
  ASSERT_EQ(Run(0, {.code = OpCode::kRename, .key = "a", .key2 = "b"}).status, Status::kOk);
  EXPECT_EQ(Of(OpCode::kGet, "b").value.data(), bytes);
  ASSERT_EQ(
      Run(0,
          {.code = OpCode::kExpire, .key = "b", .expiry = ExpiryKind::kRelative, .expiry_ms = 1000})
          .number,
      1);
  EXPECT_EQ(Of(OpCode::kGet, "b").value.data(), bytes);
  const Outcome extended = Run(
      0,
      {.code = OpCode::kGetExpire, .key = "b", .expiry = ExpiryKind::kRelative, .expiry_ms = 2000});
  EXPECT_EQ(extended.value.data(), bytes);
  EXPECT_EQ(extended.expires_at, kNow.value + 2000);
  const Outcome old =
      Run(0, {.code = OpCode::kSet, .key = "b", .value = "small", .return_old = true});
  EXPECT_EQ(old.value, large_);
  EXPECT_EQ(old.value.data(), bytes);
  SetBlock("c");
  EXPECT_EQ(Of(OpCode::kGetDelete, "c").value, large_);
  EXPECT_EQ(Of(OpCode::kGet, "c").status, Status::kNotFound);
}

TEST_F(ShardLargeValueTest, GrowsAndShrinksOverTheLimit) {
  const std::string below(limits::kBlockValueMin - 1, 'b');
  Set(0, "k", below);
  EXPECT_FALSE(Of(OpCode::kGet, "k").block);
  Run(0, {.code = OpCode::kAppend, .key = "k", .value = "x"});
  EXPECT_TRUE(Of(OpCode::kGet, "k").block);
  EXPECT_EQ(Of(OpCode::kGet, "k").value, below + "x");
  const Outcome range =
      Run(0, {.code = OpCode::kGetRange, .key = "k", .number = -3, .number2 = -1});
  EXPECT_EQ(range.value, "bbx");
  Set(0, "k", below);
  EXPECT_FALSE(Of(OpCode::kGet, "k").block);
}

TEST_F(ShardLargeValueTest, WhoIsShownASmallPartDoesNotHoldIt) {
  SetBlock("k");
  const auto range = [&](std::int64_t last) {
    return Run(0, {.code = OpCode::kGetRange, .key = "k", .number = 0, .number2 = last});
  };
  EXPECT_TRUE(range(-1).block);
  const auto few = static_cast<std::int64_t>(limits::kBlockValueMin);
  EXPECT_EQ(range(few).value.size(), limits::kBlockValueMin + 1);
  EXPECT_FALSE(range(few).block);
}

TEST_F(ShardLargeValueTest, ASlowFollowerHoldsBackOnlyItsShareOfTheMemory) {
  Restart(0, /*ring_bytes=*/4096);
  LeadWith(0, 1, {1});
  Settle();
  for (int i = 0; i < 30; ++i) Set(0, "k", large_);
  EXPECT_GT(shards_[0]->replica().recent().bytes(), 1'000'000U);
  EXPECT_LT(meter().rings(), 100'000U) << "besides blocks";
  EXPECT_FALSE(meter().rings_crowded());
  meters_[0].ResizeRing(0, 2 << 20);  // Of other shards, which what this one holds tells.
  EXPECT_TRUE(meter().rings_crowded());
  Set(0, "k", "v");
  EXPECT_LE(shards_[0]->replica().recent().bytes(), 4096U);
  EXPECT_FALSE(meter().rings_crowded());
  meters_[0].ResizeRing(2 << 20, 0);
}

TEST_F(ShardLargeValueTest, ReachesFollowersByRecordsAndByCopy) {
  Feed(0, {1});
  ShardEffects effects;
  shards_[1]->Follow(Id(0), Epoch{1}, /*change=*/0, effects);
  Settle();
  SetBlock("a");
  Set(0, "small", "v");
  Set(0, "b", large_);
  Settle();
  ExpectReplicasEqual(0, 1);
  EXPECT_EQ(received_[replication::PeerMessageType::kCopyChunk], 0);
  // One that comes later, when the ring has forgotten how it began.
  for (int i = 0; i < 20; ++i) {
    SetBlock("k" + std::to_string(i));
    Set(0, "s" + std::to_string(i), "small");
    Settle();
  }
  Feed(0, {1, 2});
  shards_[2]->Follow(Id(0), Epoch{1}, /*change=*/0, effects);
  Settle();
  EXPECT_GT(received_[replication::PeerMessageType::kCopyChunk], 20);
  ExpectReplicasEqual(0, 2);
  ExpectReplicasEqual(0, 1);
}

TEST_F(ShardLargeValueTest, OnTheWireItIsTheBlockItself) {
  Feed(0, {1});
  ShardEffects effects;
  shards_[1]->Follow(Id(0), Epoch{1}, /*change=*/0, effects);
  Settle();
  const char* const bytes = SetBlock("k");
  Outgoing out;
  shards_[0]->Pump(Id(1), kBudget, kNow, out);
  std::array<ByteView, 8> pieces;
  const std::size_t count = out.Pieces(pieces);
  ASSERT_EQ(count, 2U);
  EXPECT_EQ(pieces[1].data(), bytes);
  EXPECT_EQ(pieces[1].size(), kLarge);
}

TEST_F(ShardLargeValueTest, AWriteThatWouldEvictTooManyUnderOneHoldAsksAllShards) {
  small_memory_ = true;
  Restart(0);
  LeadWith(0, 1, {});
  Feed(0, {});
  int keys = 0;
  while (small_.Fits(limits::kBlockValueMin)) Set(0, std::to_string(keys++), "v");
  const std::size_t before = shards_[0]->replica().table().items();
  const std::string huge(1 << 20, 'h');
  EXPECT_EQ(Run(0, {.code = OpCode::kSet, .key = "k", .value = huge}).status, Status::kOutOfMemory);
  EXPECT_GE(shards_[0]->room_wanted().bytes, huge.size());
  const std::size_t evicted = before - shards_[0]->replica().table().items();
  EXPECT_LE(evicted, 256U);
  EXPECT_FALSE(shards_[0]->room_wanted().here);
  EXPECT_GT(before, 5000U) << "that many more would have had to go";
}

// Two shards, the second of which is nobody's business.
class OneOfTwo : public ShardSpace {
 public:
  // `between`: between two holds by one who takes it again and again.
  explicit OneOfTwo(
      Shard& shard, std::function<void()> between = [] {})
      : shard_(shard), between_(std::move(between)) {}

  std::uint32_t num_shards() const override { return 2; }
  Shard& Acquire(ShardId id) override {
    EXPECT_EQ(id, ShardId{0}) << "its follower may not hold that one";
    before_ = shard_.counters().evicted;
    return shard_;
  }
  void Release(ShardId, ShardEffects&) override {
    most_ = std::max(most_, shard_.counters().evicted - before_);
  }
  void GiveTurn(ShardId) override { between_(); }
  // Evicted under one hold.
  std::uint64_t most() const { return most_; }

 private:
  Shard& shard_;
  const std::function<void()> between_;
  std::uint64_t before_ = 0;
  std::uint64_t most_ = 0;
};

TEST_F(ShardLargeValueTest, AFollowerShortOfMemoryGivesUpAsMuchAsItIsToTake) {
  small_memory_ = true;
  Restart(1);
  Feed(0, {1});
  ShardEffects effects;
  shards_[1]->Follow(Id(0), Epoch{1}, /*change=*/0, effects);
  Settle();
  int keys = 0;
  while (small_.Fits(0)) {
    for (int i = 0; i < 100; ++i) Set(0, std::to_string(keys++), "value of a small item");
    Settle();
  }
  Set(0, "k", "the next acknowledgement tells");
  Settle();
  const std::size_t before = shards_[0]->replica().table().items();
  ASSERT_GT(before, 10'000U);

  OneOfTwo space(*shards_[0]);
  Status status{};
  const std::string huge(256 * 1024, 'h');
  const Operation set{.code = OpCode::kSet, .key = "huge", .value = huge};
  RunMakingRoom(
      space, ShardId{0}, effects, [&](Shard& on) { return on.Execute(set, kNow, effects); },
      [&](const Outcome& outcome) { status = outcome.status; });
  EXPECT_EQ(status, Status::kOk);
  const std::size_t evicted = before + 1 - shards_[0]->replica().table().items();
  EXPECT_GE(evicted * (sizeof(store::Item) + 32), huge.size());
  EXPECT_LE(evicted, before / 2) << "no more than that";
  EXPECT_LE(space.most(), 256U);
}

TEST_F(ShardLargeValueTest, AFollowerThatIsShortNoLongerIsGivenNoMore) {
  Feed(0, {1});
  ShardEffects effects;
  shards_[1]->Follow(Id(0), Epoch{1}, /*change=*/0, effects);
  for (int i = 0; i < 5000; ++i) Set(0, std::to_string(i), "value of a small item");
  const std::size_t taken = 1 << 24;
  meters_[1].Add(taken);  // Somebody else's data on that node, for now.
  Settle();
  Set(0, "k", "the next acknowledgement tells");
  Settle();
  ASSERT_TRUE(shards_[0]->short_follower());
  const std::uint64_t before = shards_[0]->counters().evicted;

  bool relieved = false;
  OneOfTwo space(*shards_[0], [&] {
    if (!std::exchange(relieved, true)) meters_[1].Remove(taken);
    Settle();
  });
  Status status{};
  const std::string huge(256 * 1024, 'h');
  const Operation set{.code = OpCode::kSet, .key = "huge", .value = huge};
  RunMakingRoom(
      space, ShardId{0}, effects, [&](Shard& on) { return on.Execute(set, kNow, effects); },
      [&](const Outcome& outcome) { status = outcome.status; });
  EXPECT_EQ(status, Status::kOk);
  EXPECT_TRUE(relieved);
  EXPECT_LE(shards_[0]->counters().evicted - before, 256U + 64U)
      << "a hold by the write, and one turn";
}

TEST_F(ShardLargeValueTest, ASetOfAnySizeIsQuickAndWhatHasToBeCopiedIsNot) {
  const std::string huge(2 * limits::kQuickValueBytes, 'h');
  EXPECT_FALSE(shards_[0]->MayHold({.code = OpCode::kSet, .key = "k", .value = huge}, kNow));
  EXPECT_TRUE(shards_[0]->MayHold({.code = OpCode::kAppend, .key = "k", .value = huge}, kNow));
}

TEST_F(ShardLargeValueTest, AKeyThatChangesItsNameOrItsTimeTakesNoRoom) {
  small_memory_ = true;
  Restart(0);
  LeadWith(0, 1, {});
  Feed(0, {});
  const std::string huge(1 << 20, 'h');
  Set(0, "huge", huge);
  int keys = 0;
  while (small_.Fits(limits::kBlockValueMin)) Set(0, std::to_string(keys++), "v");
  const std::uint64_t before = shards_[0]->counters().evicted;
  EXPECT_EQ(Of(OpCode::kGet, "huge").status, Status::kOk);
  EXPECT_EQ(Run(0, {.code = OpCode::kRename, .key = "huge", .key2 = "b"}).status, Status::kOk);
  EXPECT_EQ(Run(0, {.code = OpCode::kCopy, .key = "b", .key2 = "c"}).status, Status::kOk);
  const Operation expire{
      .code = OpCode::kExpire, .key = "b", .expiry = ExpiryKind::kRelative, .expiry_ms = 1000};
  EXPECT_EQ(Run(0, expire).number, 1);
  EXPECT_LE(shards_[0]->counters().evicted - before, 5U);
}

}  // namespace
}  // namespace aegis::node
