// TraceReader: bytes of a trace file, in whatever pieces they come, into a TraceBuilder.

#pragma once

#include "base/bytes.h"
#include "base/result.h"

namespace aegis::bench {

class TraceReader {
 public:
  TraceReader() = default;
  virtual ~TraceReader() = default;
  TraceReader(const TraceReader&) = delete;
  TraceReader& operator=(const TraceReader&) = delete;

  // The next bytes. An error says where, counted from the file's beginning; after one, and once
  // the builder is cut, nothing more may be fed.
  virtual Result<Ok> Feed(ByteView bytes) = 0;

  // There are no more bytes.
  virtual Result<Ok> End() = 0;
};

}  // namespace aegis::bench
