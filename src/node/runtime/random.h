// The one place that draws real randomness.

#pragma once

#include <cstdint>
#include <random>

namespace aegis::node {

inline std::uint64_t RandomNumber() {
  std::random_device device;
  return std::uint64_t{device()} << 32U | device();
}

}  // namespace aegis::node
