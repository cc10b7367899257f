#include "node/core/number_text.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <system_error>

namespace aegis::node {

std::optional<std::int64_t> ParseInteger(ByteView text) {
  const ByteView digits = text.starts_with('-') ? text.substr(1) : text;
  if (digits.starts_with('0') && text.size() > 1) return std::nullopt;
  std::int64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return number;
}

std::optional<std::uint64_t> ParseCounter(ByteView text) {
  constexpr std::size_t kSizeMax = 32;
  if (text.size() > kSizeMax) return std::nullopt;
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  text = text.substr(0, text.find(' '));
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<long double> ParseFloat(ByteView text) {
  constexpr std::size_t kDigitsMax = 5 * 1024;
  if (text.empty() || text.size() > kDigitsMax || std::isspace(text.front()) != 0) {
    return std::nullopt;
  }
  const std::string terminated(text);
  char* end = nullptr;
  const long double number = std::strtold(terminated.c_str(), &end);
  if (end != terminated.c_str() + terminated.size() || std::isnan(number)) return std::nullopt;
  return number;
}

std::string FormatFloat(long double number) {
  std::string text(5 * 1024, '\0');
  const int size = std::snprintf(text.data(), text.size(), "%.17Lf", number);
  text.resize(static_cast<std::size_t>(size));
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text == "-0" ? "0" : text;
}

}  // namespace aegis::node
