// OracleGeneralReader: the binary traces that libCacheSim's authors publish. Packed records, little
// endian, one after the other:
//
//     | time u32 | object u64 | size u32 | next access i64 |    24 bytes
//
// Time is in seconds, the next access in accesses, and below 0 or the largest: never. Neither is
// used: what comes next is computed from the accesses themselves. Published files are compressed;
// what is compressed is refused.

#pragma once

#include <cstdint>

#include "bench/trace/trace.h"
#include "bench/trace/trace_reader.h"

namespace aegis::bench {

class OracleGeneralReader : public TraceReader {
 public:
  static constexpr std::size_t kRecordBytes = 24;

  explicit OracleGeneralReader(TraceBuilder& builder) : builder_(builder) {}

  Result<Ok> Feed(ByteView bytes) override;
  Result<Ok> End() override;

 private:
  Result<Ok> Take(ByteView record);

  TraceBuilder& builder_;
  Bytes rest_;                // Less than a record.
  std::uint64_t offset_ = 0;  // Of the next record.
};

}  // namespace aegis::bench
