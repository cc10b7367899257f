#include "wal/compression.h"

#include <zstd.h>

#include "base/check.h"

namespace aegis::wal {
namespace {

constexpr int kLevel = 1;

}  // namespace

struct Compressor::Context {
  ZSTD_CCtx* zstd = ZSTD_createCCtx();
  ~Context() { ZSTD_freeCCtx(zstd); }
};

struct Decompressor::Context {
  ZSTD_DCtx* zstd = ZSTD_createDCtx();
  ~Context() { ZSTD_freeDCtx(zstd); }
};

Compressor::Compressor() : context_(std::make_unique<Context>()) {
  AEGIS_CHECK(context_->zstd != nullptr, "zstd has memory");
}
Compressor::~Compressor() = default;

void Compressor::Append(ByteView bytes, Bytes& out) {
  const std::size_t at = out.size();
  out.resize(at + ZSTD_compressBound(bytes.size()));
  const std::size_t size = ZSTD_compressCCtx(context_->zstd, out.data() + at, out.size() - at,
                                             bytes.data(), bytes.size(), kLevel);
  AEGIS_CHECK(ZSTD_isError(size) == 0, "zstd compresses whatever it has room for");
  out.resize(at + size);
}

Decompressor::Decompressor() : context_(std::make_unique<Context>()) {
  AEGIS_CHECK(context_->zstd != nullptr, "zstd has memory");
}
Decompressor::~Decompressor() = default;

Result<Ok> Decompressor::Decompress(ByteView compressed, std::size_t size, Bytes& out) {
  out.resize(size);
  const std::size_t got =
      ZSTD_decompressDCtx(context_->zstd, out.data(), size, compressed.data(), compressed.size());
  if (ZSTD_isError(got) != 0 || got != size) {
    return Error{ErrorCode::kMalformed, "a block that does not decompress to its size"};
  }
  return Ok{};
}

}  // namespace aegis::wal
