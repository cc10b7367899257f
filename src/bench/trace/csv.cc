#include "bench/trace/csv.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <span>
#include <utility>

#include "model/limits.h"

namespace aegis::bench {
namespace {

constexpr ByteView kByteOrderMark = "\xef\xbb\xbf";

// Splits nothing: gives one field after the other.
class Fields {
 public:
  Fields(ByteView line, char separator) : rest_(line), separator_(separator) {}

  std::optional<ByteView> Next() {
    if (ended_) return std::nullopt;
    const std::size_t end = rest_.find(separator_);
    const ByteView field = rest_.substr(0, end);
    ended_ = end == ByteView::npos;
    if (!ended_) rest_.remove_prefix(end + 1);
    return field;
  }

 private:
  ByteView rest_;
  char separator_;
  bool ended_ = false;
};

template <class T>
std::optional<T> NumberIn(ByteView text) {
  T number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::string Lower(ByteView text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), [](char c) {
    return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  });
  return lower;
}

std::optional<std::size_t> Find(const std::vector<std::string>& header,
                                std::span<const ByteView> names) {
  for (const ByteView name : names) {
    const auto at = std::ranges::find(header, name);
    if (at != header.end()) return static_cast<std::size_t>(at - header.begin());
  }
  return std::nullopt;
}

bool IsName(const std::string& column) {
  return !column.empty() && column != CsvOptions::kNoColumn && !NumberIn<std::size_t>(column);
}

// A column that was asked for, from 0. Nothing: there is none.
std::optional<std::size_t> Resolve(const std::vector<std::string>& header,
                                   const std::string& column) {
  if (const auto number = NumberIn<std::size_t>(column)) {
    if (*number == 0) return std::nullopt;
    return *number - 1;
  }
  const std::string name = Lower(column);
  const ByteView names[] = {name};
  return Find(header, names);
}

}  // namespace

Result<Ok> CsvReader::Feed(ByteView bytes) {
  while (!bytes.empty() && !builder_.cut()) {
    const std::size_t end = bytes.find('\n');
    const ByteView piece = bytes.substr(0, end);
    if (rest_.size() + piece.size() > kLineBytesMax) {
      ++line_;
      return At(fmt::format("longer than {} bytes; is this a CSV file?", kLineBytesMax));
    }
    if (end == ByteView::npos) {
      rest_.append(piece);
      break;
    }
    bytes.remove_prefix(end + 1);
    ByteView line = piece;
    if (!rest_.empty()) line = rest_.append(piece);
    if (auto taken = TakeLine(line); !taken.ok()) return taken;
    rest_.clear();
  }
  return Ok{};
}

Result<Ok> CsvReader::End() {
  if (rest_.empty()) return Ok{};
  return TakeLine(std::exchange(rest_, {}));
}

Result<Ok> CsvReader::TakeLine(ByteView line) {
  ++line_;
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (line_ == 1 && line.starts_with(kByteOrderMark)) line.remove_prefix(kByteOrderMark.size());
  if (line.empty()) return Ok{};
  if (line.find('"') != ByteView::npos) return At("quoted fields are not read");
  if (!started_) {
    Result<bool> header = TakeFirstLine(line);
    if (!header.ok()) return header.error();
    started_ = true;
    if (header.value()) return Ok{};
  }

  const std::size_t needed = std::max(key_at_, size_at_.value_or(0)) + 1;
  ByteView key;
  ByteView size;
  Fields fields(line, options_.separator);
  for (std::size_t i = 0; i < needed; ++i) {
    const std::optional<ByteView> field = fields.Next();
    if (!field) return At(fmt::format("{} fields, but field {} is needed", i, needed));
    if (i == key_at_) key = *field;
    if (i == size_at_) size = *field;
  }
  if (key.empty()) return At("the key is empty");
  std::uint32_t bytes = 1;
  if (size_at_ && !builder_.limits().ignore_sizes) {
    const Result<std::uint32_t> parsed = SizeIn(size);
    if (!parsed.ok()) return parsed.error();
    bytes = parsed.value();
  }
  builder_.Add(key, bytes);
  return Ok{};
}

Result<bool> CsvReader::TakeFirstLine(ByteView line) {
  std::vector<std::string> header;
  bool numbers = false;
  Fields fields(line, options_.separator);
  while (const std::optional<ByteView> field = fields.Next()) {
    numbers = numbers || NumberIn<double>(*field).has_value();
    header.push_back(Lower(*field));
  }
  const bool known = Find(header, kKeyNames) || Find(header, kSizeNames);
  const bool is_header =
      IsName(options_.key_column) || IsName(options_.size_column) || (!numbers && known);

  std::optional<std::size_t> key;
  if (!options_.key_column.empty()) {
    key = Resolve(header, options_.key_column);
    if (!key) return At(fmt::format("no column '{}' for the key", options_.key_column));
  } else if (is_header) {
    key = Find(header, kKeyNames);
    if (!key) {
      return At(fmt::format("no column is called {}: say which has the key, with --key-column",
                            fmt::join(kKeyNames, ", ")));
    }
  } else {
    key = header.size() == 1 ? 0 : 1;
  }
  key_at_ = *key;

  if (options_.size_column == CsvOptions::kNoColumn) return is_header;
  if (!options_.size_column.empty()) {
    size_at_ = Resolve(header, options_.size_column);
    if (!size_at_) return At(fmt::format("no column '{}' for the size", options_.size_column));
  } else if (is_header) {
    size_at_ = Find(header, kSizeNames);
  } else if (header.size() >= 3) {
    size_at_ = 2;
  }
  return is_header;
}

Result<std::uint32_t> CsvReader::SizeIn(ByteView field) const {
  const auto size = NumberIn<std::uint64_t>(field);
  if (!size) {
    return At(
        fmt::format("the size '{}' is not a number of bytes (--size-column says where it is, "
                    "or none)",
                    field.substr(0, 40)));
  }
  if (*size > limits::kValueSizeMax) {
    return At(
        fmt::format("a size of {} bytes; a value has at most {} (--ignore-sizes counts each "
                    "object as 1)",
                    *size, limits::kValueSizeMax));
  }
  return static_cast<std::uint32_t>(*size);
}

Error CsvReader::At(std::string what) const {
  return {ErrorCode::kMalformed, fmt::format("line {}: {}", line_, std::move(what))};
}

}  // namespace aegis::bench
