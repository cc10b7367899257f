// What holds for every stream of commands, however careless.

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <utility>
#include <variant>

#include "control/state.h"
#include "unit/control/random_commands.h"
#include "unit/control/written_log.h"

namespace aegis::control {
namespace {

constexpr std::uint64_t kSeeds = 100;
constexpr int kCommands = 600;

// Remembers what a state may forget, and looks at each step of it.
class Historian {
 public:
  void Expect(const State& before, const Command& command, const State& after) {
    ASSERT_EQ(after.BrokenInvariant(), nullptr);
    for (std::uint32_t i = 0; i < before.shards().size(); ++i) {
      ExpectShard(ShardId{i}, before, command, after);
    }
    ExpectSessions(before, after);
    ExpectFences(before, after);
  }

  int reigns() const { return static_cast<int>(leaders_.size()); }
  int fenced() const { return static_cast<int>(fenced_.size()); }
  int superseded() const { return static_cast<int>(superseded_.size()); }
  int removed = 0;
  int changes = 0;

 private:
  void ExpectShard(ShardId id, const State& before, const Command& command, const State& after) {
    const ShardState& was = before.shards()[id.value()];
    const ShardState& is = after.shards()[id.value()];
    ASSERT_GE(is.epoch, was.epoch);
    ASSERT_GE(is.change, was.change);
    ASSERT_GE(is.quorum_used, was.quorum_used);
    changes += is.change != was.change ? 1 : 0;
    if (is.epoch == Epoch{}) return;
    ASSERT_FALSE(is.in_sync.empty());
    // One leader of an epoch, ever.
    const auto [reign, begun] = leaders_.emplace(std::pair(id, is.epoch), is.leader);
    ASSERT_EQ(reign->second, is.leader);
    if (!begun) return;
    ASSERT_FALSE(fenced_.contains(is.leader)) << "a fenced session began to lead";
    ASSERT_EQ(after.Find(is.leader.node)->session, is.leader.session);
    if (!std::holds_alternative<Transfer>(command) && was.epoch != Epoch{}) {
      ASSERT_TRUE(fenced_.contains(was.leader)) << "a leader was replaced without its fence";
    }
    if (!std::holds_alternative<Assign>(command)) {
      ASSERT_TRUE(std::holds_alternative<Transfer>(command));
      ASSERT_TRUE(was.InSync(is.leader.node));
    }
  }

  void ExpectSessions(const State& before, const State& after) {
    for (const auto& [id, node] : after.nodes()) {
      const NodeState* const was = before.Find(id);
      if (was == nullptr) continue;
      if (node.removed && !was->removed) ++removed;
      if (was->session == node.session) continue;
      ASSERT_TRUE(fenced_.contains({id, was->session}));
      superseded_.insert({id, was->session});
      ASSERT_FALSE(superseded_.contains({id, node.session}));
      ASSERT_FALSE(fenced_.contains({id, node.session}));
    }
    ASSERT_GE(after.nodes().size(), before.nodes().size());
  }

  void ExpectFences(const State& before, const State& after) {
    for (const StandingFence& fence : before.fences()) {
      const StandingFence* const still = after.FenceOf(fence.holder);
      if (still != nullptr) {
        ASSERT_EQ(*still, fence);
        continue;
      }
      for (const ShardState& shard : after.shards()) ASSERT_NE(shard.leader, fence.holder);
      ASSERT_NE(after.Find(fence.holder.node)->session, fence.holder.session);
    }
    for (const StandingFence& fence : after.fences()) fenced_.insert(fence.holder);
  }

  std::map<std::pair<ShardId, Epoch>, Holder> leaders_;
  std::set<Holder> fenced_;
  std::set<Holder> superseded_;
};

TEST(RandomCommandsTest, NoStreamOfCommandsBreaksAPromise) {
  std::map<std::string, int> seen;
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    SCOPED_TRACE(seed);
    RandomCommands commands(seed);
    Historian historian;
    State state;
    for (int i = 0; i < kCommands; ++i) {
      const Command command = commands.Draw(state);
      const State before = state;
      state.Apply({before.applied().index + 1, 1}, command);
      ASSERT_NO_FATAL_FAILURE(historian.Expect(before, command, state)) << "at command " << i;
    }
    seen["reigns"] += historian.reigns();
    seen["fenced"] += historian.fenced();
    seen["superseded"] += historian.superseded();
    seen["removed"] += historian.removed;
    seen["changes"] += historian.changes;
  }
  for (const auto& [what, times] : seen) EXPECT_GT(times, static_cast<int>(kSeeds)) << what;
}

TEST(RandomCommandsTest, ReplicasThatApplyTheSameCommandsEncodeEqually) {
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    SCOPED_TRACE(seed);
    RandomCommands commands(seed);
    State one;
    State other;  // Gets each command as bytes, and goes on from snapshots of itself.
    for (int i = 0; i < kCommands; ++i) {
      const Command command = commands.Draw(one);
      const auto decoded = DecodeCommand(Encode(command));
      if (!decoded.ok()) continue;  // It names nobody where somebody has to be.
      const Applied at{one.applied().index + 1, 1};
      one.Apply(at, command);
      other.Apply(at, decoded.value());
      ASSERT_EQ(one.Encode(), other.Encode()) << "at command " << i;
      if (i % 7 != 0) continue;
      auto restored = State::Decode(other.Encode());
      ASSERT_TRUE(restored.ok()) << restored.error().message;
      ASSERT_EQ(restored.value(), one);
      other = std::move(restored).value();
    }
  }
}

}  // namespace
}  // namespace aegis::control
