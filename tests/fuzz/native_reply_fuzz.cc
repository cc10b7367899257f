// Any bytes, in any split, must decode to replies or to an Error: never to a crash. Whatever the
// error text says, it has one meaning.

#include "native_fuzz.h"
#include "wire/native_error.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace aegis::wire;
  const auto append = [](const ReplyFrame& frame, aegis::Bytes& out) {
    const aegis::Status status = StatusOf(frame);
    Require(IsProtocolError(frame) || status == aegis::Status::kUnknownOutcome ||
            status == aegis::Status::kNotLeader || ReplyStatusOf(status) == frame.status);
    Require(ErrorTextOf(frame).size() <= frame.error.size());
    AppendReply(frame, out);
  };
  FuzzNative({reinterpret_cast<const char*>(data), size}, DecodeReply, append);
  return 0;
}
