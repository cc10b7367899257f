#include "node/core/resp_text.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>

namespace aegis::node::resp {
namespace {

// Takes the set "[...]" off the front of `pattern` and says whether `c` is in it. A set that does
// not end reaches to the pattern's end, as in Redis.
bool MatchSet(ByteView& pattern, char c) {
  pattern.remove_prefix(1);
  const bool negated = pattern.starts_with('^');
  if (negated) pattern.remove_prefix(1);
  bool found = false;
  while (!pattern.empty() && pattern.front() != ']') {
    if (pattern.front() == '\\' && pattern.size() >= 2) {
      found = found || pattern[1] == c;
      pattern.remove_prefix(2);
    } else if (pattern.size() >= 3 && pattern[1] == '-') {
      const auto [low, high] = std::minmax(pattern[0], pattern[2]);
      found = found || (c >= low && c <= high);
      pattern.remove_prefix(3);
    } else {
      found = found || pattern.front() == c;
      pattern.remove_prefix(1);
    }
  }
  if (!pattern.empty()) pattern.remove_prefix(1);
  return found != negated;
}

// Matches one character of the text; takes what matched it off the front of `pattern`.
bool MatchOne(ByteView& pattern, char c) {
  if (pattern.front() == '[') return MatchSet(pattern, c);
  const bool any = pattern.front() == '?';
  if (pattern.front() == '\\' && pattern.size() >= 2) pattern.remove_prefix(1);
  const bool matches = any || pattern.front() == c;
  pattern.remove_prefix(1);
  return matches;
}

std::string Lowered(ByteView text) {
  std::string lowered(text);
  std::transform(lowered.begin(), lowered.end(), lowered.begin(), ToLower);
  return lowered;
}

}  // namespace

// One star is remembered at a time: going back to the latest is enough, so the time is at most
// the product of the two lengths, whatever the pattern.
std::optional<bool> GlobMatch(ByteView pattern, ByteView text, std::size_t& steps) {
  std::optional<ByteView> behind_star;
  ByteView retry_at;
  while (!text.empty()) {
    if (pattern.starts_with('*')) {
      pattern.remove_prefix(1);
      if (pattern.empty()) return true;
      behind_star = pattern;
      retry_at = text;
      continue;
    }
    if (!pattern.empty()) {
      const std::size_t before = pattern.size();
      const bool matches = MatchOne(pattern, text.front());
      const std::size_t passed = before - pattern.size();
      if (passed > steps) return std::nullopt;
      steps -= passed;
      if (matches) {
        text.remove_prefix(1);
        continue;
      }
    }
    if (!behind_star) return false;
    pattern = *behind_star;
    retry_at.remove_prefix(1);
    text = retry_at;
  }
  return pattern.find_first_not_of('*') == ByteView::npos;
}

char ToLower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string ToUpper(ByteView text) {
  std::string upper(text);
  for (char& c : upper) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return upper;
}

bool EqualsIgnoringCase(ByteView a, ByteView b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return ToLower(x) == ToLower(y); });
}

bool IsFloat(ByteView text) {
  constexpr std::size_t kDigitsMax = 5 * 1024;
  constexpr ByteView kBlanks = " \t\n\v\f\r";
  if (text.empty() || text.size() >= kDigitsMax) return false;
  if (kBlanks.find(text.front()) != ByteView::npos) return false;
  const std::string terminated(text);
  char* end = nullptr;
  errno = 0;
  const long double number = std::strtold(terminated.c_str(), &end);
  if (end != terminated.c_str() + terminated.size() || std::isnan(number)) return false;
  const bool out_of_range = errno == ERANGE && (std::isinf(number) || number == 0);
  return !out_of_range;
}

std::optional<std::uint64_t> ParseMemory(ByteView text) {
  struct Unit {
    ByteView name;
    std::uint64_t bytes;
  };
  constexpr Unit kUnits[] = {
      {"", 1},        {"b", 1},           {"k", 1000},          {"kb", 1ULL << 10},
      {"m", 1000000}, {"mb", 1ULL << 20}, {"g", 1000000000ULL}, {"gb", 1ULL << 30},
  };
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{}) return std::nullopt;
  const ByteView suffix(stop, static_cast<std::size_t>(end - stop));
  for (const Unit& unit : kUnits) {
    if (!EqualsIgnoringCase(unit.name, suffix)) continue;
    if (__builtin_mul_overflow(number, unit.bytes, &number)) return std::nullopt;
    return number;
  }
  return std::nullopt;
}

bool GlobMatch(ByteView pattern, ByteView text, bool ignore_case) {
  std::size_t steps = std::numeric_limits<std::size_t>::max();
  return ignore_case ? *GlobMatch(Lowered(pattern), Lowered(text), steps)
                     : *GlobMatch(pattern, text, steps);
}

ByteView Excerpt(ByteView argument, std::size_t size_max) {
  return argument.substr(0, size_max).substr(0, argument.substr(0, size_max).find('\0'));
}

ByteView RedisNameOf(EvictionPolicy policy) {
  switch (policy) {
    case EvictionPolicy::kSlru:
    case EvictionPolicy::kLru:
    case EvictionPolicy::kS3Fifo:
      return "allkeys-lru";
    case EvictionPolicy::kRandom:
      return "allkeys-random";
    case EvictionPolicy::kVolatileTtl:
      return "volatile-ttl";
    case EvictionPolicy::kNoEviction:
      return "noeviction";
  }
  return {};
}

}  // namespace aegis::node::resp
