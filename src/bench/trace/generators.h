// Generators: endless streams of keys, each a pure function of its parameters and the Rng it is
// handed. Some stand alone, some wrap another and mix their own keys into its stream.
//
// Keys of different generators do not collide: each kind has its own top bits.

#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "base/rng.h"
#include "bench/trace/zipf.h"

namespace aegis::bench {

class Generator {
 public:
  Generator() = default;
  virtual ~Generator() = default;
  Generator(const Generator&) = delete;
  Generator& operator=(const Generator&) = delete;

  virtual std::uint64_t Next(Rng& rng) = 0;
};

// The key of rank k is k - 1, for good.
class ZipfGenerator : public Generator {
 public:
  ZipfGenerator(std::uint64_t objects, double theta) : ranks_(objects, theta) {}
  std::uint64_t Next(Rng& rng) override { return ranks_.Next(rng) - 1; }

 private:
  ZipfSampler ranks_;
};

// Popularity that shifts: after every `period` accesses the least popular key becomes the most
// popular one, and each other key falls by one rank. So what is new is hot at once and cools.
class ShiftingGenerator : public Generator {
 public:
  // REQUIRES: period > 0.
  ShiftingGenerator(std::uint64_t objects, double theta, std::uint64_t period)
      : objects_(objects), period_(period), ranks_(objects, theta) {}
  std::uint64_t Next(Rng& rng) override;

 private:
  std::uint64_t objects_;
  std::uint64_t period_;
  ZipfSampler ranks_;
  std::uint64_t accesses_ = 0;
};

// Cycles over its keys, in order.
class LoopGenerator : public Generator {
 public:
  // REQUIRES: objects > 0.
  explicit LoopGenerator(std::uint64_t objects) : objects_(objects) {}
  std::uint64_t Next(Rng& rng) override;

 private:
  std::uint64_t objects_;
  std::uint64_t next_ = 0;
};

// Sequential passes: now and then the base is interrupted by `length` keys in a row, from a random
// place among `objects` keys that the base does not have. Passes make up `share` of all accesses.
class ScanGenerator : public Generator {
 public:
  // REQUIRES: 0 <= share < 1, length > 0, objects > 0.
  ScanGenerator(std::unique_ptr<Generator> base, double share, std::uint64_t length,
                std::uint64_t objects);
  std::uint64_t Next(Rng& rng) override;

 private:
  std::unique_ptr<Generator> base_;
  double begin_chance_;  // Of a pass, before each access of the base.
  std::uint64_t length_;
  std::uint64_t objects_;
  std::uint64_t at_ = 0;
  std::uint64_t left_ = 0;  // Of the pass that is under way.
};

// One-hit wonders: every key comes once.
class OnceGenerator : public Generator {
 public:
  std::uint64_t Next(Rng& rng) override;

 private:
  std::uint64_t next_ = 0;
};

// With the chance `share` an access is the next of `other`, else of the base.
class MixGenerator : public Generator {
 public:
  MixGenerator(std::unique_ptr<Generator> base, std::unique_ptr<Generator> other, double share)
      : base_(std::move(base)), other_(std::move(other)), share_(share) {}
  std::uint64_t Next(Rng& rng) override;

 private:
  std::unique_ptr<Generator> base_;
  std::unique_ptr<Generator> other_;
  double share_;
};

inline constexpr std::uint64_t kLoopKeys = std::uint64_t{1} << 60U;
inline constexpr std::uint64_t kScanKeys = std::uint64_t{2} << 60U;
inline constexpr std::uint64_t kOnceKeys = std::uint64_t{3} << 60U;

// The size of a key's object: log-uniform from `least` to `most` (as many from 1 to 2 KiB as from
// 2 to 4), a function of key and seed. least == most: always that.
struct SizeDistribution {
  std::uint32_t least = 1;
  std::uint32_t most = 1;

  std::uint32_t SizeOf(std::uint64_t key, std::uint64_t seed) const;
};

}  // namespace aegis::bench
