#include "bench/trace/oracle_general.h"

#include <fmt/format.h>

#include <algorithm>

#include "model/limits.h"

namespace aegis::bench {
namespace {

constexpr ByteView kZstdMagic = "\x28\xb5\x2f\xfd";
constexpr ByteView kGzipMagic = "\x1f\x8b\x08";

template <class T>
T LoadLittleEndian(ByteView from) {
  T value = 0;
  for (std::size_t i = sizeof(T); i-- > 0;) {
    value = static_cast<T>(value << 8U | static_cast<unsigned char>(from[i]));
  }
  return value;
}

}  // namespace

Result<Ok> OracleGeneralReader::Feed(ByteView bytes) {
  while (!bytes.empty() && !builder_.cut()) {
    if (rest_.empty() && bytes.size() >= kRecordBytes) {
      if (auto taken = Take(bytes.substr(0, kRecordBytes)); !taken.ok()) return taken;
      bytes.remove_prefix(kRecordBytes);
      continue;
    }
    const std::size_t more = std::min(kRecordBytes - rest_.size(), bytes.size());
    rest_.append(bytes.substr(0, more));
    bytes.remove_prefix(more);
    if (rest_.size() < kRecordBytes) break;
    if (auto taken = Take(rest_); !taken.ok()) return taken;
    rest_.clear();
  }
  return Ok{};
}

Result<Ok> OracleGeneralReader::Take(ByteView record) {
  if (offset_ == 0 && (record.starts_with(kZstdMagic) || record.starts_with(kGzipMagic))) {
    const bool zstd = record.starts_with(kZstdMagic);
    return Error{ErrorCode::kInvalid, fmt::format("this is compressed: unpack it first, with {}",
                                                  zstd ? "`zstd -d`" : "`gunzip`")};
  }
  const auto object = LoadLittleEndian<std::uint64_t>(record.substr(4));
  const auto size = LoadLittleEndian<std::uint32_t>(record.substr(12));
  if (size > limits::kValueSizeMax && !builder_.limits().ignore_sizes) {
    return Error{ErrorCode::kTooLarge,
                 fmt::format("byte {}: an object of {} bytes; a value has at most {} "
                             "(--ignore-sizes counts each object as 1)",
                             offset_, size, limits::kValueSizeMax)};
  }
  builder_.Add(object, size);
  offset_ += kRecordBytes;
  return Ok{};
}

Result<Ok> OracleGeneralReader::End() {
  if (rest_.empty()) return Ok{};
  return Error{ErrorCode::kMalformed,
               fmt::format("byte {}: the file ends {} bytes into a record of {}; is it in the "
                           "format oracleGeneral?",
                           offset_, rest_.size(), kRecordBytes)};
}

}  // namespace aegis::bench
