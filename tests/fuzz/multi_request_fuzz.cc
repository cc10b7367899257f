// Any bytes must decode to a batch of operations or to an Error, as protobuf would read them.

#include <cstdint>

#include "message_fuzz.h"
#include "proto/client.pb.h"
#include "wire/operation_codec.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace aegis::wire;
  RequireProtobufAgrees<aegis::proto::MultiRequest>({reinterpret_cast<const char*>(data), size},
                                                    DecodeMultiRequest, AppendMultiRequest);
  return 0;
}
