// How Redis reads the words of a command: numbers, option names, glob patterns.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "model/eviction_policy.h"
#include "node/core/number_text.h"

namespace aegis::node::resp {

// ASCII only, as Redis compares names.
char ToLower(char c);
std::string ToUpper(ByteView text);
bool EqualsIgnoringCase(ByteView a, ByteView b);

using node::ParseInteger;

// True iff INCRBYFLOAT takes it: what strtold reads to the end, neither NaN nor out of range.
bool IsFloat(ByteView text);

// An amount of memory in bytes: "100", "100b", "1k" (1000), "1kb" (1024), "2mb", "1g", ...
std::optional<std::uint64_t> ParseMemory(ByteView text);

// Redis' glob: * ? [a-z] [^a] and \ to quote. May take the product of the two sizes.
bool GlobMatch(ByteView pattern, ByteView text, bool ignore_case);
// As it stands, going through so many bytes of the pattern at most, again and again; those that it
// took are taken off `steps`. Nothing: they are not enough to tell.
std::optional<bool> GlobMatch(ByteView pattern, ByteView text, std::size_t& steps);

// The nearest of Redis' policies, for tools that look at maxmemory-policy. Never one with LFU: of
// those OBJECT FREQ would have to tell a frequency.
ByteView RedisNameOf(EvictionPolicy policy);

// What an error text quotes of an argument: up to `size_max` bytes and to the first NUL.
ByteView Excerpt(ByteView argument, std::size_t size_max);

}  // namespace aegis::node::resp
