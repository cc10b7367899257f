// What must hold for either kind of native frame, whatever the bytes.

#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "invariant.h"
#include "wire/native.h"

namespace aegis::wire {

// `decode` and `append` are the two halves for one kind of frame. The first byte of the input
// chooses where the rest is cut.
template <class Decode, class Append>
void FuzzNative(ByteView input, const Decode& decode, const Append& append) {
  if (input.empty()) return;
  const std::size_t cut_at = static_cast<unsigned char>(input.front());
  for (ByteView stream = input.substr(1);;) {
    std::size_t consumed = 0;
    const auto whole = decode(stream, consumed, nullptr);

    // A decoder that has seen less may ask for more, but never says anything else.
    const ByteView prefix = stream.substr(0, std::min(cut_at, stream.size()));
    std::size_t prefix_consumed = 0;
    std::size_t needed = 0;
    const auto cut = decode(prefix, prefix_consumed, &needed);
    if (!cut.ok()) {
      Require(!whole.ok() && whole.error().message == cut.error().message);
    } else if (cut.value()) {
      Require(whole.ok() && whole.value() && prefix_consumed == consumed);
    } else {
      Require(needed > prefix.size());
      Require(needed <= kLengthSize + limits::kFrameSizeMax);
      if (whole.ok() && whole.value()) Require(needed <= consumed);
    }

    if (!whole.ok() || !whole.value()) return;
    Require(consumed > kLengthSize && consumed <= stream.size());
    // The encoding of a frame is unique.
    Bytes again;
    append(*whole.value(), again);
    Require(again == stream.substr(0, consumed));
    stream.remove_prefix(consumed);
  }
}

}  // namespace aegis::wire
