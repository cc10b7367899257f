#include "client/core/requests.h"

#include <gtest/gtest.h>

#include "model/limits.h"
#include "wire/operation_codec.h"

namespace aegis::client {
namespace {

using std::chrono::milliseconds;

Operation OperationIn(const Request& request) {
  EXPECT_EQ(request.command, wire::Command::kExecute);
  auto operation = wire::DecodeOperation(request.value);
  EXPECT_TRUE(operation.ok());
  return operation.ok() ? operation.value() : Operation{};
}

TEST(RequestsTest, PlainCallsAreFramesOfVersionOne) {
  EXPECT_EQ(GetRequest("k")->command, wire::Command::kGet);
  EXPECT_EQ(DeleteRequest("k")->command, wire::Command::kDelete);
  const auto set = SetRequest("k", "v", {.ttl = milliseconds(1500)});
  EXPECT_EQ(set->command, wire::Command::kSet);
  EXPECT_EQ(set->ttl_ms, 1500);
  EXPECT_EQ(SetRequest("k", "v", {})->ttl_ms, 0);
}

TEST(RequestsTest, OnlyReadsMayBeRepeatedBlindly) {
  EXPECT_FALSE(GetRequest("k")->is_write);
  EXPECT_FALSE(NodeRequest(wire::Command::kStats, "a:1")->is_write);
  EXPECT_TRUE(SetRequest("k", "v", {})->is_write);
  EXPECT_TRUE(SetRequest("k", "v", {.when = SetWhen::kIfAbsent})->is_write);
  EXPECT_TRUE(DeleteRequest("k")->is_write);
  EXPECT_TRUE(ExpireRequest("k", {})->is_write);
  EXPECT_TRUE(IncrementRequest("k", 1)->is_write);
  EXPECT_TRUE(CompareAndSetRequest("k", "v", 1, {})->is_write);
}

TEST(RequestsTest, ConditionsTravelAsOperations) {
  const auto absent = SetRequest("k", "v", {.ttl = milliseconds(9), .when = SetWhen::kIfAbsent});
  const Operation set = OperationIn(*absent);
  EXPECT_EQ(set.condition, Condition::kIfAbsent);
  EXPECT_EQ(set.expiry, ExpiryKind::kRelative);
  EXPECT_EQ(set.expiry_ms, 9);
  EXPECT_EQ(absent->key, "k") << "the frame's key says where to send it";

  const auto request = CompareAndSetRequest("k", "v", 0x10000000002, {});
  const Operation cas = OperationIn(*request);
  EXPECT_EQ(cas.condition, Condition::kIfVersion);
  EXPECT_EQ(cas.expected.Pack(), 0x10000000002U);
  EXPECT_EQ(cas.expiry, ExpiryKind::kNone);
}

TEST(RequestsTest, ExpireWithoutATtlMeansNever) {
  const auto persist = ExpireRequest("k", std::nullopt);
  EXPECT_EQ(OperationIn(*persist).expiry, ExpiryKind::kNone);
  const auto expire = ExpireRequest("k", milliseconds(5));
  EXPECT_EQ(OperationIn(*expire).expiry, ExpiryKind::kRelative);
}

TEST(RequestsTest, AQuorumTravelsInTheOperation) {
  const auto operation = [](const Expected<Request>& request) {
    EXPECT_EQ(request->command, wire::Command::kExecute);
    return wire::DecodeOperation(request->value).value();
  };
  const auto get = GetRequest("k", 2);
  EXPECT_FALSE(get->is_write);
  EXPECT_EQ(operation(get).code, OpCode::kGet);
  EXPECT_EQ(operation(get).quorum, 2);
  const auto set = SetRequest("k", "v", {.ttl = milliseconds(9)}, 0);
  EXPECT_TRUE(set->is_write);
  EXPECT_EQ(operation(set).value, "v");
  EXPECT_EQ(operation(set).expiry_ms, 9);
  EXPECT_EQ(operation(set).condition, Condition::kAlways);
  EXPECT_EQ(operation(set).quorum, 0);
  EXPECT_EQ(operation(DeleteRequest("k", -1)).quorum, -1);
  EXPECT_EQ(operation(ExpireRequest("k", {}, 3)).quorum, 3);
  EXPECT_EQ(operation(IncrementRequest("k", 1, 3)).quorum, 3);
  EXPECT_EQ(operation(CompareAndSetRequest("k", "v", 1, {}, 3)).quorum, 3);
  EXPECT_EQ(operation(IncrementRequest("k", 1)).quorum, std::nullopt);
}

TEST(RequestsTest, AReadThatMayBeStaleGoesToAnyCopyAndHasNoQuorum) {
  const auto read = GetRequest("k", 2, milliseconds(250));
  EXPECT_TRUE(read->any_copy);
  const Operation operation = wire::DecodeOperation(read->value).value();
  EXPECT_EQ(operation.max_stale_ms, 250);
  EXPECT_EQ(operation.quorum, std::nullopt);
  EXPECT_FALSE(operation.session.has_value());
  const auto any = GetRequest("k", {}, kAnyAge);
  EXPECT_EQ(wire::DecodeOperation(any->value).value().max_stale_ms, kAnyStaleness);
  EXPECT_FALSE(GetRequest("k")->any_copy);
}

TEST(RequestsTest, WhatASessionHasSeenTravelsWithEveryOperation) {
  const Version seen{Epoch{3}, Seq{4}};
  const Expected<Request> requests[] = {
      GetRequest("k", {}, {}, seen),      GetRequest("k", {}, kAnyAge, seen),
      SetRequest("k", "v", {}, {}, seen), CompareAndSetRequest("k", "v", 1, {}, {}, seen),
      DeleteRequest("k", {}, seen),       ExpireRequest("k", {}, {}, seen),
      IncrementRequest("k", 1, {}, seen),
  };
  for (const Expected<Request>& request : requests) {
    ASSERT_EQ(request->command, wire::Command::kExecute);
    EXPECT_EQ(wire::DecodeOperation(request->value).value().session, seen);
  }
  EXPECT_EQ(SetRequest("k", "v", {}, {}, Version{})->command, wire::Command::kExecute)
      << "one that has seen nothing yet";
}

TEST(RequestsTest, ABoundOnStalenessIsFromAMillisecondToADayOrNone) {
  EXPECT_TRUE(IsStaleness({}));
  EXPECT_TRUE(IsStaleness(milliseconds(1)));
  EXPECT_TRUE(IsStaleness(milliseconds(limits::kStalenessMsMax)));
  EXPECT_TRUE(IsStaleness(kAnyAge));
  EXPECT_FALSE(IsStaleness(milliseconds(0)));
  EXPECT_FALSE(IsStaleness(milliseconds(-1)));
  EXPECT_FALSE(IsStaleness(milliseconds(limits::kStalenessMsMax + 1)));
}

TEST(RequestsTest, AQuorumIsFromMinusOneToTheMostCopiesThatAClusterKeeps) {
  EXPECT_TRUE(IsQuorum({}));
  EXPECT_TRUE(IsQuorum(-1));
  EXPECT_TRUE(IsQuorum(7));
  EXPECT_FALSE(IsQuorum(-2));
  EXPECT_FALSE(IsQuorum(8));
}

TEST(RequestsTest, LimitsAreCheckedBeforeAnythingIsSent) {
  EXPECT_TRUE(GetRequest("").Is(Errc::kInvalid));
  EXPECT_TRUE(GetRequest(std::string(limits::kKeySizeMax, 'k')).ok());
  EXPECT_TRUE(GetRequest(std::string(limits::kKeySizeMax + 1, 'k')).Is(Errc::kTooLarge));
  const std::string value(limits::kValueSizeMax + 1, 'v');
  EXPECT_TRUE(SetRequest("k", value, {}).Is(Errc::kTooLarge));
  EXPECT_TRUE(SetRequest("k", std::string_view(value).substr(1), {}).ok());
  EXPECT_TRUE(CompareAndSetRequest("k", value, 1, {}).Is(Errc::kTooLarge));
}

TEST(RequestsTest, TtlIsAtLeastAMillisecond) {
  EXPECT_TRUE(SetRequest("k", "v", {.ttl = milliseconds(0)}).Is(Errc::kInvalid));
  EXPECT_TRUE(SetRequest("k", "v", {.ttl = milliseconds(-1)}).Is(Errc::kInvalid));
  EXPECT_TRUE(SetRequest("k", "v", {.ttl = milliseconds(limits::kTtlMsMax)}).ok());
  EXPECT_TRUE(
      SetRequest("k", "v", {.ttl = milliseconds(limits::kTtlMsMax + 1)}).Is(Errc::kInvalid));
  EXPECT_TRUE(ExpireRequest("k", milliseconds(0)).Is(Errc::kInvalid));
}

TEST(RequestsTest, AddressNamesAHostAndAPort) {
  EXPECT_EQ(CheckAddress("localhost:7700").value(), "localhost:7700");
  EXPECT_EQ(CheckAddress("[::1]:7700").value(), "[::1]:7700");
  for (const char* wrong : {"", "localhost", ":7700", "localhost:0", "localhost:99999", "[::1"}) {
    EXPECT_TRUE(CheckAddress(wrong).Is(Errc::kInvalid)) << wrong;
  }
  EXPECT_TRUE(NodeRequest(wire::Command::kTopology, "").ok()) << "any node";
}

}  // namespace
}  // namespace aegis::client
