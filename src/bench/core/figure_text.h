// How numbers are written for people.

#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace aegis::bench {

// "812 us", "3.2 ms", "1.50 s"; below 10 us with one digit more.
std::string FormatLatency(std::chrono::nanoseconds latency);

// 1234567 -> "1,234,567".
std::string Grouped(std::uint64_t number);

}  // namespace aegis::bench
