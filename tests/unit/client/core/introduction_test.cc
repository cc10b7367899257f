#include "client/core/introduction.h"

#include <gtest/gtest.h>

#include "wire/native_error.h"

namespace aegis::client {
namespace {

using Kind = Introduction::Kind;
using Decoded = Result<std::optional<wire::ReplyFrame>>;

const wire::Identity kWho{ClusterId{7}, NodeId{2}, "two"};

wire::ReplyFrame Refusal(ByteView error) {
  wire::ReplyFrame frame;
  frame.status = wire::ReplyStatus::kError;
  frame.error = error;
  return frame;
}

Introduction Read(const wire::ReplyFrame& frame) {
  return ReadIntroduction(Decoded(std::optional(frame)), "");
}

// What comes from something that speaks another protocol.
Introduction ReadRaw(ByteView bytes) {
  std::size_t consumed = 0;
  return ReadIntroduction(wire::DecodeReply(bytes, consumed), bytes);
}

TEST(IntroductionTest, RequestIsIdentifyWithIdZero) {
  Bytes bytes;
  AppendIntroductionRequest(bytes);
  std::size_t consumed = 0;
  const auto request = wire::DecodeRequest(bytes, consumed);
  ASSERT_TRUE(request.ok() && request.value().has_value());
  EXPECT_EQ(consumed, bytes.size());
  EXPECT_EQ(request.value()->command, static_cast<std::uint8_t>(wire::Command::kIdentify));
  EXPECT_EQ(request.value()->id, 0U);
}

TEST(IntroductionTest, AnswerNamesTheNode) {
  Bytes value;
  wire::AppendIdentity(kWho, value);
  wire::ReplyFrame frame;
  frame.value = value;
  const Introduction introduction = Read(frame);
  EXPECT_EQ(introduction.kind, Kind::kNode);
  EXPECT_EQ(introduction.who, kWho);
}

TEST(IntroductionTest, NodeThatRefusesToSayIsNameless) {
  const Introduction unborn = Read(Refusal("UNAVAILABLE waiting for others"));
  EXPECT_EQ(unborn.kind, Kind::kNameless);
  EXPECT_EQ(unborn.why, "waiting for others");
  const Introduction older = Read(Refusal("INVALID unknown command 35"));
  EXPECT_EQ(older.kind, Kind::kNameless);
  EXPECT_EQ(older.why, "unknown command 35");
}

TEST(IntroductionTest, WhatCannotBeUnderstoodIsNoNode) {
  wire::ReplyFrame other_id;
  other_id.id = 1;
  EXPECT_EQ(Read(other_id).kind, Kind::kNoNode);
  EXPECT_EQ(Read(wire::ReplyFrame{}).kind, Kind::kNoNode) << "no identity in it";
  const Introduction lost = Read(Refusal("PROTOCOL expected magic byte"));
  EXPECT_EQ(lost.kind, Kind::kNoNode) << "it closes the connection";
  EXPECT_EQ(lost.why, "no AegisKV node answered: PROTOCOL expected magic byte");
}

TEST(IntroductionTest, OtherProtocolsAreQuoted) {
  EXPECT_EQ(ReadRaw("HTTP/1.1 400 Bad Request\r\nServer: x\r\n").why,
            "no AegisKV node answered: \"HTTP/1.1 400 Bad Request\"");
  EXPECT_EQ(ReadRaw("-ERR max number of clients reached\r\n").why,
            "no AegisKV node answered: \"-ERR max number of clients reached\"");
  EXPECT_EQ(ReadRaw(ByteView("\0\0\0\x2c HTTP", 9)).why,
            "no AegisKV node answered: expected magic byte 0xae, got 0x20")
      << "not text";
  const std::string endless(1000, 'x');
  EXPECT_LT(ReadRaw(endless).why.size(), 120U);
}

}  // namespace
}  // namespace aegis::client
