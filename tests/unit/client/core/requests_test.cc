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
