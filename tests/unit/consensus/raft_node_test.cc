#include "consensus/raft_node.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "consensus/raft_message.h"
#include "raft_sim.h"

namespace aegis::consensus {
namespace {

using namespace std::chrono_literals;
using sim::RaftSim;
using sim::RaftSimOptions;

constexpr ServerId kA{1};
constexpr ServerId kB{2};
constexpr ServerId kC{3};
constexpr ServerId kD{4};

Server Voter(ServerId id) { return {id, ServerRole::kVoter}; }
Server Spare(ServerId id) { return {id, ServerRole::kSpare}; }

class RaftNodeTest : public testing::Test {
 protected:
  void TearDown() override { EXPECT_EQ(sim.violation(), ""); }

  bool LeaderIs(ServerId id) { return sim.leader() == id; }

  bool EverywhereApplied(std::initializer_list<ServerId> ids) {
    return std::ranges::all_of(
        ids, [this](ServerId id) { return sim.up(id) && sim.applied(id) == sim.committed(); });
  }

  void Commit(const Bytes& command) {
    const std::size_t before = sim.commands().size();
    ASSERT_TRUE(sim.leader().has_value());
    ASSERT_TRUE(sim.Propose(*sim.leader(), command).ok());
    ASSERT_TRUE(sim.RunUntil([&] { return sim.commands().size() > before; }, 2s));
    EXPECT_EQ(sim.commands().back(), command);
  }

  // The leader changes to these servers, and the change is committed.
  void Change(std::vector<Server> servers) {
    const std::optional<ServerId> leader = sim.leader();
    ASSERT_TRUE(leader.has_value());
    const auto ready = [&] {
      return sim.node(*leader).configuration_committed() &&
             sim.node(*leader).term() ==
                 sim.node(*leader).At(sim.node(*leader).commit_index())->at.term;
    };
    ASSERT_TRUE(sim.RunUntil(ready, 2s));
    const Result<LogPosition> changed = sim.Reconfigure(*leader, std::move(servers));
    ASSERT_TRUE(changed.ok()) << changed.error().message;
    ASSERT_TRUE(sim.RunUntil(ready, 2s));
  }

  void Promote(ServerId spare) {
    const ServerId leader = *sim.leader();
    std::vector<Server> servers = sim.node(leader).configuration().servers;
    servers.push_back(Spare(spare));
    Change(servers);
    sim.CatchUp(leader, spare);
    ASSERT_TRUE(sim.RunUntil([&] { return sim.node(leader).CaughtUp(spare); }, 5s));
    servers.back().role = ServerRole::kVoter;
    Change(servers);
  }

  // Servers 1 to 3 are voters, and 1 leads.
  void StartThree() {
    sim.Add(/*founder=*/true);
    sim.Add();
    sim.Add();
    ASSERT_TRUE(sim.RunUntil([&] { return LeaderIs(kA); }, 1s));
    Promote(kB);
    Promote(kC);
    ASSERT_TRUE(sim.RunUntil([&] { return EverywhereApplied({kA, kB, kC}); }, 1s));
  }

  void AwaitLeader() {
    ASSERT_TRUE(sim.RunUntil([&] { return sim.leader().has_value(); }, 5s));
  }

  RaftSim sim{RaftSimOptions{}};
};

TEST_F(RaftNodeTest, ALoneFounderLeadsAtOnceAndCommitsAlone) {
  sim.Add(/*founder=*/true);
  EXPECT_TRUE(sim.node(kA).leads());
  EXPECT_EQ(sim.node(kA).leader(), kA);
  Commit("one");
  EXPECT_EQ(sim.disk(kA).entries.back().data, "one");
}

TEST_F(RaftNodeTest, NothingIsCommittedBeforeItIsDurable) {
  sim.Add(/*founder=*/true);
  sim.RunFor(100ms);
  sim.StopStoring(kA, true);
  ASSERT_TRUE(sim.Propose(kA, "one").ok());
  sim.RunFor(5s);
  EXPECT_TRUE(sim.commands().empty());
  sim.StopStoring(kA, false);
  sim.RunFor(100ms);
  EXPECT_EQ(sim.commands(), std::vector<Bytes>{"one"});
}

TEST_F(RaftNodeTest, AServerThatNoConfigurationNamesWaits) {
  sim.Add();
  sim.RunFor(10s);
  EXPECT_FALSE(sim.node(kA).leads());
  EXPECT_EQ(sim.node(kA).term(), 0U);
  EXPECT_EQ(sim.node(kA).leader(), ServerId{});
  EXPECT_EQ(sim.Propose(kA, "one").error().code, ErrorCode::kUnavailable);
}

TEST_F(RaftNodeTest, ASpareIsCaughtUpAndPromoted) {
  sim.Add(/*founder=*/true);
  sim.Add();
  for (int i = 0; i < 100; ++i) Commit(fmt::format("{}", i));
  Change({Voter(kA), Spare(kB)});
  EXPECT_FALSE(sim.node(kA).CaughtUp(kB));
  sim.RunFor(1s);
  EXPECT_EQ(sim.node(kB).last_index(), 0U) << "a spare gets no entries before it is caught up";
  sim.CatchUp(kA, kB);
  ASSERT_TRUE(sim.RunUntil([&] { return sim.node(kA).CaughtUp(kB); }, 2s));
  Change({Voter(kA), Voter(kB)});
  ASSERT_TRUE(sim.RunUntil([&] { return EverywhereApplied({kA, kB}); }, 1s));
  sim.Crash(kB);
  ASSERT_TRUE(sim.Propose(kA, "alone").ok());
  sim.RunFor(5s);
  EXPECT_NE(sim.commands().back(), "alone") << "two voters: both are needed";
}

TEST_F(RaftNodeTest, WakesUpNoMoreOftenForASpareThatWasCaughtUp) {
  sim.Add(/*founder=*/true);
  sim.Add();
  sim.RunFor(100ms);
  Change({Voter(kA), Spare(kB)});
  sim.CatchUp(kA, kB);
  sim.RunFor(10s);
  Effects effects;
  const TimePoint now = sim.now();
  sim.node(kA).Tick(now, effects);
  EXPECT_GE(effects.wake_up_at, now + 10ms);
}

TEST_F(RaftNodeTest, CommandsAreAppliedEverywhereInTheSameOrder) {
  StartThree();
  for (int i = 0; i < 200; ++i) ASSERT_TRUE(sim.Propose(kA, fmt::format("{}", i)).ok());
  ASSERT_TRUE(sim.RunUntil([&] { return sim.commands().size() == 200; }, 2s));
  EXPECT_EQ(sim.commands().front(), "0");
  EXPECT_EQ(sim.commands().back(), "199");
  // That they all apply the same is a rule of the simulation.
  EXPECT_TRUE(sim.RunUntil([&] { return EverywhereApplied({kA, kB, kC}); }, 1s));
}

TEST_F(RaftNodeTest, ALostLeaderIsReplacedWithinASecond) {
  StartThree();
  Commit("one");
  sim.Crash(kA);
  ASSERT_TRUE(sim.RunUntil([&] { return sim.leader().has_value(); }, 1s));
  EXPECT_EQ(sim.node(*sim.leader()).leader(), *sim.leader());
  Commit("two");
  sim.Restart(kA);
  EXPECT_TRUE(sim.RunUntil([&] { return EverywhereApplied({kA, kB, kC}); }, 1s));
  EXPECT_EQ(sim.node(kA).leader(), *sim.leader());
}

TEST_F(RaftNodeTest, ALeaderThatHearsNobodyStepsDown) {
  StartThree();
  sim.SetReachable(kA, false);
  EXPECT_TRUE(sim.RunUntil([&] { return !sim.node(kA).leads(); }, 1s));
  EXPECT_EQ(sim.node(kA).leader(), ServerId{});
}

TEST_F(RaftNodeTest, WhoComesBackAfterAWhileAloneDeposesNobody) {
  StartThree();
  sim.SetReachable(kC, false);
  sim.RunFor(30s);
  const Term before = sim.node(kA).term();
  EXPECT_EQ(sim.node(kC).term(), before) << "it asks for votes, but opens no terms";
  sim.SetReachable(kC, true);
  sim.RunFor(2s);
  EXPECT_TRUE(sim.node(kA).leads());
  EXPECT_EQ(sim.node(kA).term(), before);
  EXPECT_EQ(sim.node(kC).leader(), kA);
}

TEST_F(RaftNodeTest, ARestartContinuesFromWhatIsDurable) {
  StartThree();
  for (int i = 0; i < 10; ++i) Commit(fmt::format("{}", i));
  const Term before = sim.node(kA).term();
  for (const ServerId id : {kA, kB, kC}) sim.Crash(id);
  for (const ServerId id : {kA, kB, kC}) sim.Restart(id);
  EXPECT_EQ(sim.node(kB).configuration().servers,
            (std::vector<Server>{Voter(kA), Voter(kB), Voter(kC)}));
  AwaitLeader();
  EXPECT_GT(sim.node(*sim.leader()).term(), before);
  Commit("and on");
  EXPECT_TRUE(sim.RunUntil([&] { return EverywhereApplied({kA, kB, kC}); }, 1s));
}

TEST_F(RaftNodeTest, ALoneVoterLeadsANewTermAfterARestart) {
  sim.Add(/*founder=*/true);
  const Term before = sim.node(kA).term();
  sim.Crash(kA);
  sim.Restart(kA);
  EXPECT_TRUE(sim.node(kA).leads());
  EXPECT_GT(sim.node(kA).term(), before);
  EXPECT_EQ(sim.disk(kA).hard_state, (HardState{sim.node(kA).term(), kA}));
}

TEST_F(RaftNodeTest, UncommittedEntriesOfALostLeaderAreReplaced) {
  StartThree();
  sim.SetReachable(kA, false);
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(sim.Propose(kA, "lost").ok());
  sim.RunFor(2s);
  ASSERT_NE(sim.leader(), kA);
  Commit("kept");
  sim.SetReachable(kA, true);
  ASSERT_TRUE(sim.RunUntil([&] { return EverywhereApplied({kA, kB, kC}); }, 2s));
  EXPECT_EQ(sim.commands(), std::vector<Bytes>{"kept"});
  sim.RunFor(100ms);
  for (const Entry& entry : sim.disk(kA).entries) EXPECT_NE(entry.data, "lost");
}

TEST_F(RaftNodeTest, ARemovedVoterIsNotNeededAndDisturbsNobody) {
  StartThree();
  Change({Voter(kA), Voter(kB)});
  sim.RunFor(10s);
  EXPECT_TRUE(sim.node(kA).leads());
  sim.Crash(kC);
  Commit("two are enough");
}

TEST_F(RaftNodeTest, ALeaderHandsOverBeforeItIsRemoved) {
  StartThree();
  EXPECT_EQ(sim.Reconfigure(kA, {Voter(kB), Voter(kC)}).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(sim.Reconfigure(kA, {Spare(kA), Voter(kB), Voter(kC)}).error().code,
            ErrorCode::kInvalid);
  sim.Transfer(kA, kB);
  ASSERT_TRUE(sim.RunUntil([&] { return LeaderIs(kB); }, 100ms)) << "without an election timeout";
  Change({Voter(kB), Voter(kC)});
  Commit("without the first");
}

TEST_F(RaftNodeTest, LeadershipGoesToAnyVoterIfNoneIsNamed) {
  StartThree();
  sim.Transfer(kA, ServerId{});
  EXPECT_TRUE(sim.RunUntil([&] { return sim.leader().has_value() && !LeaderIs(kA); }, 100ms));
  sim.Transfer(*sim.leader(), ServerId{77});
  sim.RunFor(1s);
  EXPECT_FALSE(LeaderIs(kA)) << "nobody takes over from whom it is handed to nobody";
}

TEST_F(RaftNodeTest, VotersChangeOneAtATime) {
  StartThree();
  sim.Add();
  const auto code = [&](std::vector<Server> servers) {
    return sim.Reconfigure(kA, std::move(servers)).error().code;
  };
  EXPECT_EQ(code({}), ErrorCode::kInvalid);
  EXPECT_EQ(code({Voter(kA)}), ErrorCode::kInvalid);
  EXPECT_EQ(code({Voter(kA), Voter(kB), Voter(kD)}), ErrorCode::kInvalid);
  EXPECT_EQ(code({Voter(kB), Voter(kA), Voter(kC)}), ErrorCode::kInvalid) << "not sorted";
  EXPECT_EQ(code({Voter(kA), Voter(kB), Spare(kC)}), ErrorCode::kInvalid);
  ASSERT_TRUE(sim.Reconfigure(kA, {Voter(kA), Voter(kB), Voter(kC), Voter(kD)}).ok());
  EXPECT_FALSE(sim.node(kA).configuration_committed());
  EXPECT_EQ(code({Voter(kA), Voter(kB), Voter(kC)}), ErrorCode::kUnavailable);
  sim.RunFor(1s);
  EXPECT_TRUE(sim.node(kA).configuration_committed());
  EXPECT_TRUE(sim.Reconfigure(kA, {Voter(kA), Voter(kB), Voter(kC)}).ok());
}

TEST_F(RaftNodeTest, ANewLeaderChangesNothingBeforeAnEntryOfItsTermIsCommitted) {
  StartThree();
  sim.Crash(kA);
  AwaitLeader();
  const ServerId leader = *sim.leader();
  EXPECT_EQ(sim.Reconfigure(leader, {Voter(kB), Voter(kC)}).error().code, ErrorCode::kUnavailable);
  sim.RunFor(100ms);
  EXPECT_TRUE(sim.Reconfigure(leader, {Voter(kB), Voter(kC)}).ok());
}

// Its own log may not say yet that it is a voter.
TEST_F(RaftNodeTest, AVoterThatDoesNotKnowThatItIsOneVotes) {
  sim.Add(/*founder=*/true);
  sim.Add();
  sim.RunFor(100ms);
  sim.SetReachable(kB, false);
  ASSERT_TRUE(sim.Reconfigure(kA, {Voter(kA), Voter(kB)}).ok());
  sim.RunFor(1s);
  EXPECT_FALSE(sim.node(kA).leads());
  sim.SetReachable(kB, true);
  EXPECT_TRUE(sim.RunUntil([&] { return EverywhereApplied({kA, kB}); }, 5s));
  Commit("both");
}

TEST_F(RaftNodeTest, AServerThatIsFarBehindGetsTheSnapshot) {
  StartThree();
  sim.Crash(kC);
  for (int i = 0; i < 1100; ++i) Commit(fmt::format("{}", i));
  sim.Compact(kA);
  EXPECT_GT(sim.node(kA).first_index(), 1U);
  EXPECT_EQ(sim.node(kA).last_index() - sim.node(kA).first_index() + 1, 1024U) << "the tail";
  sim.Restart(kC);
  ASSERT_TRUE(sim.RunUntil([&] { return EverywhereApplied({kA, kB, kC}); }, 5s));
  EXPECT_EQ(sim.snapshots_installed(), 1U);
  EXPECT_EQ(sim.node(kC).snapshot(), sim.node(kA).snapshot());
  sim.RunFor(100ms);
  EXPECT_EQ(sim.disk(kC).snapshot, sim.node(kA).snapshot());
  sim.Crash(kA);
  AwaitLeader();
  Commit("goes on");
}

TEST_F(RaftNodeTest, ARestartBehindASnapshotAppliesOnlyWhatFollows) {
  sim.Add(/*founder=*/true);
  for (int i = 0; i < 50; ++i) Commit(fmt::format("{}", i));
  sim.Compact(kA);
  Commit("after");
  sim.RunFor(100ms);
  EXPECT_EQ(sim.disk(kA).entries.size(), 1U) << "the store keeps no tail";
  sim.Crash(kA);
  sim.Restart(kA);
  sim.RunFor(100ms);
  EXPECT_TRUE(EverywhereApplied({kA}));
}

TEST_F(RaftNodeTest, ALargeCommandIsRefused) {
  sim.Add(/*founder=*/true);
  EXPECT_TRUE(sim.Propose(kA, Bytes(kCommandSizeMax, 'x')).ok());
  EXPECT_EQ(sim.Propose(kA, Bytes(kCommandSizeMax + 1, 'x')).error().code, ErrorCode::kTooLarge);
}

TEST_F(RaftNodeTest, TooManyUncommittedCommandsAreRefused) {
  StartThree();
  sim.SetReachable(kA, false);
  Result<LogPosition> last = LogPosition{};
  int taken = 0;
  while (taken < 5000 && (last = sim.Propose(kA, "x")).ok()) ++taken;
  EXPECT_EQ(taken, 1024);
  EXPECT_EQ(last.error().code, ErrorCode::kUnavailable);
}

TEST_F(RaftNodeTest, LargeCommandsFitIntoOneMessageWhenAServerFallsBehind) {
  StartThree();
  sim.SetReachable(kC, false);
  for (int i = 0; i < 40; ++i) Commit(Bytes(kCommandSizeMax, static_cast<char>('a' + i % 26)));
  sim.SetReachable(kC, true);
  EXPECT_TRUE(sim.RunUntil([&] { return EverywhereApplied({kA, kB, kC}); }, 10s));
}

}  // namespace
}  // namespace aegis::consensus
