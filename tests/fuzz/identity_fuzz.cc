// Any bytes must decode to an identity that keeps the promises of its header, or to an Error.

#include <cstdint>

#include "message_fuzz.h"
#include "model/limits.h"
#include "proto/client.pb.h"
#include "wire/identity_codec.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace aegis;
  const ByteView input(reinterpret_cast<const char*>(data), size);
  wire::RequireProtobufAgrees<proto::Identity>(input, wire::DecodeIdentity, wire::AppendIdentity);

  const auto decoded = wire::DecodeIdentity(input);
  if (!decoded.ok()) return 0;
  Require(decoded.value().cluster != ClusterId{} && decoded.value().node != kNoNode);
  Require(decoded.value().name.size() <= limits::kNameSizeMax);
  return 0;
}
