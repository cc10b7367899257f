// Any bytes must decode to a peer message that encodes again to the same message, or to an Error.

#include <cstdint>

#include "invariant.h"
#include "replication/peer_message.h"
#include "replication/record.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace aegis;
  using namespace aegis::replication;
  const ByteView input(reinterpret_cast<const char*>(data), size);
  const auto decoded = DecodePeerMessage(input);
  if (!decoded.ok()) return 0;
  const PeerMessage& message = decoded.value();

  Bytes frame;
  AppendPeerFrame(message, frame);
  Require(PeerFrameSize(frame).value() == frame.size());
  const Bytes payload = frame.substr(4);
  const auto again = DecodePeerMessage(payload);
  Require(again.ok());
  Bytes second;
  AppendPeerFrame(again.value(), second);
  Require(second == frame);

  ByteView records = message.records;
  while (true) {
    const std::size_t before = records.size();
    const auto record = TakeRecord(records);
    if (!record.ok() || !record.value()) break;
    Require(records.size() < before);
    Bytes encoded;
    AppendRecord(*record.value(), encoded);
    Require(encoded.size() == before - records.size());
  }
  return 0;
}
