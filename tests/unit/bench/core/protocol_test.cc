#include "bench/core/protocol.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "model/limits.h"
#include "wire/native.h"

namespace aegis::bench {
namespace {

using enum ReplyKind;

Bytes Get(Protocol protocol, std::uint64_t id = 0) {
  Bytes out;
  AppendGet(protocol, id, "key", out);
  return out;
}

Bytes Set(Protocol protocol, ByteView value, std::int64_t ttl_ms) {
  Bytes out;
  AppendSet(protocol, 9, "key", value, ttl_ms, out);
  return out;
}

Bytes Native(const wire::ReplyFrame& frame) {
  Bytes out;
  wire::AppendReply(frame, out);
  return out;
}

Reply Scanned(Protocol protocol, ByteView input) {
  const auto scanned = ScanReply(protocol, input);
  EXPECT_TRUE(scanned.ok());
  EXPECT_TRUE(scanned.ok() && scanned.value()) << input;
  return scanned.ok() && scanned.value() ? *scanned.value() : Reply();
}

bool IsMalformed(Protocol protocol, ByteView input) {
  const auto scanned = ScanReply(protocol, input);
  return !scanned.ok() && scanned.error().code == ErrorCode::kMalformed;
}

TEST(ProtocolTest, NamesAreReadAsTheyAreWritten) {
  for (const Protocol each : {Protocol::kResp, Protocol::kMemcached, Protocol::kNative}) {
    EXPECT_EQ(ReadProtocol(NameOf(each)), each);
  }
  EXPECT_EQ(ReadProtocol("http"), std::nullopt);
}

TEST(ProtocolTest, RequestsAreThoseOfTheirProtocols) {
  EXPECT_EQ(Get(Protocol::kResp), "*2\r\n$3\r\nGET\r\n$3\r\nkey\r\n");
  EXPECT_EQ(Set(Protocol::kResp, "", 0), "*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$0\r\n\r\n");
  EXPECT_EQ(Set(Protocol::kResp, "v\r\n", 1500),
            "*5\r\n$3\r\nSET\r\n$3\r\nkey\r\n$3\r\nv\r\n\r\n$2\r\nPX\r\n$4\r\n1500\r\n");
  EXPECT_EQ(Get(Protocol::kMemcached), "get key\r\n");
  EXPECT_EQ(Set(Protocol::kMemcached, "value", 0), "set key 0 0 5\r\nvalue\r\n");
}

TEST(ProtocolTest, MemcachedTtlsAreRoundedUpForNoneMeansNever) {
  EXPECT_EQ(Set(Protocol::kMemcached, "v", 1), "set key 0 1 1\r\nv\r\n");
  EXPECT_EQ(Set(Protocol::kMemcached, "v", 1000), "set key 0 1 1\r\nv\r\n");
  EXPECT_EQ(Set(Protocol::kMemcached, "v", 1001), "set key 0 2 1\r\nv\r\n");
}

TEST(ProtocolTest, NativeRequestsAreFramesWithTheirId) {
  std::size_t consumed = 0;
  const Bytes get = Get(Protocol::kNative, 7);
  const auto request = wire::DecodeRequest(get, consumed);
  ASSERT_TRUE(request.ok() && request.value());
  EXPECT_EQ(request.value()->command, static_cast<std::uint8_t>(wire::Command::kGet));
  EXPECT_EQ(request.value()->id, 7U);
  EXPECT_EQ(request.value()->key, "key");
  const Bytes set = Set(Protocol::kNative, "v", 1500);
  const auto write = wire::DecodeRequest(set, consumed);
  ASSERT_TRUE(write.ok() && write.value());
  EXPECT_EQ(write.value()->command, static_cast<std::uint8_t>(wire::Command::kSet));
  EXPECT_EQ(write.value()->id, 9U);
  EXPECT_EQ(write.value()->ttl_ms, 1500);
  EXPECT_EQ(write.value()->value, "v");
}

struct Case {
  Protocol protocol;
  Bytes bytes;
  ReplyKind kind;
  Bytes value;
  Bytes text;
};

std::vector<Case> Cases() {
  return {
      {Protocol::kResp, "$5\r\nva\r\nl\r\n", kValue, "va\r\nl", ""},
      {Protocol::kResp, "$0\r\n\r\n", kValue, "", ""},
      {Protocol::kResp, "$-1\r\n", kMissing, "", "-1"},
      {Protocol::kResp, "_\r\n", kMissing, "", ""},
      {Protocol::kResp, "+OK\r\n", kStored, "", "OK"},
      {Protocol::kResp, "+QUEUED\r\n", kOther, "", "QUEUED"},
      {Protocol::kResp, ":1\r\n", kOther, "", ":1"},
      {Protocol::kResp, "-OOM no room\r\n", kError, "", "OOM no room"},
      {Protocol::kMemcached, "VALUE key 0 5\r\nEND\r\n\r\nEND\r\n", kValue, "END\r\n", ""},
      {Protocol::kMemcached, "VALUE key 0 0\r\n\r\nEND\r\n", kValue, "", ""},
      {Protocol::kMemcached, "END\r\n", kMissing, "", "END"},
      {Protocol::kMemcached, "STORED\r\n", kStored, "", "STORED"},
      {Protocol::kMemcached, "NOT_STORED\r\n", kOther, "", "NOT_STORED"},
      {Protocol::kMemcached, "ERROR\r\n", kError, "", "ERROR"},
      {Protocol::kMemcached, "SERVER_ERROR out of memory\r\n", kError, "",
       "SERVER_ERROR out of memory"},
      {Protocol::kNative, Native({.id = 3, .value = "value"}), kDone, "value", ""},
      {Protocol::kNative, Native({.status = wire::ReplyStatus::kNotFound, .id = 3}), kMissing, "",
       ""},
      {Protocol::kNative,
       Native({.status = wire::ReplyStatus::kError, .id = 3, .error = "OOM no room"}), kError, "",
       "OOM no room"},
      {Protocol::kNative,
       Native({.status = wire::ReplyStatus::kRedirect, .id = 3, .address = "host:1"}), kOther, "",
       "REDIRECT"},
      {Protocol::kNative, Native({.status = wire::ReplyStatus::kVersionConflict, .id = 3}), kOther,
       "", "VERSION_CONFLICT"},
  };
}

TEST(ScanReplyTest, EveryReplyIsReadAndEndsWhereItEnds) {
  for (const Case& each : Cases()) {
    const Bytes with_more = each.bytes + each.bytes;
    const Reply reply = Scanned(each.protocol, with_more);
    EXPECT_EQ(reply.kind, each.kind) << each.bytes;
    EXPECT_EQ(reply.value, each.value) << each.bytes;
    EXPECT_EQ(reply.text, each.text) << each.bytes;
    EXPECT_EQ(reply.consumed, each.bytes.size()) << each.bytes;
    EXPECT_EQ(reply.id, each.protocol == Protocol::kNative ? 3U : 0U);
  }
}

TEST(ScanReplyTest, AReplyIsIncompleteAtEverySplit) {
  for (const Case& each : Cases()) {
    for (std::size_t size = 0; size < each.bytes.size(); ++size) {
      const auto scanned = ScanReply(each.protocol, ByteView(each.bytes).substr(0, size));
      ASSERT_TRUE(scanned.ok()) << each.bytes << " cut at " << size;
      EXPECT_FALSE(scanned.value()) << each.bytes << " cut at " << size;
    }
  }
}

TEST(ScanReplyTest, WhatIsNoReplyIsMalformed) {
  for (const char* bytes : {"hello\r\n", "\r\n", "$x\r\n", "$-2\r\n", "$3\r\nabcde", "+OK\n",
                            "*1\r\n", "$99999999999\r\n"}) {
    EXPECT_TRUE(IsMalformed(Protocol::kResp, bytes)) << bytes;
  }
  for (const char* bytes : {"+OK\r\n", "\r\n", "VALUE key 0 x\r\n", "VALUE \r\n", "STORED\n",
                            "VALUE key 0 1\r\nab\r\nEND\r\n", "VALUE key 0 1\r\na\r\nEN.\r\n"}) {
    EXPECT_TRUE(IsMalformed(Protocol::kMemcached, bytes)) << bytes;
  }
  EXPECT_TRUE(IsMalformed(Protocol::kNative, Bytes(64, '\1')));
  EXPECT_TRUE(IsMalformed(Protocol::kResp, Bytes(64 * 1024, '+'))) << "a line has a limit";
}

TEST(WrongWithTest, AReplyFitsItsCallOrSaysWhyNot) {
  struct {
    ReplyKind kind;
    const char* to_get;
    const char* to_set;
  } const cases[] = {
      {kDone, "", ""},
      {kValue, "", "a value for a SET"},
      {kMissing, "", "nothing found for a SET"},
      {kStored, "stored for a GET", ""},
      {kError, "its text", "its text"},
      {kOther, "its text", "its text"},
  };
  for (const auto& each : cases) {
    const Reply reply{.kind = each.kind, .text = "its text"};
    EXPECT_EQ(WrongWith(reply, true), each.to_get);
    EXPECT_EQ(WrongWith(reply, false), each.to_set);
  }
  EXPECT_EQ(WrongWith({.kind = kError}, true), "an error without a text");
}

}  // namespace
}  // namespace aegis::bench
