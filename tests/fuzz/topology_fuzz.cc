// Any bytes must decode to a topology that keeps the promises of its header, or to an Error.

#include <algorithm>
#include <cstdint>

#include "message_fuzz.h"
#include "wire/topology_codec.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace aegis;
  const ByteView input(reinterpret_cast<const char*>(data), size);
  // Not compared with protobuf: addresses come out normalised ("h:080" is "h:80").
  wire::RequireCanonical(input, wire::DecodeTopology, wire::AppendTopology);

  const auto decoded = wire::DecodeTopology(input);
  if (!decoded.ok()) return 0;
  const RoutingTable& table = decoded.value();
  Require(table.Find(table.self) != nullptr);
  Require(table.shards.size() == (table.settings.born() ? table.settings.num_shards : 0));
  Require(std::is_sorted(table.members.begin(), table.members.end(),
                         [](const Member& a, const Member& b) { return a.id < b.id; }));
  return 0;
}
