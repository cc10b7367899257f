// Any bytes, in any split, must decode to requests or to an Error: never to a crash.

#include "native_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace aegis::wire;
  FuzzNative({reinterpret_cast<const char*>(data), size}, DecodeRequest, AppendRequest);
  return 0;
}
