#include "wire/resp.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "model/limits.h"
#include "wire/inline_arguments.h"

namespace aegis::wire {
namespace {

constexpr std::size_t kCrLfSize = 2;
// "$0\r\n" + "" + "\r\n": the least that an argument still to come will take.
constexpr std::size_t kArgumentSizeMin = 6;
// Arguments that cost nothing to scan again. Below it an incomplete command is looked at whenever
// it grows, so that its sender's mistake is answered at once; above, only when it may be whole.
constexpr std::size_t kCheapArguments = 64;

Error ProtocolError(const char* what) {
  return {ErrorCode::kMalformed, fmt::format("Protocol error: {}", what)};
}

// How reading the number of a "*3\r\n" or "$5\r\n" ended.
enum class Number : std::uint8_t { kRead, kIncomplete, kInvalid, kEndless };

// Reads the digits of [first, last) as Redis does: an optional minus, no plus, no leading zeros,
// no more than 64 bits.
std::optional<std::int64_t> ParseInteger(const char* first, const char* last) {
  const bool negative = first != last && *first == '-';
  if (negative) ++first;
  if (first == last || last - first > 18) return std::nullopt;  // 10^18 is over every limit here.
  if (*first == '0' && (negative || last - first > 1)) return std::nullopt;
  std::int64_t value = 0;
  for (; first != last; ++first) {
    if (*first < '0' || *first > '9') return std::nullopt;
    value = value * 10 + (*first - '0');
  }
  return negative ? -value : value;
}

// Reads the rest of a header line at `at` (behind its type byte), and sets `at` behind its CRLF.
Number ReadNumber(ByteView input, std::size_t& at, std::int64_t& value) {
  const char* const first = input.data() + at;
  const char* const end = input.data() + input.size();
  // Nearly every number has one or two digits: look before calling memchr.
  const char* cr = first;
  while (cr != end && *cr >= '0' && *cr <= '9' && cr - first < 8) ++cr;
  if (cr == end || *cr != '\r') {
    const std::size_t window = std::min(input.size() - at, limits::kRespInlineSizeMax);
    cr = static_cast<const char*>(std::memchr(first, '\r', window));
    if (cr == nullptr) {
      return window == limits::kRespInlineSizeMax ? Number::kEndless : Number::kIncomplete;
    }
  }
  if (cr + 1 == end) return Number::kIncomplete;
  const auto number = ParseInteger(first, cr);
  if (!number || cr[1] != '\n') return Number::kInvalid;
  value = *number;
  at = static_cast<std::size_t>(cr - input.data()) + kCrLfSize;
  return Number::kRead;
}

RespParse Incomplete(ByteView input, std::size_t needed) {
  return {.consumed = 0, .needed = std::max(needed, input.size() + 1)};
}

Result<RespParse> ParseInline(ByteView input, std::vector<ByteView>& argv, Bytes& scratch) {
  const std::size_t end = input.substr(0, limits::kRespInlineSizeMax + 1).find('\n');
  if (end == ByteView::npos) {
    if (input.size() > limits::kRespInlineSizeMax) return ProtocolError("too big inline request");
    return Incomplete(input, 0);
  }
  ByteView line = input.substr(0, end);
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (!SplitInlineArguments(line, argv, scratch)) {
    return ProtocolError("unbalanced quotes in request");
  }
  return RespParse{.consumed = end + 1};
}

// The `count` bulks from `at` on.
Result<RespParse> ParseBulks(ByteView input, std::size_t at, std::size_t count,
                             std::vector<ByteView>& argv) {
  for (std::size_t remaining = count; remaining > 0; --remaining) {
    const bool cheap = argv.size() < kCheapArguments;
    const std::size_t behind = cheap ? 0 : (remaining - 1) * kArgumentSizeMin;
    const auto header_incomplete = [&] {
      return Incomplete(input, cheap ? 0 : at + kArgumentSizeMin + behind);
    };
    if (at == input.size()) return header_incomplete();
    if (input[at] != '$') {
      return Error{ErrorCode::kMalformed,
                   fmt::format("Protocol error: expected '$', got '{}'", input[at])};
    }
    std::size_t data_at = at + 1;
    std::int64_t announced = 0;
    switch (ReadNumber(input, data_at, announced)) {
      case Number::kRead:
        break;
      case Number::kIncomplete:
        return header_incomplete();
      case Number::kInvalid:
        return ProtocolError("invalid bulk length");
      case Number::kEndless:
        return ProtocolError("too big bulk count string");
    }
    constexpr auto kSizeMax = static_cast<std::int64_t>(limits::kRespCommandSizeMax);
    if (announced < 0 || announced > kSizeMax) return ProtocolError("invalid bulk length");
    const auto size = static_cast<std::size_t>(announced);
    const std::size_t end = data_at + size;
    if (end + kCrLfSize > limits::kRespCommandSizeMax) return ProtocolError("command too large");
    if (input.size() < end + kCrLfSize) return Incomplete(input, end + kCrLfSize + behind);
    if (input[end] != '\r' || input[end + 1] != '\n') {
      return ProtocolError("expected CRLF behind a bulk");
    }
    argv.push_back(input.substr(data_at, size));
    at = end + kCrLfSize;
  }
  return RespParse{.consumed = at};
}

}  // namespace

Result<RespParse> ParseRespCommand(ByteView input, std::vector<ByteView>& argv, Bytes& scratch) {
  argv.clear();
  if (input.empty()) return Incomplete(input, 0);
  if (input.front() != '*') return ParseInline(input, argv, scratch);

  std::size_t at = 1;
  std::int64_t count = 0;
  switch (ReadNumber(input, at, count)) {
    case Number::kRead:
      break;
    case Number::kIncomplete:
      return Incomplete(input, 0);
    case Number::kInvalid:
      return ProtocolError("invalid multibulk length");
    case Number::kEndless:
      return ProtocolError("too big mbulk count string");
  }
  if (count > static_cast<std::int64_t>(limits::kRespArgumentsMax)) {
    return ProtocolError("invalid multibulk length");
  }
  if (count <= 0) return RespParse{.consumed = at};
  return ParseBulks(input, at, static_cast<std::size_t>(count), argv);
}

}  // namespace aegis::wire
