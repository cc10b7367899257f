// ValueSizes: how large the values of a load are, as people write it:
//
//   "100"           all of them
//   "50-200"        uniform over a range, both ends included
//   "64:9,1024:1"   a mix: of 10 values 9 have 64 bytes; ranges may be part of it
//
// Immutable; the randomness is the caller's.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/rng.h"

namespace aegis::bench {

class ValueSizes {
 public:
  // Errors: kInvalid, with what is allowed.
  static Result<ValueSizes> Parse(std::string_view text);
  // What that is, for people.
  static std::string Allowed();

  std::size_t Draw(Rng& rng) const;
  bool Contains(std::size_t size) const;
  std::size_t least() const { return least_; }
  std::size_t most() const { return most_; }
  double Mean() const;

 private:
  struct Part {
    std::size_t least;
    std::size_t most;
    std::uint64_t weights;  // Of this part and all before it.
  };
  ValueSizes() = default;

  std::vector<Part> parts_;
  std::size_t least_ = 0;
  std::size_t most_ = 0;
};

}  // namespace aegis::bench
