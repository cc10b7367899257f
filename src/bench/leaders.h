// Leaders: which of the servers of a load leads which key, as an AegisKV cluster says it once,
// before the load. A leader that changes later costs forwarding, nothing else. Immutable.

#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace aegis::bench {

class Leaders {
 public:
  // Asks every server, by TOPOLOGY of the native protocol, who it is, and the first who leads.
  // Errors: kUnavailable, one of them did not answer within `patience`, or a shard has no leader;
  // kInvalid, it is no node of AegisKV, or a node leads that is not among `servers`.
  static Result<Leaders> Of(const std::vector<std::string>& servers,
                            std::chrono::milliseconds patience);

  // An index into `servers`.
  std::size_t ServerOf(ByteView key) const;
  // Whether the server leads any shard.
  bool Leads(std::size_t server) const;

 private:
  std::vector<std::size_t> by_shard_;
};

}  // namespace aegis::bench
