// Numbers as the values of keys hold them.

#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"

namespace aegis::node {

// A 64-bit decimal in its one canonical form: no blank, plus, leading zero or "-0".
std::optional<std::int64_t> ParseInteger(ByteView text);

// memcached's counters: digits for 64 bits at most, and what spaces stand around them, because
// memcached used to shorten a number by padding it.
std::optional<std::uint64_t> ParseCounter(ByteView text);

// INCRBYFLOAT's numbers: what strtold reads to the end, but no NaN.
std::optional<long double> ParseFloat(ByteView text);
// 17 decimals with trailing zeros cut, as Redis prints them.
std::string FormatFloat(long double number);

}  // namespace aegis::node
