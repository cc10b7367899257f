#include "replication/record.h"

#include <gtest/gtest.h>

#include "model/limits.h"

namespace aegis::replication {
namespace {

Record SetRecord() {
  Record record;
  record.type = RecordType::kSet;
  record.version = {Epoch{3}, Seq{9}};
  record.argument = 1'700'000'000'000;
  record.client_flags = 5;
  record.key = "key";
  record.value = "value";
  return record;
}

TEST(RecordTest, AReadRecordIsTheWrittenOne) {
  Bytes bytes;
  AppendRecord(SetRecord(), bytes);
  ByteView rest = bytes;
  const auto read = TakeRecord(rest);
  ASSERT_TRUE(read.ok() && read.value());
  EXPECT_TRUE(rest.empty());
  EXPECT_EQ(read.value()->type, RecordType::kSet);
  EXPECT_EQ(read.value()->version, (Version{Epoch{3}, Seq{9}}));
  EXPECT_EQ(read.value()->argument, 1'700'000'000'000U);
  EXPECT_EQ(read.value()->client_flags, 5U);
  EXPECT_EQ(read.value()->key, "key");
  EXPECT_EQ(read.value()->value, "value");
  EXPECT_FALSE(read.value()->joined);
}

TEST(RecordTest, ARecordMayBeJoinedToThoseBehindIt) {
  Record record = SetRecord();
  record.joined = true;
  Bytes bytes;
  AppendRecord(record, bytes);
  ByteView rest = bytes;
  EXPECT_TRUE(TakeRecord(rest).value()->joined);
  bytes[5] = 2;
  rest = bytes;
  EXPECT_FALSE(TakeRecord(rest).ok());
}

TEST(RecordTest, AVersionTravelsInTheValue) {
  const Bytes encoded = EncodeVersion({Epoch{4}, Seq{77}});
  Record record;
  record.value = encoded;
  EXPECT_EQ(record.value_as_version(), (Version{Epoch{4}, Seq{77}}));
  EXPECT_EQ(record.known(), Version{});
}

TEST(RecordTest, ABeginningMayTellWhatIsKnownToBeMissing) {
  const Bytes encoded = EncodeVersion({Epoch{4}, Seq{77}}) + EncodeVersion({Epoch{4}, Seq{80}});
  Record record;
  record.value = encoded;
  EXPECT_EQ(record.value_as_version(), (Version{Epoch{4}, Seq{77}}));
  EXPECT_EQ(record.known(), (Version{Epoch{4}, Seq{80}}));
}

TEST(RecordTest, NothingFollowsTheLastRecord) {
  ByteView empty;
  const auto read = TakeRecord(empty);
  ASSERT_TRUE(read.ok());
  EXPECT_FALSE(read.value());
}

TEST(RecordTest, EveryTruncationIsMalformed) {
  Bytes bytes;
  AppendRecord(SetRecord(), bytes);
  for (std::size_t size = 1; size < bytes.size(); ++size) {
    ByteView rest = ByteView(bytes).substr(0, size);
    const auto read = TakeRecord(rest);
    ASSERT_FALSE(read.ok()) << size;
    EXPECT_EQ(read.error().code, ErrorCode::kMalformed);
  }
}

TEST(RecordTest, AnUnknownTypeIsMalformed) {
  for (const char type : {'\0', '\x9', '\xff'}) {
    Bytes bytes;
    AppendRecord(SetRecord(), bytes);
    bytes[4] = type;
    ByteView rest = bytes;
    EXPECT_FALSE(TakeRecord(rest).ok());
  }
}

TEST(RecordTest, ASetWithoutAKeyAndATrimWithOneAreMalformed) {
  Record record = SetRecord();
  record.key = {};
  Bytes bytes;
  AppendRecord(record, bytes);
  ByteView rest = bytes;
  EXPECT_FALSE(TakeRecord(rest).ok());

  record = SetRecord();
  record.type = RecordType::kTrim;
  bytes.clear();
  AppendRecord(record, bytes);
  rest = bytes;
  EXPECT_FALSE(TakeRecord(rest).ok());
}

TEST(RecordTest, AKeySizeBeyondTheRecordIsMalformed) {
  Bytes bytes;
  AppendRecord(SetRecord(), bytes);
  bytes[28] = 100;  // The low byte of the key's size.
  ByteView rest = bytes;
  EXPECT_FALSE(TakeRecord(rest).ok());
}

}  // namespace
}  // namespace aegis::replication
