#include "wire/operation_codec.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "proto/client.pb.h"

namespace aegis::wire {
namespace {

constexpr auto kInt64Min = std::numeric_limits<std::int64_t>::min();
constexpr auto kUint32Max = std::numeric_limits<std::uint32_t>::max();

// Every field set, each to something else.
Operation FullOperation() {
  Operation operation;
  operation.code = OpCode::kMultiSetNx;
  operation.key = "key";
  operation.value = "value";
  operation.key2 = "key2";
  operation.match = "match";
  operation.condition = Condition::kIfValue;
  operation.expected = Version{Epoch{7}, Seq{9}};
  operation.expiry = ExpiryKind::kKeep;
  operation.expiry_ms = kInt64Min;
  operation.expire_rule = ExpireRule::kIfLess;
  operation.number = -1;
  operation.number2 = 300;
  operation.client_flags = kUint32Max;
  operation.return_old = true;
  operation.more = {{"k1", "v1"}, {"", ""}, {"k3", ""}};
  operation.max_stale_ms = kAnyStaleness;
  operation.session = Version{Epoch{8}, Seq{1}};
  return operation;
}

Outcome FullOutcome() {
  Outcome outcome;
  outcome.status = Status::kUnknownOutcome;
  outcome.has_value = true;
  outcome.value = "value";
  outcome.version = Version{Epoch{Version::kEpochMax}, Seq{Version::kSeqMax}};
  outcome.expires_at = -5;
  outcome.number = kInt64Min;
  outcome.client_flags = 3;
  outcome.error = "a reason";
  outcome.leader = NodeId{0x8877665544332211U};
  outcome.stale_ms = 250;
  outcome.position = Version{Epoch{8}, Seq{2}};
  return outcome;
}

Bytes Encode(const Operation& operation) {
  Bytes out;
  AppendOperation(operation, out);
  return out;
}

Bytes Encode(const Outcome& outcome) {
  Bytes out;
  AppendOutcome(outcome, out);
  return out;
}

proto::Operation Mirror(const Operation& operation) {
  proto::Operation mirror;
  mirror.set_code(static_cast<std::uint32_t>(operation.code));
  mirror.set_key(std::string(operation.key));
  mirror.set_value(std::string(operation.value));
  mirror.set_key2(std::string(operation.key2));
  mirror.set_match(std::string(operation.match));
  mirror.set_condition(static_cast<std::uint32_t>(operation.condition));
  mirror.set_expected(operation.expected.Pack());
  mirror.set_expiry(static_cast<std::uint32_t>(operation.expiry));
  mirror.set_expiry_ms(operation.expiry_ms);
  mirror.set_expire_rule(static_cast<std::uint32_t>(operation.expire_rule));
  mirror.set_number(operation.number);
  mirror.set_number2(operation.number2);
  mirror.set_client_flags(operation.client_flags);
  mirror.set_return_old(operation.return_old);
  if (operation.max_stale_ms) mirror.set_max_stale_ms(*operation.max_stale_ms);
  if (operation.session) mirror.set_session(operation.session->Pack());
  for (const KeyValue& pair : operation.more) {
    proto::KeyValue* added = mirror.add_more();
    added->set_key(std::string(pair.key));
    added->set_value(std::string(pair.value));
  }
  return mirror;
}

proto::Outcome Mirror(const Outcome& outcome) {
  proto::Outcome mirror;
  mirror.set_status(static_cast<std::uint32_t>(outcome.status));
  mirror.set_has_value(outcome.has_value);
  mirror.set_value(std::string(outcome.value));
  mirror.set_version(outcome.version.Pack());
  mirror.set_expires_at(outcome.expires_at);
  mirror.set_number(outcome.number);
  mirror.set_client_flags(outcome.client_flags);
  mirror.set_error(outcome.error);
  mirror.set_leader(outcome.leader.value());
  if (outcome.stale_ms) mirror.set_stale_ms(*outcome.stale_ms);
  mirror.set_position(outcome.position.Pack());
  return mirror;
}

// Two operations are equal when they have the same canonical bytes.
void ExpectEqual(const Operation& a, const Operation& b) {
  EXPECT_EQ(Mirror(a).SerializeAsString(), Mirror(b).SerializeAsString());
}
void ExpectEqual(const Outcome& a, const Outcome& b) {
  EXPECT_EQ(Mirror(a).SerializeAsString(), Mirror(b).SerializeAsString());
}

TEST(OperationCodecTest, OurBytesAreProtobufsBytes) {
  EXPECT_EQ(Encode(FullOperation()), Mirror(FullOperation()).SerializeAsString());
  EXPECT_EQ(Encode(Operation()), Mirror(Operation()).SerializeAsString());
}

TEST(OperationCodecTest, ProtobufReadsWhatWeWrite) {
  proto::Operation parsed;
  ASSERT_TRUE(parsed.ParseFromString(Encode(FullOperation())));
  EXPECT_EQ(parsed.SerializeAsString(), Mirror(FullOperation()).SerializeAsString());
  EXPECT_EQ(parsed.expiry_ms(), kInt64Min);
  EXPECT_EQ(parsed.more(2).key(), "k3");
}

TEST(OperationCodecTest, WeReadWhatProtobufWrites) {
  const Bytes bytes = Mirror(FullOperation()).SerializeAsString();
  const auto decoded = DecodeOperation(bytes);
  ASSERT_TRUE(decoded.ok()) << decoded.error().message;
  ExpectEqual(decoded.value(), FullOperation());
}

TEST(OperationCodecTest, DecodedViewsBorrowFromTheInput) {
  const Bytes bytes = Encode(FullOperation());
  const auto decoded = DecodeOperation(bytes);
  ASSERT_TRUE(decoded.ok());
  for (const ByteView view : {decoded.value().key, decoded.value().value, decoded.value().match,
                              decoded.value().more[0].value}) {
    EXPECT_GE(view.data(), bytes.data());
    EXPECT_LE(view.data() + view.size(), bytes.data() + bytes.size());
  }
}

TEST(OperationCodecTest, EveryCodeSurvives) {
  for (int code = 1; code <= static_cast<int>(OpCode::kCountDown); ++code) {
    Operation operation;
    operation.code = static_cast<OpCode>(code);
    const auto decoded = DecodeOperation(Encode(operation));
    ASSERT_TRUE(decoded.ok()) << code;
    EXPECT_EQ(decoded.value().code, operation.code);
  }
}

TEST(OperationCodecTest, ValuesOutsideAnEnumAreMalformed) {
  const struct {
    void (*spoil)(proto::Operation&);
    const char* message;
  } cases[] = {
      {[](auto& o) { o.set_code(25); }, "expected code from 1 to 24, got 25"},
      {[](auto& o) { o.set_code(0); }, "an operation without a code"},
      {[](auto& o) { o.set_condition(5); }, "expected condition from 0 to 4, got 5"},
      {[](auto& o) { o.set_expiry(4); }, "expected expiry from 0 to 3, got 4"},
      {[](auto& o) { o.set_expire_rule(6); }, "expected expire_rule from 0 to 5, got 6"},
  };
  for (const auto& c : cases) {
    proto::Operation message = Mirror(FullOperation());
    c.spoil(message);
    const auto decoded = DecodeOperation(message.SerializeAsString());
    ASSERT_FALSE(decoded.ok()) << c.message;
    EXPECT_EQ(decoded.error().code, ErrorCode::kMalformed);
    EXPECT_EQ(decoded.error().message, c.message);
  }
}

TEST(OperationCodecTest, AnEnumIsNotTruncatedIntoItsRange) {
  // Code as the varint 2^32 + 1.
  const auto decoded = DecodeOperation("\x08\x81\x80\x80\x80\x10");
  ASSERT_FALSE(decoded.ok());
  EXPECT_EQ(decoded.error().message, "expected code from 1 to 24, got 4294967297");
}

// Cutting a protobuf message between two fields leaves a valid, shorter message; anywhere else it
// is an error. Never a crash, and protobuf agrees on which is which.
TEST(OperationCodecTest, EveryTruncationIsJudgedAsProtobufJudgesIt) {
  const Bytes bytes = Encode(FullOperation());
  for (std::size_t size = 2; size <= bytes.size(); ++size) {
    const std::vector<char> exact(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
    const ByteView cut(exact.data(), exact.size());
    proto::Operation parsed;
    const bool valid = parsed.ParseFromString(std::string(cut));
    const auto decoded = DecodeOperation(cut);
    EXPECT_EQ(decoded.ok(), valid) << size;
    EXPECT_EQ(decoded.ok() ? Encode(decoded.value()) : "", valid ? parsed.SerializeAsString() : "")
        << size;
  }
}

TEST(OperationCodecTest, UnknownFieldsAndWireTypesAreSkipped) {
  // Field 99 as bytes, then `key` (2) as a varint, then the operation.
  const Bytes strange = std::string("\x9a\x06\x02zz\x10\x05", 7) + Encode(FullOperation());
  const auto decoded = DecodeOperation(strange);
  ASSERT_TRUE(decoded.ok()) << decoded.error().message;
  ExpectEqual(decoded.value(), FullOperation());
}

TEST(OperationCodecTest, GarbageIsMalformed) {
  for (const ByteView garbage :
       {ByteView("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"), ByteView("\x12\x7f"),
        ByteView("\x0f\x01"), ByteView("\x00\x01", 2)}) {
    const auto decoded = DecodeOperation(garbage);
    ASSERT_FALSE(decoded.ok());
    EXPECT_EQ(decoded.error().code, ErrorCode::kMalformed);
  }
}

TEST(OperationCodecTest, FurtherKeysAreLimited) {
  Operation operation;
  operation.code = OpCode::kMultiSetNx;
  operation.more.resize(kMorePairsMax);
  EXPECT_TRUE(DecodeOperation(Encode(operation)).ok());
  operation.more.emplace_back();
  const auto decoded = DecodeOperation(Encode(operation));
  ASSERT_FALSE(decoded.ok());
  EXPECT_EQ(decoded.error().code, ErrorCode::kTooLarge);
}

TEST(OutcomeCodecTest, OurBytesAreProtobufsBytesBothWays) {
  for (const Outcome& outcome : {Outcome(), FullOutcome()}) {
    const Bytes bytes = Mirror(outcome).SerializeAsString();
    EXPECT_EQ(Encode(outcome), bytes);
    const auto decoded = DecodeOutcome(bytes);
    ASSERT_TRUE(decoded.ok()) << decoded.error().message;
    ExpectEqual(decoded.value(), outcome);
  }
}

TEST(OutcomeCodecTest, AnEmptyValueIsNotAMissingOne) {
  Outcome outcome;
  outcome.has_value = true;
  const auto decoded = DecodeOutcome(Encode(outcome));
  ASSERT_TRUE(decoded.ok());
  EXPECT_TRUE(decoded.value().has_value);
  EXPECT_TRUE(decoded.value().value.empty());
}

TEST(OutcomeCodecTest, AnUnknownStatusIsMalformed) {
  proto::Outcome message;
  message.set_status(static_cast<std::uint32_t>(Status::kSessionLost) + 1);
  const auto decoded = DecodeOutcome(message.SerializeAsString());
  ASSERT_FALSE(decoded.ok());
  EXPECT_EQ(decoded.error().message, "expected status from 0 to 11, got 12");
}

TEST(OperationCodecTest, NoQuorumAndTheQuorumNoneDiffer) {
  Operation operation;
  for (const std::optional<std::int32_t> quorum : {std::optional<std::int32_t>(), {0}, {-1}, {7}}) {
    operation.quorum = quorum;
    Bytes encoded;
    AppendOperation(operation, encoded);
    EXPECT_EQ(DecodeOperation(encoded).value().quorum, quorum);
    proto::Operation message;
    ASSERT_TRUE(message.ParseFromString(encoded));
    EXPECT_EQ(message.has_quorum(), quorum.has_value());
    EXPECT_EQ(message.quorum(), quorum.value_or(0));
  }
}

TEST(OperationCodecTest, AbsenceOfWhatReadsAskForIsNotItsDefault) {
  Operation operation;
  Bytes none;
  AppendOperation(operation, none);
  EXPECT_FALSE(DecodeOperation(none).value().max_stale_ms.has_value());
  EXPECT_FALSE(DecodeOperation(none).value().session.has_value());
  operation.max_stale_ms = 0;
  operation.session = Version{};
  Bytes zeros;
  AppendOperation(operation, zeros);
  EXPECT_EQ(DecodeOperation(zeros).value().max_stale_ms, 0);
  EXPECT_EQ(DecodeOperation(zeros).value().session, Version{});
}

TEST(OutcomeCodecTest, AnAgeOfNothingIsAnAge) {
  Outcome outcome;
  EXPECT_FALSE(DecodeOutcome(Encode(outcome)).value().stale_ms.has_value());
  for (const std::int64_t age : {std::int64_t{0}, kUnknownAge}) {
    outcome.stale_ms = age;
    EXPECT_EQ(DecodeOutcome(Encode(outcome)).value().stale_ms, age);
  }
}

TEST(OutcomeCodecTest, ABooleanIsReadToItsLastByte) {
  // has_value as the two-byte varint 128, whose first seven bits are zero.
  const auto decoded = DecodeOutcome("\x10\x80\x01");
  ASSERT_TRUE(decoded.ok());
  EXPECT_TRUE(decoded.value().has_value);
  // And a zero written in two bytes.
  const auto zero = DecodeOutcome(ByteView("\x10\x80\x00", 3));
  ASSERT_TRUE(zero.ok());
  EXPECT_FALSE(zero.value().has_value);
}

TEST(OutcomeCodecTest, EveryTruncationIsJudgedAsProtobufJudgesIt) {
  const Bytes bytes = Encode(FullOutcome());
  for (std::size_t size = 0; size <= bytes.size(); ++size) {
    const ByteView cut = ByteView(bytes).substr(0, size);
    proto::Outcome parsed;
    EXPECT_EQ(DecodeOutcome(cut).ok(), parsed.ParseFromString(std::string(cut))) << size;
  }
}

TEST(MultiCodecTest, RequestsAreProtobufsBytesBothWays) {
  const std::vector<Operation> operations = {FullOperation(), Operation(), FullOperation()};
  proto::MultiRequest mirror;
  for (const Operation& operation : operations) *mirror.add_operations() = Mirror(operation);
  Bytes bytes;
  AppendMultiRequest(operations, bytes);
  EXPECT_EQ(bytes, mirror.SerializeAsString());

  const auto decoded = DecodeMultiRequest(bytes);
  ASSERT_TRUE(decoded.ok()) << decoded.error().message;
  ASSERT_EQ(decoded.value().size(), operations.size());
  for (std::size_t i = 0; i < operations.size(); ++i) {
    ExpectEqual(decoded.value()[i], operations[i]);
  }
}

TEST(MultiCodecTest, RepliesAreProtobufsBytesBothWays) {
  const std::vector<Outcome> outcomes = {Outcome(), FullOutcome(), Outcome()};
  proto::MultiReply mirror;
  for (const Outcome& outcome : outcomes) *mirror.add_outcomes() = Mirror(outcome);
  Bytes bytes;
  AppendMultiReply(outcomes, bytes);
  EXPECT_EQ(bytes, mirror.SerializeAsString());

  const auto decoded = DecodeMultiReply(bytes);
  ASSERT_TRUE(decoded.ok()) << decoded.error().message;
  ASSERT_EQ(decoded.value().size(), outcomes.size());
  for (std::size_t i = 0; i < outcomes.size(); ++i) ExpectEqual(decoded.value()[i], outcomes[i]);
}

TEST(MultiCodecTest, ABatchAtTheLimitPassesAndOneMoreIsTooLarge) {
  Bytes request;
  AppendMultiRequest(std::vector<Operation>(limits::kBatchOperationsMax), request);
  EXPECT_EQ(DecodeMultiRequest(request).value().size(), limits::kBatchOperationsMax);
  AppendMultiRequest(std::vector<Operation>(1), request);  // Concatenation merges messages.
  const auto decoded = DecodeMultiRequest(request);
  ASSERT_FALSE(decoded.ok());
  EXPECT_EQ(decoded.error().code, ErrorCode::kTooLarge);
  EXPECT_EQ(decoded.error().message, "more than 10000 operations in one MULTI");

  Bytes reply;
  AppendMultiReply(std::vector<Outcome>(limits::kBatchOperationsMax), reply);
  EXPECT_TRUE(DecodeMultiReply(reply).ok());
  AppendMultiReply(std::vector<Outcome>(1), reply);
  EXPECT_EQ(DecodeMultiReply(reply).error().code, ErrorCode::kTooLarge);
}

TEST(MultiCodecTest, FurtherKeysAreLimitedOverAllOperations) {
  std::vector<Operation> operations(3);
  operations[0].more.resize(kMorePairsMax / 2);
  operations[1].more.resize(kMorePairsMax - kMorePairsMax / 2);
  Bytes at_limit;
  AppendMultiRequest(operations, at_limit);
  EXPECT_TRUE(DecodeMultiRequest(at_limit).ok());
  operations[2].more.resize(1);
  Bytes over;
  AppendMultiRequest(operations, over);
  EXPECT_EQ(DecodeMultiRequest(over).error().code, ErrorCode::kTooLarge);
}

TEST(MultiCodecTest, OneBadOperationSpoilsTheBatch) {
  proto::MultiRequest message;
  message.add_operations()->set_code(1);
  message.add_operations()->set_code(99);
  const auto decoded = DecodeMultiRequest(message.SerializeAsString());
  ASSERT_FALSE(decoded.ok());
  EXPECT_EQ(decoded.error().code, ErrorCode::kMalformed);
}

}  // namespace
}  // namespace aegis::wire
