// Any bytes must decode to a batch of outcomes or to an Error, as protobuf would read them.

#include <cstdint>

#include "message_fuzz.h"
#include "proto/client.pb.h"
#include "wire/operation_codec.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace aegis::wire;
  RequireProtobufAgrees<aegis::proto::MultiReply>({reinterpret_cast<const char*>(data), size},
                                                  DecodeMultiReply, AppendMultiReply);
  return 0;
}
