// Any bytes, as a message over a control link, must be refused or understood; and what is
// understood can be written again and means the same.

#include <cstddef>
#include <cstdint>

#include "invariant.h"
#include "node/core/control_message.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace aegis;
  const auto envelope =
      node::DecodeControlEnvelope(ByteView(reinterpret_cast<const char*>(data), size));
  if (!envelope.ok()) return 0;
  Bytes frame;
  node::AppendControlFrame(envelope.value(), frame);
  const auto again = node::DecodeControlEnvelope(ByteView(frame).substr(4));
  Require(again.ok());
  Bytes second;
  node::AppendControlFrame(again.value(), second);
  Require(second == frame);
  return 0;
}
