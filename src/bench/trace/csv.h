// CsvReader: traces as text, an access per line:
//
//     time,key,size                                    1700000000,user:17,4096
//
// The first line is a header if a column is asked for by its name, or if no field of it is a number
// and one is a name that is known (kKeyNames, kSizeNames). Without a header the key is the second
// field and the size the third; one field is a key. The order of the lines is that of the accesses,
// times are not looked at. Quotes are refused. Empty lines do not count; lines may end in CR LF.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bench/trace/trace.h"
#include "bench/trace/trace_reader.h"

namespace aegis::bench {

struct CsvOptions {
  // A number from 1, or a name in the header; empty: as above.
  std::string key_column = {};
  std::string size_column = {};  // Also kNoColumn.
  char separator = ',';

  static constexpr const char* kNoColumn = "none";  // Each object counts 1.
};

class CsvReader : public TraceReader {
 public:
  static constexpr std::size_t kLineBytesMax = 128 * 1024;  // Longer: an error.
  static constexpr std::array<ByteView, 5> kKeyNames = {"key", "obj_id", "object_id", "object",
                                                        "id"};
  static constexpr std::array<ByteView, 5> kSizeNames = {"size", "obj_size", "object_size",
                                                         "value_size", "bytes"};

  CsvReader(TraceBuilder& builder, CsvOptions options)
      : builder_(builder), options_(std::move(options)) {}

  Result<Ok> Feed(ByteView bytes) override;
  Result<Ok> End() override;

 private:
  Result<Ok> TakeLine(ByteView line);
  // Finds the columns. True: the line was a header.
  Result<bool> TakeFirstLine(ByteView line);
  Result<std::uint32_t> SizeIn(ByteView field) const;
  Error At(std::string what) const;

  TraceBuilder& builder_;
  CsvOptions options_;
  Bytes rest_;              // Of a line that has not ended.
  std::uint64_t line_ = 0;  // The number of the latest, from 1.
  bool started_ = false;    // The columns are known.
  std::size_t key_at_ = 0;  // From 0.
  std::optional<std::size_t> size_at_;
};

}  // namespace aegis::bench
