#include "consensus/raft_message.h"

#include <gtest/gtest.h>

#include "base/rng.h"
#include "consensus/configuration.h"

namespace aegis::consensus {
namespace {

const std::vector<Server> kServers = {{ServerId{1}, ServerRole::kVoter},
                                      {ServerId{2}, ServerRole::kSpare}};

// One of each type, with everything that it can have.
std::vector<RaftMessage> Messages() {
  std::vector<RaftMessage> messages(6);
  for (std::size_t i = 0; i < messages.size(); ++i) {
    messages[i].type = static_cast<RaftMessageType>(i + 1);
    messages[i].term = 0x1234567;
  }
  messages[0].at = {41, 5};
  messages[0].commit = 40;
  messages[0].entries = {{{42, 5}, EntryType::kCommand, "a command"},
                         {{43, 6}, EntryType::kBarrier, {}},
                         {{44, 6}, EntryType::kConfiguration, EncodeServers(kServers)},
                         {{45, 0x1234567}, EntryType::kCommand, {}}};
  messages[1].at.index = 17;
  messages[1].rejected = 18;
  messages[2].at = {45, 6};
  messages[2].pre_vote = true;
  messages[2].disrupt_leader = true;
  messages[3].pre_vote = true;
  messages[3].granted = true;
  messages[4].at = {1000, 7};
  messages[4].snapshot = {{1000, 7}, {{900, 6}, kServers}, "the state"};
  messages[5].at = {1001, 8};
  return messages;
}

TEST(RaftMessageTest, IsReadAsItWasWritten) {
  for (const RaftMessage& message : Messages()) {
    EXPECT_EQ(DecodeRaftMessage(EncodeRaftMessage(message)).value(), message);
  }
}

TEST(RaftMessageTest, IsWrittenAsTheHeaderSays) {
  EXPECT_EQ(EncodeRaftMessage(Messages()[2]), Bytes("\1\3"
                                                    "\0\0\0\0\1\x23\x45\x67"
                                                    "\0\0\0\0\0\0\0\x2d"
                                                    "\0\0\0\0\0\0\0\6"
                                                    "\3",
                                                    27));
}

TEST(RaftMessageTest, IsRefusedWithAnyByteMissingOrAdded) {
  for (const RaftMessage& message : Messages()) {
    const Bytes encoded = EncodeRaftMessage(message);
    for (std::size_t size = 0; size < encoded.size(); ++size) {
      const Bytes cut = encoded.substr(0, size);  // On its own, so that reading on is noticed.
      EXPECT_EQ(DecodeRaftMessage(cut).error().code, ErrorCode::kMalformed);
    }
    EXPECT_EQ(DecodeRaftMessage(encoded + 'x').error().code, ErrorCode::kMalformed);
  }
}

TEST(RaftMessageTest, WithBitsFlippedIsRefusedOrAnotherMessage) {
  Rng rng(1);
  for (const RaftMessage& message : Messages()) {
    const Bytes encoded = EncodeRaftMessage(message);
    for (int round = 0; round < 20'000; ++round) {
      Bytes changed = encoded;
      for (std::uint64_t n = 1 + rng.Below(4); n > 0; --n) {
        changed[rng.Below(changed.size())] ^= static_cast<char>(1U << rng.Below(8));
      }
      const Result<RaftMessage> decoded = DecodeRaftMessage(changed);
      if (decoded.ok()) {
        EXPECT_EQ(EncodeRaftMessage(decoded.value()), changed);
      }
    }
  }
}

TEST(RaftMessageTest, HasTermsThatNeverFall) {
  RaftMessage message = Messages()[0];
  message.entries[1].at.term = 4;
  EXPECT_FALSE(DecodeRaftMessage(EncodeRaftMessage(message)).ok());
  message = Messages()[0];
  message.entries[3].at.term = message.term + 1;
  EXPECT_FALSE(DecodeRaftMessage(EncodeRaftMessage(message)).ok());
  message = Messages()[0];
  message.term = kTermMax + 1;
  EXPECT_FALSE(DecodeRaftMessage(EncodeRaftMessage(message)).ok());
  message.term = 0;
  EXPECT_FALSE(DecodeRaftMessage(EncodeRaftMessage(message)).ok());
}

TEST(RaftMessageTest, BeginsALogOnlyWithAConfiguration) {
  RaftMessage message = Messages()[0];
  message.at = {};
  message.entries = {{{1, 1}, EntryType::kCommand, "x"}};
  EXPECT_FALSE(DecodeRaftMessage(EncodeRaftMessage(message)).ok());
  message.entries = {{{1, 1}, EntryType::kConfiguration, EncodeServers(kServers)}};
  EXPECT_TRUE(DecodeRaftMessage(EncodeRaftMessage(message)).ok());
}

TEST(RaftMessageTest, HasLimits) {
  RaftMessage message = Messages()[0];
  message.entries.assign(kEntriesInFlightMax + 1, {{0, 6}, EntryType::kBarrier, {}});
  EXPECT_EQ(DecodeRaftMessage(EncodeRaftMessage(message)).error().code, ErrorCode::kTooLarge);
  message.entries.assign(kEntriesInFlightMax,
                         {{0, 6}, EntryType::kCommand, Bytes(kCommandSizeMax, 'x')});
  EXPECT_TRUE(DecodeRaftMessage(EncodeRaftMessage(message)).ok());
  message.entries.back().data += 'x';
  EXPECT_EQ(DecodeRaftMessage(EncodeRaftMessage(message)).error().code, ErrorCode::kTooLarge);
  message = Messages()[4];
  message.snapshot.state.assign(kSnapshotSizeMax, 'x');
  EXPECT_TRUE(DecodeRaftMessage(EncodeRaftMessage(message)).ok());
  message.snapshot.state += 'x';
  EXPECT_EQ(DecodeRaftMessage(EncodeRaftMessage(message)).error().code, ErrorCode::kTooLarge);
  EXPECT_EQ(DecodeRaftMessage(Bytes(kRaftMessageSizeMax + 1, '\1')).error().code,
            ErrorCode::kTooLarge);
}

}  // namespace
}  // namespace aegis::consensus
