// Compression of blocks of a snapshot: each by itself, with zstd at its fastest useful level.
//
// Not thread-safe; made once and used for many blocks, because that is what costs.

#pragma once

#include <cstddef>
#include <memory>

#include "base/bytes.h"
#include "base/result.h"

namespace aegis::wal {

class Compressor {
 public:
  Compressor();
  ~Compressor();
  Compressor(const Compressor&) = delete;
  Compressor& operator=(const Compressor&) = delete;

  void Append(ByteView bytes, Bytes& out);

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

class Decompressor {
 public:
  Decompressor();
  ~Decompressor();
  Decompressor(const Decompressor&) = delete;
  Decompressor& operator=(const Decompressor&) = delete;

  // `out` becomes what was compressed. Errors: kMalformed unless that is `size` bytes.
  Result<Ok> Decompress(ByteView compressed, std::size_t size, Bytes& out);

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

}  // namespace aegis::wal
