// docs/PROTOCOL.md shows bytes and numbers. Here they are compared with what the code does, so
// that the document cannot rot.

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "document_examples.h"
#include "model/limits.h"
#include "wire/identity_codec.h"
#include "wire/native.h"
#include "wire/native_error.h"
#include "wire/operation_codec.h"

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

std::map<std::string, Bytes> EncodeExamples() {
  constexpr std::uint64_t kVersion = Version{Epoch{2}, Seq{9}}.Pack();
  std::map<std::string, Bytes> examples;

  RequestFrame set;
  set.command = static_cast<std::uint8_t>(Command::kSet);
  set.id = 1;
  set.ttl_ms = 60'000;
  set.key = "k";
  set.value = "hello";
  examples["set-request"] = Encode(set);

  ReplyFrame set_reply;
  set_reply.id = 1;
  set_reply.version = kVersion;
  examples["set-reply"] = Encode(set_reply);

  RequestFrame get;
  get.command = static_cast<std::uint8_t>(Command::kGet);
  get.redirect = true;
  get.id = 2;
  get.key = "k";
  examples["get-request"] = Encode(get);

  ReplyFrame get_reply;
  get_reply.id = 2;
  get_reply.ttl_ms = 58'500;
  get_reply.version = kVersion;
  get_reply.value = "hello";
  examples["get-reply"] = Encode(get_reply);

  ReplyFrame redirect;
  redirect.status = ReplyStatus::kRedirect;
  redirect.id = 2;
  redirect.address = "10.0.0.2:7700";
  examples["redirect-reply"] = Encode(redirect);

  std::size_t consumed = 0;
  const auto broken = DecodeRequest(ByteView("\0\0\0\x29 ", 5), consumed);
  const Bytes error = ErrorText(broken.error());
  ReplyFrame error_reply;
  error_reply.status = ReplyStatus::kError;
  error_reply.error = error;
  examples["error-reply"] = Encode(error_reply);

  Operation operation;
  operation.code = OpCode::kIncrement;
  operation.key = "k";
  operation.number = 5;
  Bytes value;
  AppendOperation(operation, value);
  RequestFrame increment;
  increment.command = static_cast<std::uint8_t>(Command::kExecute);
  increment.id = 3;
  increment.value = value;
  examples["increment-request"] = Encode(increment);

  RequestFrame identify;
  identify.command = static_cast<std::uint8_t>(Command::kIdentify);
  examples["identify-request"] = Encode(identify);

  Bytes identity;
  AppendIdentity({ClusterId{0x5d1f0f7c3b2a9e64}, NodeId{0xa1}, "node1"}, identity);
  ReplyFrame identify_reply;
  identify_reply.value = identity;
  examples["identify-reply"] = Encode(identify_reply);
  return examples;
}

TEST(ProtocolDocumentTest, ItsExamplesAreTheBytesThatWeWrite) {
  ExpectSameExamples(ReadExamples("hex"), EncodeExamples());
}

TEST(ProtocolDocumentTest, ItsExamplesDecode) {
  for (const auto& [name, bytes] : ReadExamples("hex")) {
    std::size_t consumed = 0;
    const bool whole = name.ends_with("-request")
                           ? DecodeRequest(bytes, consumed).value().has_value()
                           : DecodeReply(bytes, consumed).value().has_value();
    EXPECT_TRUE(whole && consumed == bytes.size()) << name;
  }
}

TEST(ProtocolDocumentTest, ItsTablesHaveOurNumbers) {
  const std::string document = ReadProtocolDocument();
  const auto expect_row = [&](const std::string& start) {
    EXPECT_NE(document.find("\n| " + start + " |"), std::string::npos) << start;
  };
  const auto number = [](auto value) { return std::to_string(static_cast<std::uint64_t>(value)); };

  expect_row(number(Command::kGet) + " | GET");
  expect_row(number(Command::kSet) + " | SET");
  expect_row(number(Command::kDelete) + " | DEL");
  expect_row(number(Command::kPing) + " | PING");
  expect_row(number(Command::kPong) + " | PONG");
  expect_row(number(Command::kRedirect) + " | REDIRECT");
  expect_row(number(Command::kStats) + " | STATS");
  expect_row(number(Command::kAuth) + " | AUTH");
  expect_row(number(Command::kExecute) + " | EXECUTE");
  expect_row(number(Command::kMulti) + " | MULTI");
  expect_row(number(Command::kTopology) + " | TOPOLOGY");
  expect_row(number(Command::kIdentify) + " | IDENTIFY");

  expect_row(number(ReplyStatus::kOk) + " | OK");
  expect_row(number(ReplyStatus::kNotFound) + " | NOT_FOUND");
  expect_row(number(ReplyStatus::kError) + " | ERROR");
  expect_row(number(ReplyStatus::kRedirect) + " | REDIRECT");
  expect_row(number(ReplyStatus::kVersionConflict) + " | VERSION_CONFLICT");

  for (const Status status : {Status::kInvalid, Status::kTooLarge, Status::kOutOfMemory,
                              Status::kNotLeader, Status::kUnavailable, Status::kUnknownOutcome}) {
    expect_row(std::string(ErrorCodeOf(status)));
  }
  expect_row(std::string(kProtocolErrorCode));

  expect_row("key | " + number(limits::kKeySizeMin) + " to " + number(limits::kKeySizeMax) +
             " bytes");
  expect_row("value | " + number(limits::kValueSizeMax) + " bytes");
  expect_row("`length` | " + number(limits::kFrameSizeMax));
  expect_row("operations in one MULTI | " + number(limits::kBatchOperationsMax));
  expect_row("arguments of a command | " + number(limits::kRespArgumentsMax));
  expect_row("one bulk | " + number(limits::kRespCommandSizeMax) + " bytes");
  expect_row("a command with all its arguments | " + number(limits::kRespCommandSizeMax) +
             " bytes");
  expect_row("an inline command | " + number(limits::kRespInlineSizeMax) + " bytes");
}

}  // namespace
}  // namespace aegis::wire
