// What RaftNode does differently from libraft 0.22, on which it stands.

#include <gtest/gtest.h>

#include <algorithm>

#include "lone_node.h"

namespace aegis::consensus {
namespace {

using namespace std::chrono_literals;

RaftMessage Append(Term term, LogPosition before, std::vector<Entry> entries = {}) {
  RaftMessage message;
  message.type = RaftMessageType::kAppendEntries;
  message.term = term;
  message.at = before;
  message.entries = std::move(entries);
  return message;
}

Entry Change(LogPosition at, std::vector<ServerId> voters) {
  std::vector<Server> servers;
  for (const ServerId id : voters) servers.push_back({id, ServerRole::kVoter});
  return {at, EntryType::kConfiguration, EncodeServers(servers)};
}

RaftMessage TimeoutNow(Term term, LogPosition last) {
  RaftMessage message;
  message.type = RaftMessageType::kTimeoutNow;
  message.term = term;
  message.at = last;
  return message;
}

Persisted LoneVoter() {
  Persisted persisted = RaftNode::Birth(kSelf);
  persisted.hard_state.voted_for = kSelf;
  return persisted;
}

TEST(RaftNodeLibraftTest, ALoneVoterThatWasDeposedLeadsANewTerm) {
  LoneNode lone(LoneVoter());
  ASSERT_TRUE(lone.node().leads());
  const LogPosition last = lone.node().At(lone.node().last_index())->at;
  ASSERT_TRUE(lone.Receive(kPeer, Append(9, last)).ok());
  ASSERT_FALSE(lone.node().leads());
  ASSERT_EQ(lone.node().term(), 9U);
  lone.Wait(1s);
  EXPECT_TRUE(lone.node().leads());
  EXPECT_EQ(lone.node().term(), 10U);
}

TEST(RaftNodeLibraftTest, ALoneVoterThatIsToTakeOverLeadsANewTerm) {
  LoneNode lone(LoneVoter());
  const LogPosition last = lone.node().At(lone.node().last_index())->at;
  ASSERT_TRUE(lone.Receive(kPeer, Append(9, last)).ok());
  ASSERT_TRUE(lone.Receive(kPeer, TimeoutNow(9, last)).ok());
  EXPECT_FALSE(lone.node().leads()) << "of term 9, which the sender leads";
  lone.Wait(1s);
  EXPECT_TRUE(lone.node().leads());
  EXPECT_GT(lone.node().term(), 9U);
}

TEST(RaftNodeLibraftTest, ACandidateWhoIsBehindLearnsTheTerm) {
  Persisted persisted = ThreeVoters();
  persisted.hard_state.term = 8;
  LoneNode voter(persisted);
  RaftMessage request;
  request.type = RaftMessageType::kRequestVote;
  request.term = 6;
  request.at = {100, 5};
  request.pre_vote = true;
  ASSERT_TRUE(voter.Receive(kPeer, request).ok());
  EXPECT_FALSE(voter.LastSent().granted);
  EXPECT_EQ(voter.LastSent().term, 8U);
  const Bytes refusal = voter.sent().back();

  // And the candidate takes it over, so that its next attempt succeeds.
  persisted.hard_state.term = 5;
  LoneNode candidate(persisted);
  candidate.Wait(1s);
  ASSERT_TRUE(candidate.Receive(kPeer, refusal).ok());
  EXPECT_EQ(candidate.node().term(), 8U);
}

TEST(RaftNodeLibraftTest, AnElectionThatFailedBeginsWithAPreVoteAgain) {
  LoneNode candidate;
  candidate.Wait(1s);
  RaftMessage vote;
  vote.type = RaftMessageType::kRequestVoteResult;
  vote.term = 3;
  vote.pre_vote = true;
  vote.granted = true;
  ASSERT_TRUE(candidate.Receive(kPeer, vote).ok());
  ASSERT_EQ(candidate.node().term(), 3U);
  for (int i = 0; i < 10; ++i) {
    candidate.Wait(1s);
    EXPECT_TRUE(candidate.LastSent().pre_vote);
  }
  EXPECT_EQ(candidate.node().term(), 3U);
}

TEST(RaftNodeLibraftTest, ALeaderWhoBeginsBeforeTheSnapshotIsToldWhereItEnds) {
  Persisted persisted;
  persisted.hard_state = {2, {}};
  persisted.snapshot = {
      {100, 2}, {{1, 1}, {{kSelf, ServerRole::kVoter}, {kPeer, ServerRole::kVoter}}}, "state"};
  persisted.entries = {{{101, 2}, EntryType::kCommand, "x"}};
  LoneNode follower(persisted);
  for (const LogPosition before : {LogPosition{99, 2}, LogPosition{40, 1}, LogPosition{}}) {
    SCOPED_TRACE(before.index);
    RaftMessage append = Append(3, before);
    append.entries.push_back(Change({before.index + 1, 2}, {kSelf, kPeer}));
    ASSERT_TRUE(follower.Receive(kPeer, append).ok());
    EXPECT_EQ(follower.LastSent().type, RaftMessageType::kAppendEntriesResult);
    EXPECT_EQ(follower.LastSent().rejected, 0U);
    EXPECT_EQ(follower.LastSent().at.index, 100U);
    EXPECT_EQ(follower.node().last_index(), 101U);
  }
}

TEST(RaftNodeLibraftTest, AConfigurationAmongOtherEntriesIsTakenBackWithThem) {
  LoneNode follower;
  ASSERT_TRUE(
      follower
          .Receive(kPeer,
                   Append(3, {3, 2}, {{{4, 3}, EntryType::kCommand, "c"}, Change({5, 3}, {kSelf})}))
          .ok());
  ASSERT_EQ(follower.node().configuration().servers.size(), 1U);
  ASSERT_TRUE(
      follower.Receive(kOther, Append(4, {4, 3}, {{{5, 4}, EntryType::kBarrier, {}}})).ok());
  EXPECT_EQ(follower.node().configuration().servers.size(), 3U);
  // Alone it would lead; as one of three it has to ask.
  follower.Wait(1s);
  EXPECT_FALSE(follower.node().leads());
  EXPECT_EQ(follower.LastSent().type, RaftMessageType::kRequestVote);
}

TEST(RaftNodeLibraftTest, OnlyTheLastOfSeveralConfigurationsIsTakenBack) {
  LoneNode follower;
  ASSERT_TRUE(follower
                  .Receive(kPeer, Append(3, {3, 2},
                                         {Change({4, 3}, {kSelf, kPeer}), Change({5, 3}, {kSelf})}))
                  .ok());
  ASSERT_TRUE(follower.Receive(kPeer, Append(4, {4, 3}, {{{5, 4}, EntryType::kBarrier, {}}})).ok());
  EXPECT_EQ(follower.node().configuration().servers.size(), 2U);
  follower.sent().clear();
  follower.Wait(1s);
  EXPECT_EQ(follower.sent().size(), 1U) << "it asks the one other voter, not those of before";
}

TEST(RaftNodeLibraftTest, AnEntryThatReplacesOneBeingStoredWaits) {
  RaftNode node(kSelf, {}, ThreeVoters(), Rng(1), TimePoint{});
  Effects effects;
  node.Start(TimePoint{}, effects);
  const auto receive = [&](ServerId from, const RaftMessage& message) {
    effects.Clear();
    return node.OnMessage(from, EncodeRaftMessage(message), TimePoint{}, effects).ok();
  };
  ASSERT_TRUE(receive(kPeer, Append(3, {3, 2}, {{{4, 3}, EntryType::kCommand, "old"}})));
  ASSERT_EQ(effects.append.size(), 1U);
  const RaftMessage replaces = Append(4, {3, 2}, {{{4, 4}, EntryType::kCommand, "new"}});
  ASSERT_TRUE(receive(kOther, replaces));
  EXPECT_TRUE(effects.append.empty());
  effects.Clear();
  node.OnPersisted(0, 4, TimePoint{}, effects);
  ASSERT_TRUE(receive(kOther, replaces));
  EXPECT_EQ(effects.truncate_from, 4U);
  ASSERT_EQ(effects.append.size(), 1U);
  EXPECT_EQ(effects.append[0].data, "new");
}

TEST(RaftNodeLibraftTest, ASnapshotWaitsForEntriesThatAreBeingStored) {
  RaftNode node(kSelf, {}, ThreeVoters(), Rng(1), TimePoint{});
  Effects effects;
  node.Start(TimePoint{}, effects);
  RaftMessage install;
  install.type = RaftMessageType::kInstallSnapshot;
  install.term = 4;
  install.at = {50, 4};
  install.snapshot = {{50, 4}, {{1, 1}, {{kSelf, ServerRole::kVoter}}}, "state"};
  const auto receive = [&](const RaftMessage& message) {
    effects.Clear();
    return node.OnMessage(kPeer, EncodeRaftMessage(message), TimePoint{}, effects).ok();
  };
  ASSERT_TRUE(receive(Append(3, {3, 2}, {{{4, 3}, EntryType::kCommand, "old"}})));
  ASSERT_TRUE(receive(install));
  EXPECT_FALSE(effects.snapshot.has_value());
  effects.Clear();
  node.OnPersisted(0, 4, TimePoint{}, effects);
  ASSERT_TRUE(receive(install));
  EXPECT_EQ(effects.snapshot, install.snapshot);
  EXPECT_EQ(effects.restore, "state");
  EXPECT_EQ(node.last_index(), 50U);
  EXPECT_EQ(node.commit_index(), 50U);
  // It is acknowledged when it is durable, and not before.
  EXPECT_TRUE(effects.mail.empty());
  effects.Clear();
  node.OnPersisted(50, 0, TimePoint{}, effects);
  ASSERT_EQ(effects.mail.size(), 1U);
  EXPECT_EQ(DecodeRaftMessage(effects.mail[0].message).value().at.index, 50U);
}

// To libraft that one is to be probed, no more often than with heartbeats, until it has
// acknowledged something new.
TEST(RaftNodeLibraftTest, AFollowerThatIsBackIsSentTheNextEntryAtOnce) {
  LoneNode lone;
  lone.Win();
  const auto heartbeats = [&](int count, std::vector<ServerId> answering) {
    for (int i = 0; i < count; ++i) {
      lone.Wait(60ms);
      for (const ServerId from : answering) {
        RaftMessage result;
        result.type = RaftMessageType::kAppendEntriesResult;
        result.term = lone.node().term();
        result.at.index = lone.node().last_index();
        ASSERT_TRUE(lone.Receive(from, result).ok());
      }
    }
  };
  heartbeats(3, {kPeer, kOther});
  heartbeats(10, {kPeer});
  heartbeats(3, {kPeer, kOther});
  lone.Wait(2ms);
  lone.sent().clear();
  lone.Do(
      [&](Effects& effects) { ASSERT_TRUE(lone.node().Propose("c", lone.now(), effects).ok()); });
  const auto with_entries = std::ranges::count_if(lone.sent(), [](const Bytes& message) {
    return !DecodeRaftMessage(message).value().entries.empty();
  });
  EXPECT_EQ(with_entries, 2);
}

}  // namespace
}  // namespace aegis::consensus
