#include "client/core/verdict.h"

#include <utility>

#include "model/operation.h"
#include "wire/native_error.h"
#include "wire/operation_codec.h"

namespace aegis::client {
namespace {

using Kind = Verdict::Kind;

Verdict Done(Reply reply) { return {.kind = Kind::kDone, .result = std::move(reply), .text = {}}; }

Verdict Failed(Errc code, ByteView message, std::uint64_t version = 0) {
  return {
      .kind = Kind::kDone, .result = ClientError{code, std::string(message), version}, .text = {}};
}

Verdict Because(Kind kind, ByteView text) {
  return {.kind = kind, .result = Reply{}, .text = std::string(text)};
}

// What a failed operation means, whether its status came in the frame or in an Outcome.
Verdict OfStatus(Status status, ByteView text, std::uint64_t version) {
  switch (status) {
    case Status::kNotFound:
      return Failed(Errc::kNotFound, "no such key");
    case Status::kConflict:
      return Failed(Errc::kConflict, "the condition does not hold", version);
    case Status::kInvalid:
      return Failed(Errc::kInvalid, text);
    case Status::kTooLarge:
      return Failed(Errc::kTooLarge, text);
    case Status::kSessionLost:
      return Failed(Errc::kSessionLost, text);
    case Status::kOutOfMemory:
      return Failed(Errc::kUnavailable, text);
    case Status::kBusy:
      return Failed(Errc::kBusy, text);
    case Status::kNotLeader:
    case Status::kUnavailable:
    case Status::kTooFewCopies:
      return Because(Kind::kRefused, text);
    case Status::kUnknownOutcome:
      return Because(Kind::kLost, text);
    case Status::kOk:
      break;
  }
  return Because(Kind::kGarbage, "a failure without a reason");
}

std::string HowOld(std::int64_t stale_ms) {
  return stale_ms == kUnknownAge ? "of unknown age" : std::to_string(stale_ms) + " ms old at most";
}

Verdict OfOutcome(const wire::ReplyFrame& frame) {
  const Result<Outcome> outcome = wire::DecodeOutcome(frame.value);
  if (!outcome.ok()) return Because(Kind::kGarbage, outcome.error().message);
  const std::uint64_t version = outcome.value().version.Pack();
  const std::optional<std::int64_t> stale_ms = outcome.value().stale_ms;
  Verdict verdict;
  if (outcome.value().status == Status::kOk) {
    verdict = Done({.value = Bytes(outcome.value().value),
                    .version = version,
                    .ttl_ms = frame.ttl_ms,
                    .number = outcome.value().number,
                    .stale_ms = stale_ms});
  } else if (outcome.value().status == Status::kNotFound && stale_ms) {
    verdict = Failed(Errc::kNotFound, "no such key in a copy " + HowOld(*stale_ms));
  } else {
    verdict = OfStatus(outcome.value().status, outcome.value().error, version);
  }
  verdict.position = outcome.value().position;
  return verdict;
}

}  // namespace

Verdict Judge(const Request& request, const wire::ReplyFrame& frame) {
  if (frame.status == wire::ReplyStatus::kRedirect) {
    return frame.address.empty() ? Because(Kind::kRefused, "a redirect to nowhere")
                                 : Because(Kind::kRedirect, frame.address);
  }
  // The server could not read what came before, so its replies cannot be matched any more.
  if (wire::IsProtocolError(frame)) return Because(Kind::kGarbage, frame.error);
  if (request.command == wire::Command::kExecute && !frame.value.empty()) return OfOutcome(frame);
  if (frame.status != wire::ReplyStatus::kOk) {
    return OfStatus(wire::StatusOf(frame), wire::ErrorTextOf(frame), frame.version);
  }
  return Done(
      {.value = Bytes(frame.value), .version = frame.version, .ttl_ms = frame.ttl_ms, .number = 0});
}

}  // namespace aegis::client
