// Values that lie in blocks, on their way through a connection: replies in order, readers who are
// slow while their values go, and what all that counts for; under each protocol.

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "client_test_support.h"
#include "wire/native.h"
#include "wire/operation_codec.h"

namespace aegis::node {
namespace {

// What a client of a protocol says and hears.
struct Dialect {
  ClientPort port = ClientPort::kMain;
  std::string (*set)(const std::string& key, const std::string& value);
  std::string (*stored)();
  std::string (*get)(const std::string& key);
  std::string (*value)(const std::string& key, const std::string& value);
};

std::string Bulk(const std::string& text) {
  return "$" + std::to_string(text.size()) + "\r\n" + text + "\r\n";
}

const Dialect kResp{
    .set = [](const std::string& key,
              const std::string& value) { return "*3\r\n$3\r\nSET\r\n" + Bulk(key) + Bulk(value); },
    .stored = [] { return std::string("+OK\r\n"); },
    .get = [](const std::string& key) { return "*2\r\n$3\r\nGET\r\n" + Bulk(key); },
    .value = [](const std::string&, const std::string& value) { return Bulk(value); }};

const Dialect kMemcached{.port = ClientPort::kMemcached,
                         .set =
                             [](const std::string& key, const std::string& value) {
                               return "set " + key + " 0 0 " + std::to_string(value.size()) +
                                      "\r\n" + value + "\r\n";
                             },
                         .stored = [] { return std::string("STORED\r\n"); },
                         .get = [](const std::string& key) { return "get " + key + "\r\n"; },
                         .value =
                             [](const std::string& key, const std::string& value) {
                               return "VALUE " + key + " 0 " + std::to_string(value.size()) +
                                      "\r\n" + value + "\r\nEND\r\n";
                             }};

// Native replies tell versions: the tests compare only what does not depend on them.
std::string NativeRequest(wire::Command command, const std::string& key, const std::string& value) {
  wire::RequestFrame frame;
  frame.command = static_cast<std::uint8_t>(command);
  frame.key = key;
  frame.value = value;
  Bytes out;
  wire::AppendRequest(frame, out);
  return out;
}

// The values of all replies; what is no reply shows as what it is.
std::string NativeValues(ByteView replies) {
  std::string values;
  while (!replies.empty()) {
    std::size_t consumed = 0;
    const auto reply = wire::DecodeReply(replies, consumed);
    if (!reply.ok() || !reply.value()) return values + "(cut short)";
    values.append(reply.value()->value).append("|");
    replies.remove_prefix(consumed);
  }
  return values;
}

class LargeValuesTest : public ClientTest, public ::testing::WithParamInterface<const Dialect*> {
 protected:
  LargeValuesTest() : ClientTest(GetParam()->port) {}

  // Of another key of this node's.
  std::string Near(int i) {
    std::string key = "near" + std::to_string(i);
    while (ring::ShardOf(key, TestShards::kShards) == ring::ShardOf(far_, TestShards::kShards)) {
      key += "r";
    }
    return key;
  }
  void Heard(const std::string& expected) {
    EXPECT_TRUE(UntilWithin([&] { return peer_of_client_.from_node.size() >= expected.size(); }));
    EXPECT_TRUE(peer_of_client_.from_node == expected)
        << peer_of_client_.from_node.size() << " bytes, expected " << expected.size();
    peer_of_client_.from_node.clear();
  }
  std::size_t used() { return shards_.host.meter().used(); }

  const Dialect& speak_ = *GetParam();
};

INSTANTIATE_TEST_SUITE_P(Protocols, LargeValuesTest, ::testing::Values(&kResp, &kMemcached),
                         [](const auto& one) { return one.index == 0 ? "Resp" : "Memcached"; });

class LargeRespValuesTest : public ClientTest {};

TEST_P(LargeValuesTest, RepliesKeepTheirOrderAmongSmallOnes) {
  const std::string edge(limits::kBlockValueMin, 'e');
  const std::string below(limits::kBlockValueMin - 1, 'b');
  std::string said;
  std::string expected;
  int i = 0;
  for (const std::string& value : {large_, std::string("s"), edge, below, std::string(), large_}) {
    const std::string key = Near(++i);
    said += speak_.set(key, value) + speak_.get(key) + speak_.get(key);
    expected += speak_.stored() + speak_.value(key, value) + speak_.value(key, value);
  }
  client_->Start(said);
  Heard(expected);
  EXPECT_EQ(client_->held(), 0U);
}

TEST_P(LargeValuesTest, RepliesKeepTheirOrderWhenAnotherNodeIsAsked) {
  other_.Execute(SetOf(far_, std::string(kLarge, 'f')));
  client_->Start(speak_.get(far_) + speak_.set(near_, large_) + speak_.get(near_) +
                 speak_.get(far_) + speak_.get(near_));
  for (int i = 0; i < 100; ++i) loop_.io().poll();
  EXPECT_EQ(peer_of_client_.from_node, "") << "the first is not answered yet";
  EXPECT_GT(client_->held(), kLarge);
  ServeOther();
  const std::string far = speak_.value(far_, std::string(kLarge, 'f'));
  const std::string near = speak_.value(near_, large_);
  Heard(far + speak_.stored() + near + far + near);
  EXPECT_EQ(client_->held(), 0U);
}

TEST_P(LargeValuesTest, ArriveAndLeaveInPiecesOfAnySize) {
  const std::string said = speak_.set(near_, large_) + Times(5, speak_.get(near_));
  const std::string expected = speak_.stored() + Times(5, speak_.value(near_, large_));
  peer_of_client_.Listen(1);
  client_->Start();
  for (std::size_t at = 0, size = 1; at < said.size(); at += size, size = size * 3 % 40'009) {
    peer_of_client_.Send(ByteView(said).substr(at, size));
    loop_.io().poll();
  }
  for (std::size_t size = 1; peer_of_client_.from_node.size() < expected.size();) {
    const std::size_t before = peer_of_client_.from_node.size();
    peer_of_client_.gathers = !peer_of_client_.gathers;
    peer_of_client_.Listen(size);
    ASSERT_TRUE(Until([&] { return peer_of_client_.from_node.size() > before; }));
    size = size * 5 % 300'007;
  }
  Heard(expected);
}

TEST_P(LargeValuesTest, AReaderGetsTheValueThatItAskedForWhateverBecomesOfTheKey) {
  const std::string lasting = Near(1);
  const std::string deleted = Near(2);
  const std::string overwritten = Near(3);
  shards_.BeAlone(1);  // The ring of recent records keeps nothing for anybody.
  for (const std::string& key : {lasting, deleted, overwritten}) {
    shards_.Execute(SetOf(key, large_));
  }
  client_->Start();
  peer_of_client_.Listen(kLarge / 2);  // It is in the middle of the first.
  peer_of_client_.Send(speak_.get(deleted) + speak_.get(overwritten) + speak_.get(lasting));
  ASSERT_TRUE(Until([&] { return peer_of_client_.from_node.size() == kLarge / 2; }));
  for (int i = 0; i < 100; ++i) loop_.io().poll();
  const std::size_t before = used();

  Operation remove;
  remove.code = OpCode::kDelete;
  remove.key = deleted;
  EXPECT_EQ(shards_.Execute(remove).status, Status::kOk);
  EXPECT_EQ(shards_.Execute(SetOf(overwritten, std::string(kLarge, 'n'))).status, Status::kOk);
  // What is still being sent is still in memory, and counts.
  EXPECT_GE(used() + 1000, before + kLarge);

  peer_of_client_.Listen();
  Heard(speak_.value(deleted, large_) + speak_.value(overwritten, large_) +
        speak_.value(lasting, large_));
  EXPECT_LE(used(), before - kLarge + 1000);
}

TEST_P(LargeValuesTest, AReaderGetsAValueThatWasEvictedMeanwhile) {
  shards_.Execute(SetOf(near_, large_));
  shards_.BeAlone(1);
  client_->Start();
  peer_of_client_.Listen(10);
  peer_of_client_.Send(speak_.get(near_));
  ASSERT_TRUE(Until([&] { return peer_of_client_.from_node.size() == 10; }));
  {
    ShardGuard shard(shards_.host, ring::ShardOf(near_, TestShards::kShards), shards_.effects);
    EXPECT_GT(shard->GiveWay(1, shards_.effects), 0U);
  }
  EXPECT_EQ(shards_.Execute(GetOf(near_)).status, Status::kNotFound);
  EXPECT_GT(used(), kLarge);
  peer_of_client_.Listen();
  Heard(speak_.value(near_, large_));
  EXPECT_LT(used(), kLarge);
}

TEST_P(LargeValuesTest, WhatASlowReaderIsOwedCountsAsHeldThoughItLiesInTheTable) {
  shards_.Execute(SetOf(near_, large_));
  peer_of_client_.listens = false;
  client_->Start();
  peer_of_client_.Send(Times(1000, speak_.get(near_)));
  ASSERT_TRUE(UntilWithin([&] { return client_->held() > limits::kHeldPause; }));
  for (int i = 0; i < 100; ++i) loop_.io().poll();
  EXPECT_LE(client_->held(), kHeldMax);
  EXPECT_LE(client_->output_kept(), 1000U) << "and is not copied";
  peer_of_client_.Listen();
  Heard(Times(1000, speak_.value(near_, large_)));
}

TEST_P(LargeValuesTest, AConnectionThatClosesLetsGoOfWhatItWasSending) {
  shards_.BeAlone(1);
  shards_.Execute(SetOf(near_, large_));
  peer_of_client_.listens = false;
  client_->Start();
  peer_of_client_.Send(speak_.get(near_));
  ASSERT_TRUE(Until([&] { return client_->held() > kLarge; }));
  shards_.Execute(SetOf(near_, "small"));
  EXPECT_GT(used(), kLarge);
  client_->Close("the test wants it");
  loop_.io().poll();
  client_ = std::make_shared<ClientConnection>(
      loop_, std::make_unique<MemoryStream>(peer_of_client_), services_, 2, port_);
  loop_.io().poll();
  EXPECT_LT(used(), kLarge);
}

TEST_P(LargeValuesTest, OneThatArrivesAloneIsStoredWhereItWasReceived) {
  const std::string value(1 << 20, 'v');
  client_->Start();
  peer_of_client_.Send(speak_.set(near_, value));
  Heard(speak_.stored());
  const Outcome outcome = shards_.Execute(GetOf(near_));
  ASSERT_TRUE(outcome.block);
  EXPECT_EQ(outcome.value, value);
  EXPECT_NE(outcome.value.data(), outcome.block->data()) << "the command's head lies before it";
  EXPECT_LT(outcome.block->size(), value.size() + 1000);
  peer_of_client_.Send(speak_.set(near_, "small") + speak_.get(near_));
  Heard(speak_.stored() + speak_.value(near_, "small"));
  EXPECT_EQ(outcome.value, value) << "nothing was received over it";
}

TEST_F(LargeRespValuesTest, OneWithOptionsBehindItIsStoredWhereItWasReceivedToo) {
  client_->Start();
  for (const std::size_t size : {100'000U, 1U << 20U}) {
    const std::string value(size, 'v');
    const std::string said =
        "*5\r\n$3\r\nSET\r\n" + Bulk(near_) + Bulk(value) + Bulk("EX") + Bulk("60");
    for (std::size_t at = 0; at < said.size(); at += 9'001) {
      peer_of_client_.Send(ByteView(said).substr(at, 9'001));
      loop_.io().poll();
    }
    ASSERT_TRUE(Until([&] { return peer_of_client_.from_node == "+OK\r\n"; }));
    peer_of_client_.from_node.clear();
    const Outcome outcome = shards_.Execute(GetOf(near_));
    ASSERT_TRUE(outcome.block);
    EXPECT_TRUE(outcome.value == value);
    EXPECT_NE(outcome.value.data(), outcome.block->data()) << size << ": it was copied";
    EXPECT_LE(outcome.block->size(), size + 500) << size;
  }
}

TEST_F(LargeRespValuesTest, ACommandOverManyKeysKeepsNoneOfTheirValues) {
  shards_.BeAlone(1);
  shards_.Execute(SetOf(near_, large_));
  client_->Start("*3\r\n$4\r\nMGET\r\n" + Bulk(near_) + Bulk(near_));
  ASSERT_TRUE(Until([&] { return peer_of_client_.from_node.size() > 2 * kLarge; }));
  shards_.Execute(SetOf(near_, "small"));
  EXPECT_LT(shards_.host.meter().used(), kLarge);
}

TEST_P(LargeValuesTest, OneThatArrivesWithMuchElseIsCopiedOutOfIt) {
  client_->Start();
  const std::string two = speak_.set(Near(1), large_) + speak_.set(Near(2), large_);
  peer_of_client_.Send(two + speak_.set(Near(3), large_).substr(0, 10));
  Heard(speak_.stored() + speak_.stored());
  for (const int i : {1, 2}) {
    const Outcome outcome = shards_.Execute(GetOf(Near(i)));
    ASSERT_TRUE(outcome.block);
    EXPECT_EQ(outcome.value, large_);
    EXPECT_LT(outcome.block->size(), kLarge + kLarge / 7);
  }
}

class LargeNativeValuesTest : public ClientTest {};

TEST_F(LargeNativeValuesTest, RepliesKeepTheirOrderAmongSmallOnes) {
  using wire::Command;
  client_->Start(
      NativeRequest(Command::kSet, near_, large_) + NativeRequest(Command::kGet, near_, "") +
      NativeRequest(Command::kPing, "", "") + NativeRequest(Command::kGet, near_, "") +
      NativeRequest(Command::kSet, near_, "small") + NativeRequest(Command::kGet, near_, ""));
  for (int i = 0; i < 100; ++i) loop_.io().poll();
  EXPECT_TRUE(NativeValues(peer_of_client_.from_node) ==
              "|" + large_ + "|PONG|" + large_ + "||small|");
}

TEST_F(LargeNativeValuesTest, AReaderGetsTheValueThatItAskedForWhateverBecomesOfTheKey) {
  shards_.Execute(SetOf(near_, large_));
  client_->Start();
  peer_of_client_.Listen(1000);
  peer_of_client_.Send(NativeRequest(wire::Command::kGet, near_, "") +
                       NativeRequest(wire::Command::kGet, near_, ""));
  ASSERT_TRUE(Until([&] { return peer_of_client_.from_node.size() == 1000; }));
  shards_.Execute(SetOf(near_, "small"));
  EXPECT_LE(client_->output_kept(), 1000U);
  peer_of_client_.Listen();
  EXPECT_TRUE(Until([&] { return client_->held() == 0; }));
  EXPECT_TRUE(NativeValues(peer_of_client_.from_node) == large_ + "|" + large_ + "|");
}

TEST_F(LargeNativeValuesTest, AnOutcomeInAMessageIsTheSameMessage) {
  shards_.Execute(SetOf(near_, large_));
  wire::RequestFrame frame;
  frame.command = static_cast<std::uint8_t>(wire::Command::kExecute);
  Bytes operation;
  wire::AppendOperation(GetOf(near_), operation);
  frame.value = operation;
  Bytes request;
  wire::AppendRequest(frame, request);
  client_->Start(request);
  for (int i = 0; i < 100; ++i) loop_.io().poll();
  std::size_t consumed = 0;
  const auto reply = wire::DecodeReply(peer_of_client_.from_node, consumed);
  ASSERT_TRUE(reply.ok() && reply.value());
  const auto outcome = wire::DecodeOutcome(reply.value()->value);
  ASSERT_TRUE(outcome.ok());
  EXPECT_TRUE(outcome.value().has_value);
  EXPECT_TRUE(outcome.value().value == large_);
  EXPECT_NE(outcome.value().version, Version{});
}

TEST_F(LargeNativeValuesTest, OneThatArrivesAloneIsStoredWhereItWasReceived) {
  const std::string value(1 << 20, 'v');
  client_->Start();
  peer_of_client_.Send(NativeRequest(wire::Command::kSet, near_, value));
  ASSERT_TRUE(Until([&] { return !peer_of_client_.from_node.empty(); }));
  const Outcome outcome = shards_.Execute(GetOf(near_));
  ASSERT_TRUE(outcome.block);
  EXPECT_TRUE(outcome.value == value);
  EXPECT_NE(outcome.value.data(), outcome.block->data());
}

}  // namespace
}  // namespace aegis::node
