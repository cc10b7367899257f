// Any bytes must decode to a Raft message that has exactly this encoding, or to an Error; and so
// must a configuration.

#include <cstdint>

#include "consensus/configuration.h"
#include "consensus/raft_message.h"
#include "invariant.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace aegis;
  const ByteView input(reinterpret_cast<const char*>(data), size);
  if (const auto message = consensus::DecodeRaftMessage(input); message.ok()) {
    Require(consensus::EncodeRaftMessage(message.value()) == input);
    Require(message.value().term > 0 && message.value().term <= consensus::kTermMax);
    Require(message.value().entries.size() <= consensus::kEntriesInFlightMax);
    for (const consensus::Entry& entry : message.value().entries) {
      Require(entry.at.term <= message.value().term);
    }
  }
  if (const auto servers = consensus::DecodeServers(input); servers.ok()) {
    Require(consensus::EncodeServers(servers.value()) == input);
    Require(consensus::CheckServers(servers.value()).ok());
  }
  return 0;
}
