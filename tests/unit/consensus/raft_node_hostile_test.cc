// A RaftNode whose peers are broken: bytes that are no messages, and messages that nobody who keeps
// to the protocol would send. It may be misled, but not brought down.

#include <gtest/gtest.h>

#include "lone_node.h"

namespace aegis::consensus {
namespace {

using namespace std::chrono_literals;

RaftMessage Heartbeat(Term term) {
  RaftMessage message;
  message.type = RaftMessageType::kAppendEntries;
  message.term = term;
  message.at = {3, 2};
  return message;
}

TEST(RaftNodeHostileTest, WhatIsNoMessageChangesNothing) {
  LoneNode victim;
  Rng rng(1);
  for (int i = 0; i < 10'000; ++i) {
    Bytes noise(rng.Below(80), '\0');
    for (char& c : noise) c = static_cast<char>(rng.Below(256));
    EXPECT_EQ(victim.Receive(kPeer, noise).error().code, ErrorCode::kMalformed);
  }
  EXPECT_EQ(victim.node().term(), 2U);
  EXPECT_TRUE(victim.sent().empty());
}

TEST(RaftNodeHostileTest, NobodySpeaksForThisServer) {
  LoneNode victim;
  EXPECT_FALSE(victim.Receive(kSelf, Heartbeat(3)).ok());
  EXPECT_FALSE(victim.Receive(ServerId{}, Heartbeat(3)).ok());
  EXPECT_EQ(victim.node().term(), 2U);
}

TEST(RaftNodeHostileTest, ALeaderRefusesAnotherOfItsTerm) {
  LoneNode victim;
  victim.Win();
  EXPECT_EQ(victim.Receive(kPeer, Heartbeat(victim.node().term())).error().code,
            ErrorCode::kMalformed);
  RaftMessage install;
  install.type = RaftMessageType::kInstallSnapshot;
  install.term = victim.node().term();
  install.at = {100, 2};
  install.snapshot = {{100, 2}, {{1, 1}, {{kPeer, ServerRole::kVoter}}}, "x"};
  EXPECT_EQ(victim.Receive(kPeer, install).error().code, ErrorCode::kMalformed);
  EXPECT_TRUE(victim.node().leads());
}

TEST(RaftNodeHostileTest, WhatIsCommittedIsNotReplaced) {
  LoneNode victim;
  RaftMessage heartbeat = Heartbeat(3);
  heartbeat.commit = 3;
  ASSERT_TRUE(victim.Receive(kPeer, heartbeat).ok());
  ASSERT_EQ(victim.node().commit_index(), 3U);

  RaftMessage replaces = Heartbeat(4);
  replaces.at = {2, 1};
  replaces.entries = {{{3, 4}, EntryType::kCommand, "another"}};
  EXPECT_EQ(victim.Receive(kOther, replaces).error().code, ErrorCode::kMalformed);
  RaftMessage follows = Heartbeat(4);
  follows.at = {3, 3};
  EXPECT_EQ(victim.Receive(kOther, follows).error().code, ErrorCode::kMalformed);
  RaftMessage install;
  install.type = RaftMessageType::kInstallSnapshot;
  install.term = 4;
  install.at = {3, 4};
  install.snapshot = {{3, 4}, {{1, 1}, {{kPeer, ServerRole::kVoter}}}, "x"};
  EXPECT_EQ(victim.Receive(kOther, install).error().code, ErrorCode::kMalformed);
  EXPECT_EQ(victim.node().At(3)->data, "b");
}

// Messages of a group's life with random bits flipped, to a follower, candidate or leader.
TEST(RaftNodeHostileTest, FlippedBitsBringNothingDown) {
  std::uint64_t taken = 0;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    Rng rng(seed);
    LoneNode victim(ThreeVoters(), seed);
    std::vector<Bytes> real = {EncodeRaftMessage(Heartbeat(2)), EncodeRaftMessage(Heartbeat(3))};
    RaftMessage append = Heartbeat(3);
    append.entries = {{{4, 3}, EntryType::kCommand, "c"},
                      {{5, 3}, EntryType::kConfiguration, ThreeVoters().entries[0].data},
                      {{6, 3}, EntryType::kBarrier, {}}};
    append.commit = 5;
    real.push_back(EncodeRaftMessage(append));
    RaftMessage install;
    install.type = RaftMessageType::kInstallSnapshot;
    install.term = 3;
    install.at = {9, 3};
    install.snapshot = {{9, 3}, {{1, 1}, {{kSelf, ServerRole::kVoter}}}, "state"};
    real.push_back(EncodeRaftMessage(install));
    RaftMessage result;
    result.type = RaftMessageType::kAppendEntriesResult;
    result.term = 3;
    result.at.index = 3;
    real.push_back(EncodeRaftMessage(result));
    result.rejected = 4;
    real.push_back(EncodeRaftMessage(result));
    RaftMessage handover;
    handover.term = 3;
    handover.at = {3, 2};
    real.push_back(EncodeRaftMessage(handover));
    if (seed % 3 == 0) victim.Win();
    for (int i = 0; i < 200; ++i) {
      // What it sends itself comes back at it as well, as if from a peer.
      const std::vector<Bytes>& source =
          victim.sent().empty() || rng.Chance(0.5) ? real : victim.sent();
      Bytes message = source[rng.Below(source.size())];
      for (std::uint64_t n = rng.Below(3); n > 0; --n) {
        message[rng.Below(message.size())] ^= static_cast<char>(1U << rng.Below(8));
      }
      taken += victim.Receive(rng.Chance(0.5) ? kPeer : kOther, message).ok() ? 1 : 0;
      if (rng.Chance(0.1)) victim.Wait(std::chrono::milliseconds(rng.Below(500)));
      if (victim.node().leads() && rng.Chance(0.3)) {
        victim.Do([&](Effects& effects) {
          static_cast<void>(victim.node().Propose("d", victim.now(), effects).ok());
        });
      }
      if (rng.Chance(0.02)) {
        victim.Do([&](Effects& effects) { victim.node().Compact("state", victim.now(), effects); });
      }
    }
  }
  EXPECT_GT(taken, 5'000U);
}

}  // namespace
}  // namespace aegis::consensus
