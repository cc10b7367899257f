#include "wire/operation_codec.h"

#include <fmt/format.h>

#include <type_traits>

#include "base/check.h"
#include "base/protobuf_fields.h"

namespace aegis::wire {
namespace {

using protobuf::Field;
using protobuf::FieldWriter;
using protobuf::Guarded;
using protobuf::kFixed64;
using protobuf::kLengthDelimited;
using protobuf::kVarint;
using protobuf::ReadBool;
using protobuf::ReadBytes;
using protobuf::ReadEnum;
using protobuf::ReadU32;
using protobuf::RefuseMalformed;
using protobuf::RefuseTooLarge;
using protozero::pbf_reader;

// Field numbers of proto/client.proto.
enum class OperationTag : protozero::pbf_tag_type {
  kCode = 1,
  kKey = 2,
  kValue = 3,
  kKey2 = 4,
  kMatch = 5,
  kCondition = 6,
  kExpected = 7,
  kExpiry = 8,
  kExpiryMs = 9,
  kExpireRule = 10,
  kNumber = 11,
  kNumber2 = 12,
  kClientFlags = 13,
  kReturnOld = 14,
  kMore = 15,
  kQuorum = 16,
  kMaxStaleMs = 17,
  kSession = 18,
};
enum class KeyValueTag : protozero::pbf_tag_type { kKey = 1, kValue = 2 };
enum class OutcomeTag : protozero::pbf_tag_type {
  kStatus = 1,
  kHasValue = 2,
  kValue = 3,
  kVersion = 4,
  kExpiresAt = 5,
  kNumber = 6,
  kClientFlags = 7,
  kError = 8,
  kLeader = 9,
  kStaleMs = 10,
  kPosition = 11,
};
enum class MultiTag : protozero::pbf_tag_type { kElement = 1 };  // MultiRequest and MultiReply.

void WriteKeyValue(const KeyValue& pair, Bytes& out) {
  FieldWriter<KeyValueTag> fields(out);
  fields.String(KeyValueTag::kKey, pair.key);
  fields.String(KeyValueTag::kValue, pair.value);
}

KeyValue ReadKeyValue(pbf_reader from) {
  using Tag = KeyValueTag;
  KeyValue pair;
  while (from.next()) {
    switch (from.tag_and_type()) {
      case Field(Tag::kKey, kLengthDelimited):
        pair.key = ReadBytes(from);
        break;
      case Field(Tag::kValue, kLengthDelimited):
        pair.value = ReadBytes(from);
        break;
      default:
        from.skip();
    }
  }
  return pair;
}

void ReadMore(pbf_reader& from, std::vector<KeyValue>& more, std::size_t& pairs_left) {
  if (pairs_left == 0) {
    RefuseTooLarge(fmt::format("more than {} further keys in one message", kMorePairsMax));
  }
  --pairs_left;
  more.push_back(ReadKeyValue(from.get_message()));
}

void ReadOperationField(pbf_reader& from, Operation& operation, std::size_t& pairs_left) {
  using Tag = OperationTag;
  switch (from.tag_and_type()) {
    case Field(Tag::kCode, kVarint):
      operation.code = ReadEnum(from, "code", OpCode::kGet, OpCode::kCountDown);
      break;
    case Field(Tag::kKey, kLengthDelimited):
      operation.key = ReadBytes(from);
      break;
    case Field(Tag::kValue, kLengthDelimited):
      operation.value = ReadBytes(from);
      break;
    case Field(Tag::kKey2, kLengthDelimited):
      operation.key2 = ReadBytes(from);
      break;
    case Field(Tag::kMatch, kLengthDelimited):
      operation.match = ReadBytes(from);
      break;
    case Field(Tag::kCondition, kVarint):
      operation.condition = ReadEnum(from, "condition", Condition::kAlways, Condition::kIfValue);
      break;
    case Field(Tag::kExpected, kVarint):
      operation.expected = Version::Unpack(from.get_uint64());
      break;
    case Field(Tag::kExpiry, kVarint):
      operation.expiry = ReadEnum(from, "expiry", ExpiryKind::kNone, ExpiryKind::kKeep);
      break;
    case Field(Tag::kExpiryMs, kVarint):
      operation.expiry_ms = from.get_sint64();
      break;
    case Field(Tag::kExpireRule, kVarint):
      operation.expire_rule =
          ReadEnum(from, "expire_rule", ExpireRule::kAlways, ExpireRule::kIfLess);
      break;
    case Field(Tag::kNumber, kVarint):
      operation.number = from.get_sint64();
      break;
    case Field(Tag::kNumber2, kVarint):
      operation.number2 = from.get_sint64();
      break;
    case Field(Tag::kClientFlags, kVarint):
      operation.client_flags = ReadU32(from);
      break;
    case Field(Tag::kReturnOld, kVarint):
      operation.return_old = ReadBool(from);
      break;
    case Field(Tag::kQuorum, kVarint):
      operation.quorum = from.get_sint32();
      break;
    case Field(Tag::kMaxStaleMs, kVarint):
      operation.max_stale_ms = from.get_sint64();
      break;
    case Field(Tag::kSession, kVarint):
      operation.session = Version::Unpack(from.get_uint64());
      break;
    case Field(Tag::kMore, kLengthDelimited):
      ReadMore(from, operation.more, pairs_left);
      break;
    default:
      from.skip();
  }
}

Operation ReadOperation(pbf_reader from, std::size_t& pairs_left) {
  Operation operation;
  operation.code = OpCode{};  // 0 is no code: its absence must show.
  while (from.next()) ReadOperationField(from, operation, pairs_left);
  if (operation.code == OpCode{}) RefuseMalformed("an operation without a code");
  return operation;
}

Outcome ReadOutcome(pbf_reader from) {
  using Tag = OutcomeTag;
  Outcome outcome;
  while (from.next()) {
    switch (from.tag_and_type()) {
      case Field(Tag::kStatus, kVarint):
        outcome.status = ReadEnum(from, "status", Status::kOk, Status::kSessionLost);
        break;
      case Field(Tag::kHasValue, kVarint):
        outcome.has_value = ReadBool(from);
        break;
      case Field(Tag::kValue, kLengthDelimited):
        outcome.value = ReadBytes(from);
        break;
      case Field(Tag::kVersion, kVarint):
        outcome.version = Version::Unpack(from.get_uint64());
        break;
      case Field(Tag::kExpiresAt, kVarint):
        outcome.expires_at = from.get_int64();
        break;
      case Field(Tag::kNumber, kVarint):
        outcome.number = from.get_sint64();
        break;
      case Field(Tag::kClientFlags, kVarint):
        outcome.client_flags = ReadU32(from);
        break;
      case Field(Tag::kError, kLengthDelimited):
        outcome.error = ReadBytes(from);
        break;
      case Field(Tag::kLeader, kFixed64):
        outcome.leader = NodeId{from.get_fixed64()};
        break;
      case Field(Tag::kStaleMs, kVarint):
        outcome.stale_ms = from.get_sint64();
        break;
      case Field(Tag::kPosition, kVarint):
        outcome.position = Version::Unpack(from.get_uint64());
        break;
      default:
        from.skip();
    }
  }
  return outcome;
}

// The elements of a MultiRequest or MultiReply.
template <class ReadElement>
auto ReadMulti(ByteView input, const ReadElement& read_element) {
  std::vector<std::invoke_result_t<ReadElement, pbf_reader>> elements;
  pbf_reader from(input.data(), input.size());
  while (from.next()) {
    if (from.tag_and_type() != Field(MultiTag::kElement, kLengthDelimited)) {
      from.skip();
      continue;
    }
    if (elements.size() == limits::kBatchOperationsMax) {
      RefuseTooLarge(
          fmt::format("more than {} operations in one MULTI", limits::kBatchOperationsMax));
    }
    elements.push_back(read_element(from.get_message()));
  }
  return elements;
}

}  // namespace

void AppendOperation(const Operation& operation, Bytes& out) {
  using Tag = OperationTag;
  FieldWriter<Tag> fields(out);
  fields.Enumerator(Tag::kCode, operation.code);
  fields.String(Tag::kKey, operation.key);
  fields.String(Tag::kValue, operation.value);
  fields.String(Tag::kKey2, operation.key2);
  fields.String(Tag::kMatch, operation.match);
  fields.Enumerator(Tag::kCondition, operation.condition);
  fields.Unsigned(Tag::kExpected, operation.expected.Pack());
  fields.Enumerator(Tag::kExpiry, operation.expiry);
  fields.ZigZag(Tag::kExpiryMs, operation.expiry_ms);
  fields.Enumerator(Tag::kExpireRule, operation.expire_rule);
  fields.ZigZag(Tag::kNumber, operation.number);
  fields.ZigZag(Tag::kNumber2, operation.number2);
  fields.Unsigned(Tag::kClientFlags, operation.client_flags);
  fields.Unsigned(Tag::kReturnOld, operation.return_old ? 1 : 0);
  if (operation.quorum) fields.ZigZagPresent(Tag::kQuorum, *operation.quorum);
  for (const KeyValue& pair : operation.more) {
    fields.Message(Tag::kMore, [&](Bytes& body) { WriteKeyValue(pair, body); });
  }
  if (operation.max_stale_ms) fields.ZigZagPresent(Tag::kMaxStaleMs, *operation.max_stale_ms);
  if (operation.session) fields.UnsignedPresent(Tag::kSession, operation.session->Pack());
}

void AppendOutcome(const Outcome& outcome, Bytes& out) {
  using Tag = OutcomeTag;
  FieldWriter<Tag> fields(out);
  fields.Enumerator(Tag::kStatus, outcome.status);
  fields.Unsigned(Tag::kHasValue, outcome.has_value ? 1 : 0);
  fields.String(Tag::kValue, outcome.value);
  fields.Unsigned(Tag::kVersion, outcome.version.Pack());
  fields.Unsigned(Tag::kExpiresAt, static_cast<std::uint64_t>(outcome.expires_at));
  fields.ZigZag(Tag::kNumber, outcome.number);
  fields.Unsigned(Tag::kClientFlags, outcome.client_flags);
  fields.String(Tag::kError, outcome.error);
  fields.Fixed(Tag::kLeader, outcome.leader.value());
  if (outcome.stale_ms) fields.ZigZagPresent(Tag::kStaleMs, *outcome.stale_ms);
  fields.Unsigned(Tag::kPosition, outcome.position.Pack());
}

void AppendOutcomeHead(const Outcome& outcome, Bytes& out) {
  Outcome rest = outcome;
  rest.value = {};
  AppendOutcome(rest, out);
  FieldWriter<OutcomeTag>(out).StringHead(OutcomeTag::kValue, outcome.value.size());
}

Result<Operation> DecodeOperation(ByteView input) {
  return Guarded("Operation", [&] {
    std::size_t pairs_left = kMorePairsMax;
    return ReadOperation(pbf_reader(input.data(), input.size()), pairs_left);
  });
}

Result<Outcome> DecodeOutcome(ByteView input) {
  return Guarded("Outcome", [&] { return ReadOutcome(pbf_reader(input.data(), input.size())); });
}

void AppendMultiRequest(std::span<const Operation> operations, Bytes& out) {
  AEGIS_CHECK(operations.size() <= limits::kBatchOperationsMax, "callers split larger batches");
  FieldWriter<MultiTag> fields(out);
  for (const Operation& operation : operations) {
    fields.Message(MultiTag::kElement, [&](Bytes& body) { AppendOperation(operation, body); });
  }
}

void AppendMultiReply(std::span<const Outcome> outcomes, Bytes& out) {
  AEGIS_CHECK(outcomes.size() <= limits::kBatchOperationsMax, "a reply is as long as its request");
  FieldWriter<MultiTag> fields(out);
  for (const Outcome& outcome : outcomes) {
    fields.Message(MultiTag::kElement, [&](Bytes& body) { AppendOutcome(outcome, body); });
  }
}

Result<std::vector<Operation>> DecodeMultiRequest(ByteView input) {
  return Guarded("MultiRequest", [&] {
    std::size_t pairs_left = kMorePairsMax;
    return ReadMulti(input, [&](pbf_reader element) { return ReadOperation(element, pairs_left); });
  });
}

Result<std::vector<Outcome>> DecodeMultiReply(ByteView input) {
  return Guarded("MultiReply", [&] {
    return ReadMulti(input, [](pbf_reader element) { return ReadOutcome(element); });
  });
}

}  // namespace aegis::wire
