// What must hold for a protobuf codec of ours, whatever the bytes.

#pragma once

#include <google/protobuf/stubs/logging.h>

#include <string>

#include "base/bytes.h"
#include "invariant.h"

namespace aegis::wire {

// What we accept we write back canonically, and then accept again. Returns the canonical bytes;
// nothing when the input is refused, for a reason that is given.
template <class Decode, class Append>
Bytes RequireCanonical(ByteView input, const Decode& decode, const Append& append) {
  const auto decoded = decode(input);
  if (!decoded.ok()) {
    Require(!decoded.error().message.empty());
    return {};
  }
  Bytes canonical;
  append(decoded.value(), canonical);
  const auto again = decode(canonical);
  Require(again.ok());
  Bytes twice;
  append(again.value(), twice);
  Require(twice == canonical);
  return canonical;
}

// As above, and where protobuf (`Message`) accepts the input too, it means the same to it: the
// canonical bytes are equal. (It refuses a little more, overlong tags say, and takes enum values
// that we refuse.)
template <class Message, class Decode, class Append>
void RequireProtobufAgrees(ByteView input, const Decode& decode, const Append& append) {
  const Bytes canonical = RequireCanonical(input, decode, append);
  if (!decode(input).ok()) return;
  // A string that is not UTF-8 is refused; protobuf would also log it, for every input.
  static const auto silenced [[maybe_unused]] = google::protobuf::SetLogHandler(nullptr);
  Message message;
  if (!message.ParseFromArray(input.data(), static_cast<int>(input.size()))) return;
  message.DiscardUnknownFields();
  Require(message.SerializeAsString() == canonical);
}

}  // namespace aegis::wire
