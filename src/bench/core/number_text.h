// Numbers in the values of flags, all of the text or nothing.

#pragma once

#include <charconv>
#include <optional>
#include <string_view>

namespace aegis::bench {

// As std::from_chars reads it: no sign before an unsigned number, no blanks.
template <class T>
std::optional<T> ReadNumber(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace aegis::bench
