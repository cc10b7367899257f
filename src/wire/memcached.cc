#include "wire/memcached.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <optional>

#include "model/limits.h"

namespace aegis::wire {
namespace {

using Verb = MemcachedVerb;

constexpr ByteView kCrLf = "\r\n";

struct VerbName {
  ByteView name;
  Verb verb;
};

// Those that are asked for most come first.
constexpr VerbName kVerbs[] = {
    {"get", Verb::kGet},         {"set", Verb::kSet},         {"mg", Verb::kMetaGet},
    {"ms", Verb::kMetaSet},      {"gets", Verb::kGets},       {"cas", Verb::kCas},
    {"add", Verb::kAdd},         {"incr", Verb::kIncr},       {"decr", Verb::kDecr},
    {"delete", Verb::kDelete},   {"touch", Verb::kTouch},     {"gat", Verb::kGat},
    {"gats", Verb::kGats},       {"replace", Verb::kReplace}, {"append", Verb::kAppend},
    {"prepend", Verb::kPrepend}, {"md", Verb::kMetaDelete},   {"ma", Verb::kMetaArithmetic},
    {"mn", Verb::kMetaNoop},     {"me", Verb::kMetaDebug},    {"flush_all", Verb::kFlushAll},
    {"version", Verb::kVersion}, {"stats", Verb::kStats},     {"verbosity", Verb::kVerbosity},
    {"quit", Verb::kQuit},
};

Verb VerbOf(ByteView word) {
  for (const VerbName& entry : kVerbs) {
    if (entry.name == word) return entry.verb;
  }
  return Verb::kUnknown;
}

bool NamesManyKeys(Verb verb) {
  return verb == Verb::kGet || verb == Verb::kGets || verb == Verb::kGat || verb == Verb::kGats;
}

// The word at the front of `text`, behind spaces, up to a space; `text` goes on behind it.
ByteView NextWord(ByteView& text) {
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at != end && *at == ' ') ++at;
  const char* const first = at;
  while (at != end && *at != ' ') ++at;
  text = {at, static_cast<std::size_t>(end - at)};
  return {first, static_cast<std::size_t>(at - first)};
}

// How long a line may be is known by its first word, which has to be there in time.
std::size_t LineSizeMax(ByteView input) {
  ByteView start = input.substr(0, limits::kMemcachedLineSizeMax);
  const ByteView word = NextWord(start);
  return !start.empty() && NamesManyKeys(VerbOf(word)) ? limits::kMemcachedKeysLineSizeMax
                                                       : limits::kMemcachedLineSizeMax;
}

// How many bytes the data block has. Nothing: there is none, or nobody can tell.
std::optional<std::uint64_t> DataSize(Verb verb, const std::vector<ByteView>& words) {
  std::size_t at = 0;
  switch (verb) {
    case Verb::kSet:
    case Verb::kAdd:
    case Verb::kReplace:
    case Verb::kAppend:
    case Verb::kPrepend:
      if (words.size() != 5 && words.size() != 6) return std::nullopt;
      at = 4;
      break;
    case Verb::kCas:
      if (words.size() != 6 && words.size() != 7) return std::nullopt;
      at = 4;
      break;
    case Verb::kMetaSet:
      if (words.size() < 3) return std::nullopt;
      at = 2;
      break;
    default:
      return std::nullopt;
  }
  std::uint32_t size = 0;
  // As memcached: what does not fit 31 bits is no size at all.
  if (!ReadMemcachedNumber(words[at], size) || size > INT32_MAX - 2) return std::nullopt;
  return size;
}

template <class T>
bool ReadNumber(ByteView text, T& number) {
  T read{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), read);
  if (error != std::errc{} || end != text.data() + text.size()) return false;
  number = read;
  return true;
}

char* PutDecimal(char* at, std::uint64_t number) {
  constexpr std::size_t kDigitsMax = 20;
  return std::to_chars(at, at + kDigitsMax, number).ptr;
}

MemcachedParse Incomplete(ByteView input, std::size_t needed) {
  return {.consumed = 0, .needed = std::max(needed, input.size() + 1)};
}

}  // namespace

Result<MemcachedParse> ParseMemcachedRequest(ByteView input, MemcachedRequest& request) {
  const std::size_t line_end = input.substr(0, limits::kMemcachedLineSizeMax).find('\n');
  std::size_t line_size = line_end == ByteView::npos ? 0 : line_end + 1;
  if (line_end == ByteView::npos && input.size() >= limits::kMemcachedLineSizeMax) {
    const std::size_t size_max = LineSizeMax(input);
    const std::size_t late_end = input.substr(0, size_max).find('\n');
    if (late_end == ByteView::npos && input.size() >= size_max) {
      return Error{ErrorCode::kMalformed, "line is too long"};
    }
    line_size = late_end == ByteView::npos ? 0 : late_end + 1;
  }
  if (line_size == 0) return Incomplete(input, 0);

  ByteView line = input.substr(0, line_size - 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  request.words.clear();
  for (ByteView word = NextWord(line); !word.empty(); word = NextWord(line)) {
    if (request.words.size() == kMemcachedWordsMax) break;
    request.words.push_back(word);
  }
  request.verb = request.words.empty() ? Verb::kUnknown : VerbOf(request.words.front());
  request.data_state = MemcachedData::kNone;
  request.data = {};
  const auto data_size = DataSize(request.verb, request.words);
  if (!data_size) return MemcachedParse{.consumed = line_size};
  if (*data_size > limits::kValueSizeMax) {
    request.data_state = MemcachedData::kTooLarge;
    return MemcachedParse{.consumed = line_size, .skip = *data_size + kCrLf.size()};
  }
  const std::size_t whole = line_size + *data_size + kCrLf.size();
  if (input.size() < whole) return Incomplete(input, whole);
  const bool ends = input.substr(whole - kCrLf.size(), kCrLf.size()) == kCrLf;
  request.data_state = ends ? MemcachedData::kWhole : MemcachedData::kBad;
  if (ends) request.data = input.substr(line_size, *data_size);
  return MemcachedParse{.consumed = whole};
}

bool ReadMemcachedNumber(ByteView text, std::uint64_t& number) { return ReadNumber(text, number); }
bool ReadMemcachedNumber(ByteView text, std::uint32_t& number) { return ReadNumber(text, number); }
bool ReadMemcachedNumber(ByteView text, std::int64_t& number) { return ReadNumber(text, number); }

void AppendDecimal(std::uint64_t number, Bytes& out) {
  std::array<char, 24> digits;
  out.append(digits.data(), PutDecimal(digits.data(), number));
}

void AppendMemcachedValue(ByteView key, std::uint32_t flags, ByteView value,
                          const std::uint64_t* cas, OutgoingTail tail, const Block* block) {
  constexpr ByteView kHead = "VALUE ";
  std::array<char, 72> numbers;  // Three of at most 20 digits, their spaces and CRLF.
  char* at = numbers.data();
  *at++ = ' ';
  at = PutDecimal(at, flags);
  *at++ = ' ';
  at = PutDecimal(at, value.size());
  if (cas != nullptr) {
    *at++ = ' ';
    at = PutDecimal(at, *cas);
  }
  at = std::copy(kCrLf.begin(), kCrLf.end(), at);
  Bytes& out = tail.bytes();
  out.append(kHead).append(key).append(numbers.data(), at);
  tail.Append(value, block);
  out.append(kCrLf);
}

void AppendMemcachedStat(ByteView name, ByteView value, Bytes& out) {
  out.append("STAT ").append(name).append(" ").append(value).append(kCrLf);
}

}  // namespace aegis::wire
