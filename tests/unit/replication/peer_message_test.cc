#include "replication/peer_message.h"

#include <gtest/gtest.h>

#include "model/limits.h"
#include "proto/peer.pb.h"

namespace aegis::replication {
namespace {

PeerMessage Everything() {
  PeerMessage message;
  message.type = PeerMessageType::kCopyEnd;
  message.shard = ShardId{7};
  message.epoch = Epoch{9};
  message.copy_id = 3;
  message.version = {Epoch{9}, Seq{1000}};
  message.reigns = {{Epoch{8}, Session{5}, Seq{70}, Seq{75}}, {Epoch{9}, Session{6}, Seq{1000}}};
  message.records = "records";
  message.clock_ms = 1'700'000'000'123;
  message.pressure = true;
  message.hello = Hello{1, ClusterId{2}, NodeId{3}, Session{4}, "name", "refusal", Session{9}};
  return message;
}

PeerMessage EverythingOfDigests() {
  PeerMessage message;
  message.type = PeerMessageType::kDigest;
  message.shard = ShardId{7};
  message.epoch = Epoch{9};
  message.newest = {Epoch{9}, Seq{1003}};
  message.reigns = {{Epoch{9}, Session{6}, Seq{1000}}};
  message.committed = {Epoch{9}, Seq{900}};
  message.quorum_used = true;
  message.round = 5;
  message.root = 0xfedc'ba98'7654'3210;
  message.content = 5;
  message.ranges = {{0x8000'0000, HashRange::kEnd}};
  message.sums = {0, 1, ~std::uint64_t{0}};
  message.last = true;
  return message;
}

Bytes Payload(const PeerMessage& message) {
  Bytes frame;
  AppendPeerFrame(message, frame);
  return frame.substr(4);
}

void ExpectEqual(const PeerMessage& a, const PeerMessage& b) {
  EXPECT_EQ(a.type, b.type);
  EXPECT_EQ(a.shard, b.shard);
  EXPECT_EQ(a.epoch, b.epoch);
  EXPECT_EQ(a.copy_id, b.copy_id);
  EXPECT_EQ(a.version, b.version);
  EXPECT_EQ(a.reigns, b.reigns);
  EXPECT_EQ(a.newest, b.newest);
  EXPECT_EQ(a.records, b.records);
  EXPECT_EQ(a.clock_ms, b.clock_ms);
  EXPECT_EQ(a.pressure, b.pressure);
  EXPECT_EQ(a.committed, b.committed);
  EXPECT_EQ(a.quorum_used, b.quorum_used);
  EXPECT_EQ(a.round, b.round);
  EXPECT_EQ(a.root, b.root);
  EXPECT_EQ(a.content, b.content);
  EXPECT_EQ(a.ranges, b.ranges);
  EXPECT_EQ(a.sums, b.sums);
  EXPECT_EQ(a.last, b.last);
  ASSERT_EQ(a.hello.has_value(), b.hello.has_value());
  if (!a.hello) return;
  EXPECT_EQ(a.hello->protocol, b.hello->protocol);
  EXPECT_EQ(a.hello->cluster, b.hello->cluster);
  EXPECT_EQ(a.hello->node, b.hello->node);
  EXPECT_EQ(a.hello->session, b.hello->session);
  EXPECT_EQ(a.hello->name, b.hello->name);
  EXPECT_EQ(a.hello->refusal, b.hello->refusal);
  EXPECT_EQ(a.hello->memory, b.hello->memory);
}

TEST(PeerMessageTest, AReadMessageIsTheWrittenOne) {
  for (const PeerMessage& written : {Everything(), EverythingOfDigests()}) {
    const Bytes payload = Payload(written);
    const auto read = DecodePeerMessage(payload);
    ASSERT_TRUE(read.ok()) << read.error().message;
    ExpectEqual(read.value(), written);
  }
}

TEST(PeerMessageTest, NothingIsLeftOfTheMessageThatWasReadBefore) {
  PeerMessage bare;
  bare.type = PeerMessageType::kAck;
  PeerMessage message;
  for (const PeerMessage& written : {Everything(), EverythingOfDigests(), bare}) {
    const Bytes payload = Payload(written);
    ASSERT_TRUE(DecodePeerMessage(payload, message).ok());
    ExpectEqual(message, written);
  }
}

TEST(PeerMessageTest, TheBytesAreTheMessageOfTheProtoFile) {
  proto::PeerMessage parsed;
  ASSERT_TRUE(parsed.ParseFromString(Payload(Everything())));
  EXPECT_EQ(parsed.shard(), 7U);
  EXPECT_EQ(parsed.reigns(1).writer(), 6U);
  EXPECT_EQ(parsed.reigns(0).known(), 75U);
  EXPECT_EQ(parsed.hello().refusal(), "refusal");
  EXPECT_EQ(parsed.hello().memory(), 9U);
  const Bytes again = parsed.SerializeAsString();
  const auto read = DecodePeerMessage(again);
  ASSERT_TRUE(read.ok());
  ExpectEqual(read.value(), Everything());
}

TEST(PeerMessageTest, TheBytesOfDigestsAreThoseOfTheProtoFile) {
  proto::PeerMessage parsed;
  ASSERT_TRUE(parsed.ParseFromString(Payload(EverythingOfDigests())));
  EXPECT_EQ(parsed.root(), 0xfedc'ba98'7654'3210U);
  EXPECT_EQ(parsed.ranges(0).end(), HashRange::kEnd);
  EXPECT_EQ(parsed.sums(2), ~std::uint64_t{0});
  const Bytes again = parsed.SerializeAsString();
  const auto read = DecodePeerMessage(again);
  ASSERT_TRUE(read.ok());
  ExpectEqual(read.value(), EverythingOfDigests());
}

TEST(PeerMessageTest, NoTruncationIsTakenForTheWhole) {
  const Bytes payload = Payload(Everything());
  for (std::size_t size = 0; size < payload.size(); ++size) {
    const auto read = DecodePeerMessage(ByteView(payload).substr(0, size));
    // Cut between two fields it is a shorter message; it must then lack something.
    EXPECT_FALSE(read.ok() && read.value().hello && !read.value().records.empty()) << size;
  }
}

TEST(PeerMessageTest, FieldsOutOfRangeAreMalformed) {
  const auto refused = [](auto change) {
    PeerMessage message = Everything();
    change(message);
    const Bytes payload = Payload(message);
    return !DecodePeerMessage(payload).ok();
  };
  EXPECT_TRUE(refused([](PeerMessage& m) { m.type = PeerMessageType{0}; }));
  EXPECT_TRUE(refused([](PeerMessage& m) { m.type = PeerMessageType{14}; }));
  EXPECT_TRUE(refused([](PeerMessage& m) { m.shard = ShardId{limits::kShardsMax}; }));
  EXPECT_TRUE(refused([](PeerMessage& m) { m.epoch = Epoch{Version::kEpochMax + 1}; }));
  EXPECT_TRUE(refused([](PeerMessage& m) { std::swap(m.reigns[0], m.reigns[1]); }));
  EXPECT_TRUE(refused([](PeerMessage& m) { m.reigns[0].seq = Seq{}; }));
  EXPECT_TRUE(refused([](PeerMessage& m) { m.clock_ms = -1; }));
  EXPECT_TRUE(refused([](PeerMessage& m) { m.clock_ms = limits::kUnixMsMax + 1; }));
  EXPECT_TRUE(refused([](PeerMessage& m) { m.reigns[0].known = m.reigns[0].seq; }));
  EXPECT_TRUE(refused([](PeerMessage& m) {
    m.type = PeerMessageType::kHello;
    m.hello.reset();
  }));
  EXPECT_FALSE(refused([](PeerMessage&) {}));
}

TEST(PeerMessageTest, DigestsWithoutAPositionOrARangeAreMalformed) {
  const auto refused = [](auto change) {
    PeerMessage message = EverythingOfDigests();
    change(message);
    const Bytes payload = Payload(message);
    return !DecodePeerMessage(payload).ok();
  };
  EXPECT_TRUE(refused([](PeerMessage& m) { m.type = PeerMessageType{19}; }));
  EXPECT_TRUE(refused([](PeerMessage& m) { m.type = PeerMessageType{24}; }));
  EXPECT_TRUE(refused([](PeerMessage& m) { m.reigns.clear(); }));
  EXPECT_TRUE(refused([](PeerMessage& m) { m.ranges.clear(); }));
  EXPECT_TRUE(refused([](PeerMessage& m) { m.ranges.emplace_back(); }));
  EXPECT_TRUE(refused([](PeerMessage& m) { m.ranges[0] = {5, 5}; }));
  EXPECT_TRUE(refused([](PeerMessage& m) { m.ranges[0].end = HashRange::kEnd + 1; }));
  EXPECT_TRUE(refused([](PeerMessage& m) { m.sums.resize(limits::kDigestBucketsMax + 1); }));
  EXPECT_TRUE(refused([](PeerMessage& m) {
    m.type = PeerMessageType::kDigestQuestion;
    m.ranges.resize(limits::kDigestRangesMax + 1);
  }));
  EXPECT_FALSE(refused([](PeerMessage& m) { m.type = PeerMessageType::kDigestSums; }));
  EXPECT_FALSE(refused([](PeerMessage& m) {
    m.type = PeerMessageType::kDigestQuestion;
    m.reigns.clear();
    m.ranges.clear();
  }));
}

TEST(PeerMessageTest, TheFrameSizeIsKnownFromItsFirstFourBytes) {
  Bytes frame;
  AppendPeerFrame(Everything(), frame);
  for (std::size_t size = 0; size < 4; ++size) {
    EXPECT_EQ(PeerFrameSize(ByteView(frame).substr(0, size)).value(), 0U);
  }
  EXPECT_EQ(PeerFrameSize(ByteView(frame).substr(0, 4)).value(), frame.size());
  Bytes huge;
  AppendBigEndian(static_cast<std::uint32_t>(limits::kPeerFrameSizeMax + 1), huge);
  EXPECT_EQ(PeerFrameSize(huge).error().code, ErrorCode::kTooLarge);
}

}  // namespace
}  // namespace aegis::replication
