// Rng: the seeded randomness that pure code is handed. xoshiro256** (Blackman and Vigna, 2018),
// its state filled by SplitMix64, so that every seed, 0 included, is a good one.
//
// The same seed gives the same sequence on every machine and compiler: simulations depend on it.

#pragma once

#include <array>
#include <bit>
#include <cstdint>

namespace aegis {

class Rng {
 public:
  using result_type = std::uint64_t;

  explicit Rng(std::uint64_t seed) {
    for (std::uint64_t& word : state_) {
      seed += 0x9e3779b97f4a7c15U;
      std::uint64_t z = seed;
      z = (z ^ z >> 30U) * 0xbf58476d1ce4e5b9U;
      z = (z ^ z >> 27U) * 0x94d049bb133111ebU;
      word = z ^ z >> 31U;
    }
  }

  // Uniform over all 64-bit values.
  std::uint64_t Next() {
    const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
    const std::uint64_t t = state_[1] << 17U;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= t;
    state_[3] = std::rotl(state_[3], 45);
    return result;
  }

  // Uniform in [0, bound); the bias of the modulo is below bound / 2^64. REQUIRES: bound > 0.
  std::uint64_t Below(std::uint64_t bound) { return Next() % bound; }

  // True with the given probability; 0 or less is never, 1 or more is always.
  bool Chance(double probability) { return Unit() < probability; }

  // Uniform in [0, 1).
  double Unit() { return static_cast<double>(Next() >> 11U) * 0x1.0p-53; }

  // UniformRandomBitGenerator, so that std::shuffle takes an Rng.
  static constexpr result_type min() { return 0; }
  static constexpr result_type max() { return ~result_type{0}; }
  result_type operator()() { return Next(); }

 private:
  std::array<std::uint64_t, 4> state_{};
};

}  // namespace aegis
