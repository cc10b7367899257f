// KeyChoice: which of the keys 0 .. keys-1 a load asks for next, as people write it:
//
//   "uniform"              each as often as any other
//   "zipf", "zipf:0.99"    few very often: rank r in proportion to 1 / r^theta
//   "sequential"           one after the other, round and round
//   "hotspot:10:90"        of 100 calls 90 go to 10 % of the keys, uniformly there and elsewhere
//
// Popular keys lie scattered over all of them, so that what is popular was not filled in together.
// One owner: "sequential" remembers where it is.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/rng.h"
#include "bench/core/zipf.h"

namespace aegis::bench {

class KeyChoice {
 public:
  // Errors: kInvalid, with what is allowed. REQUIRES: keys >= 1.
  static Result<KeyChoice> Parse(std::string_view text, std::uint64_t keys);
  // What that is, for people.
  static std::string Allowed();

  std::uint64_t Draw(Rng& rng);

  // Where "sequential" goes on; nothing to the others. Threads begin apart from each other.
  void StartAt(std::uint64_t number) { next_ = number % keys_; }

 private:
  enum class Kind : std::uint8_t { kUniform, kZipf, kSequential, kHotspot };

  explicit KeyChoice(std::uint64_t keys);
  // A permutation of all keys.
  std::uint64_t Scattered(std::uint64_t rank) const;

  Kind kind_ = Kind::kUniform;
  std::uint64_t keys_;
  std::uint64_t stride_;  // Has no divisor in common with keys_.
  std::optional<Zipf> zipf_;
  std::uint64_t next_ = 0;
  std::uint64_t hot_keys_ = 0;
  double hot_calls_ = 0;  // The fraction that goes to hot keys.
};

}  // namespace aegis::bench
