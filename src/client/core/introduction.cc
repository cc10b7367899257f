#include "client/core/introduction.h"

#include <algorithm>

#include "wire/native_error.h"

namespace aegis::client {
namespace {

constexpr std::uint64_t kRequestId = 0;

Introduction Of(Introduction::Kind kind, std::string why) {
  return {.kind = kind, .who = {}, .why = std::move(why)};
}

Introduction NoNode(ByteView why) {
  return Of(Introduction::Kind::kNoNode, "no AegisKV node answered: " + std::string(why));
}

// The first line of what came, in quotes, if it is text: other protocols say best themselves who
// they are, and so does a node that has too many clients. Otherwise what is wrong with the bytes.
std::string WhatCame(ByteView bytes, const std::string& otherwise) {
  constexpr std::size_t kTextMin = 4;
  constexpr std::size_t kTextMax = 80;
  const auto end =
      std::find_if(bytes.begin(), bytes.end(), [](char byte) { return byte < ' ' || byte > '~'; });
  const ByteView line = bytes.substr(0, static_cast<std::size_t>(end - bytes.begin()));
  if (line.size() < kTextMin) return otherwise;
  return '"' + std::string(line.substr(0, kTextMax)) + '"';
}

}  // namespace

void AppendIntroductionRequest(Bytes& out) {
  wire::RequestFrame request;
  request.command = static_cast<std::uint8_t>(wire::Command::kIdentify);
  request.id = kRequestId;
  wire::AppendRequest(request, out);
}

Introduction ReadIntroduction(const Result<std::optional<wire::ReplyFrame>>& reply,
                              ByteView bytes) {
  if (!reply.ok()) return NoNode(WhatCame(bytes, reply.error().message));
  const wire::ReplyFrame& frame = *reply.value();
  if (wire::IsProtocolError(frame)) return NoNode(frame.error);
  if (frame.id != kRequestId) return NoNode("a reply to what was not asked");
  if (frame.status != wire::ReplyStatus::kOk) {
    return Of(Introduction::Kind::kNameless, std::string(wire::ErrorTextOf(frame)));
  }
  Result<wire::Identity> who = wire::DecodeIdentity(frame.value);
  if (!who.ok()) return NoNode(who.error().message);
  return {.kind = Introduction::Kind::kNode, .who = std::move(who).value(), .why = {}};
}

}  // namespace aegis::client
