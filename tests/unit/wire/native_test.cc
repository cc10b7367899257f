#include "wire/native.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "wire/native_error.h"

namespace aegis::wire {
namespace {

Bytes Encode(const RequestFrame& frame) {
  Bytes out;
  AppendRequest(frame, out);
  return out;
}

Bytes Encode(const ReplyFrame& frame) {
  Bytes out;
  AppendReply(frame, out);
  return out;
}

RequestFrame SampleRequest() {
  RequestFrame frame;
  frame.command = static_cast<std::uint8_t>(Command::kSet);
  frame.id = 0x0123456789abcdefU;
  frame.ttl_ms = 60'000;
  frame.version = 7;
  frame.key = "key";
  frame.value = "some value";
  return frame;
}

ReplyFrame SampleReply() {
  ReplyFrame frame;
  frame.status = ReplyStatus::kVersionConflict;
  frame.id = std::numeric_limits<std::uint64_t>::max();
  frame.ttl_ms = -1;
  frame.version = 1;
  frame.key = "k";
  frame.value = "value";
  frame.error = "INVALID no";
  frame.address = "10.0.0.1:7700";
  return frame;
}

void ExpectEqual(const RequestFrame& a, const RequestFrame& b) {
  EXPECT_EQ(a.command, b.command);
  EXPECT_EQ(a.redirect, b.redirect);
  EXPECT_EQ(a.id, b.id);
  EXPECT_EQ(a.ttl_ms, b.ttl_ms);
  EXPECT_EQ(a.version, b.version);
  EXPECT_EQ(a.key, b.key);
  EXPECT_EQ(a.value, b.value);
}

void ExpectEqual(const ReplyFrame& a, const ReplyFrame& b) {
  EXPECT_EQ(a.status, b.status);
  EXPECT_EQ(a.id, b.id);
  EXPECT_EQ(a.ttl_ms, b.ttl_ms);
  EXPECT_EQ(a.version, b.version);
  EXPECT_EQ(a.key, b.key);
  EXPECT_EQ(a.value, b.value);
  EXPECT_EQ(a.error, b.error);
  EXPECT_EQ(a.address, b.address);
}

// Overwrites the u32 at `at`.
void Patch(Bytes& frame, std::size_t at, std::uint32_t value) {
  Bytes bytes;
  AppendBigEndian(value, bytes);
  frame.replace(at, bytes.size(), bytes);
}

// What one call says about `input`: a frame's size, 0 for "more", or the error.
template <class Decoder>
std::string Verdict(const Decoder& decode, ByteView input) {
  std::size_t consumed = 99;
  const auto decoded = decode(input, consumed, nullptr);
  if (!decoded.ok()) {
    EXPECT_EQ(consumed, 0U);
    return decoded.error().message;
  }
  EXPECT_EQ(decoded.value().has_value(), consumed > 0);
  return std::to_string(consumed);
}

TEST(NativeRequestTest, WhatWasEncodedDecodes) {
  for (const bool redirect : {false, true}) {
    RequestFrame frame = SampleRequest();
    frame.redirect = redirect;
    const Bytes bytes = Encode(frame);
    std::size_t consumed = 0;
    const auto decoded = DecodeRequest(bytes, consumed);
    ASSERT_TRUE(decoded.ok()) << decoded.error().message;
    ASSERT_TRUE(decoded.value());
    EXPECT_EQ(consumed, bytes.size());
    ExpectEqual(*decoded.value(), frame);
  }
}

TEST(NativeRequestTest, ExtremeIntegersSurvive) {
  RequestFrame frame;
  frame.command = 0x7f;
  frame.redirect = true;
  frame.id = std::numeric_limits<std::uint64_t>::max();
  frame.ttl_ms = std::numeric_limits<std::int64_t>::min();
  frame.version = std::numeric_limits<std::uint64_t>::max();
  const Bytes bytes = Encode(frame);
  std::size_t consumed = 0;
  const auto decoded = DecodeRequest(bytes, consumed);
  ASSERT_TRUE(decoded.ok() && decoded.value());
  ExpectEqual(*decoded.value(), frame);
}

TEST(NativeRequestTest, EveryTruncationAsksForTheWholeFrame) {
  const Bytes bytes = Encode(SampleRequest());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    std::size_t consumed = 99;
    std::size_t needed = 0;
    const auto decoded = DecodeRequest(ByteView(bytes).substr(0, size), consumed, &needed);
    ASSERT_TRUE(decoded.ok()) << size << ": " << decoded.error().message;
    EXPECT_FALSE(decoded.value()) << size;
    EXPECT_EQ(consumed, 0U) << size;
    EXPECT_EQ(needed, size < kLengthSize ? kLengthSize : bytes.size()) << size;
  }
}

TEST(NativeRequestTest, PipelinedFramesComeOutOneByOneAtEverySplit) {
  Bytes stream;
  for (std::uint64_t id = 1; id <= 3; ++id) {
    RequestFrame frame = SampleRequest();
    frame.id = id;
    frame.value = ByteView("payload").substr(0, id);
    AppendRequest(frame, stream);
  }
  for (std::size_t split = 0; split <= stream.size(); ++split) {
    std::vector<std::uint64_t> ids;
    std::size_t at = 0;
    for (const std::size_t end : {split, stream.size()}) {
      for (;;) {
        std::size_t consumed = 0;
        const auto decoded = DecodeRequest(ByteView(stream).substr(at, end - at), consumed);
        ASSERT_TRUE(decoded.ok()) << decoded.error().message;
        if (!decoded.value()) break;
        ids.push_back(decoded.value()->id);
        at += consumed;
      }
    }
    EXPECT_EQ(ids, (std::vector<std::uint64_t>{1, 2, 3})) << "split=" << split;
    EXPECT_EQ(at, stream.size());
  }
}

TEST(NativeRequestTest, ALengthOverTheLimitFailsBeforeTheBodyArrives) {
  Bytes prefix;
  AppendBigEndian(static_cast<std::uint32_t>(limits::kFrameSizeMax + 1), prefix);
  std::size_t consumed = 0;
  const auto decoded = DecodeRequest(prefix, consumed);
  ASSERT_FALSE(decoded.ok());
  EXPECT_EQ(decoded.error().code, ErrorCode::kTooLarge);
  EXPECT_EQ(decoded.error().message, "frame of 67239937 bytes is over the limit of 67239936");
}

TEST(NativeRequestTest, AFrameExactlyAtTheLimitPasses) {
  const Bytes value(limits::kFrameSizeMax - kRequestHeaderSize - 1, 'v');
  RequestFrame frame;
  frame.command = static_cast<std::uint8_t>(Command::kExecute);
  frame.key = "k";
  frame.value = value;
  ASSERT_TRUE(Fits(frame));
  const Bytes bytes = Encode(frame);
  std::size_t consumed = 0;
  const auto decoded = DecodeRequest(bytes, consumed);
  ASSERT_TRUE(decoded.ok()) << decoded.error().message;
  ASSERT_TRUE(decoded.value());
  EXPECT_EQ(decoded.value()->value.size(), value.size());

  frame.key = "kk";
  EXPECT_FALSE(Fits(frame));
}

TEST(NativeRequestTest, KeysOverTheirOwnLimitStillDecode) {
  const Bytes key(limits::kKeySizeMax + 1, 'k');
  RequestFrame frame = SampleRequest();
  frame.key = key;
  const Bytes bytes = Encode(frame);
  std::size_t consumed = 0;
  const auto decoded = DecodeRequest(bytes, consumed);
  ASSERT_TRUE(decoded.ok() && decoded.value());
  EXPECT_EQ(decoded.value()->key.size(), limits::kKeySizeMax + 1);
}

TEST(NativeRequestTest, BadFieldsFailAsSoonAsTheyArriveWithTheReason) {
  struct Case {
    const char* name;
    std::size_t at;        // Of the byte to change,
    std::uint8_t value;    // what to,
    std::size_t known_at;  // and how many bytes must have arrived for the failure.
    const char* message;
  };
  const std::size_t whole_header = kLengthSize + kRequestHeaderSize;
  const Case cases[] = {
      {"magic", 4, 0xAF, 5, "expected magic byte 0xae, got 0xaf"},
      {"version", 5, 2, 6, "expected protocol version 1, got 2"},
      {"short length", 3, 34, 4, "a request has at least 35 bytes, its length says 34"},
      {"key length", 18, 4, whole_header,
       "the parts of a request add up to 49 bytes, its length says 48"},
      {"value length", 22, 9, whole_header,
       "the parts of a request add up to 47 bytes, its length says 48"},
      {"huge key length", 15, 0xff, whole_header,
       "the parts of a request add up to 4278190128 bytes, its length says 48"},
  };
  for (const Case& c : cases) {
    Bytes bytes = Encode(SampleRequest());
    bytes[c.at] = static_cast<char>(c.value);
    for (std::size_t size = 0; size <= bytes.size(); ++size) {
      EXPECT_EQ(Verdict(DecodeRequest, ByteView(bytes).substr(0, size)),
                size < c.known_at ? "0" : c.message)
          << c.name << ", " << size << " bytes";
    }
    std::size_t consumed = 0;
    EXPECT_EQ(DecodeRequest(bytes, consumed).error().code, ErrorCode::kMalformed) << c.name;
  }
}

TEST(NativeRequestTest, SizesThatOverflow32BitsTogetherAreMalformed) {
  Bytes bytes = Encode(SampleRequest());
  Patch(bytes, 15, 0xffff'ffffU);               // The key's size, and
  Patch(bytes, 19, std::uint32_t{3 + 10 + 1});  // the value's: 13 modulo 2^32.
  std::size_t consumed = 0;
  const auto decoded = DecodeRequest(bytes, consumed);
  ASSERT_FALSE(decoded.ok());
  EXPECT_EQ(decoded.error().code, ErrorCode::kMalformed);
}

TEST(NativeReplyTest, WhatWasEncodedDecodes) {
  const Bytes bytes = Encode(SampleReply());
  std::size_t consumed = 0;
  const auto decoded = DecodeReply(bytes, consumed);
  ASSERT_TRUE(decoded.ok()) << decoded.error().message;
  ASSERT_TRUE(decoded.value());
  EXPECT_EQ(consumed, bytes.size());
  ExpectEqual(*decoded.value(), SampleReply());
}

TEST(NativeReplyTest, EveryTruncationAsksForTheWholeFrame) {
  const Bytes bytes = Encode(SampleReply());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    std::size_t consumed = 99;
    std::size_t needed = 0;
    const auto decoded = DecodeReply(ByteView(bytes).substr(0, size), consumed, &needed);
    ASSERT_TRUE(decoded.ok()) << size << ": " << decoded.error().message;
    EXPECT_FALSE(decoded.value()) << size;
    EXPECT_EQ(consumed, 0U) << size;
    EXPECT_EQ(needed, size < kLengthSize ? kLengthSize : bytes.size()) << size;
  }
}

TEST(NativeReplyTest, EverySizeFieldCountsTowardsTheLength) {
  for (const std::size_t size_field : {15U, 19U, 39U, 43U}) {
    Bytes bytes = Encode(SampleReply());
    bytes[size_field + 3] = static_cast<char>(bytes[size_field + 3] + 1);
    EXPECT_EQ(Verdict(DecodeReply, bytes),
              "the parts of a reply add up to 73 bytes, its length says 72")
        << size_field;
  }
}

TEST(NativeReplyTest, UnknownStatusIsMalformed) {
  Bytes bytes = Encode(SampleReply());
  bytes[6] = 5;
  EXPECT_EQ(Verdict(DecodeReply, bytes), "expected a reply status from 0 to 4, got 5");
}

TEST(NativeReplyTest, ALengthOverTheLimitFailsBeforeTheBodyArrives) {
  Bytes prefix;
  AppendBigEndian(static_cast<std::uint32_t>(limits::kFrameSizeMax + 1), prefix);
  std::size_t consumed = 0;
  const auto decoded = DecodeReply(prefix, consumed);
  ASSERT_FALSE(decoded.ok());
  EXPECT_EQ(decoded.error().code, ErrorCode::kTooLarge);
}

TEST(NativeReplyTest, AReplyOverTheLimitBecomesAnError) {
  Bytes value(limits::kFrameSizeMax - kReplyHeaderSize, 'v');
  ReplyFrame frame;
  frame.id = 5;
  frame.value = value;
  EXPECT_EQ(Encode(frame).size(), kLengthSize + limits::kFrameSizeMax);

  value.push_back('v');
  frame.value = value;
  const Bytes bytes = Encode(frame);
  std::size_t consumed = 0;
  const auto decoded = DecodeReply(bytes, consumed);
  ASSERT_TRUE(decoded.ok() && decoded.value());
  EXPECT_EQ(decoded.value()->id, 5U);
  EXPECT_EQ(decoded.value()->status, ReplyStatus::kError);
  EXPECT_EQ(StatusOf(*decoded.value()), Status::kUnknownOutcome);
}

TEST(NativeTest, TheFirstByteTellsFramesFromRespCommands) {
  EXPECT_TRUE(IsNative(Encode(SampleRequest()).front()));
  EXPECT_TRUE(IsNative(static_cast<char>(limits::kFrameSizeMax >> 24U)));
  for (const char first : {'*', 'P', 'g', '\r', '\n', ' ', '\xff'}) {
    EXPECT_FALSE(IsNative(first)) << first;
  }
}

}  // namespace
}  // namespace aegis::wire
