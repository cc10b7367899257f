#include "bench/trace/generators.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/check.h"

namespace aegis::bench {

std::uint64_t ShiftingGenerator::Next(Rng& rng) {
  const std::uint64_t shifts = accesses_++ / period_ % objects_;
  return (ranks_.Next(rng) - 1 + objects_ - shifts) % objects_;
}

std::uint64_t LoopGenerator::Next(Rng& /*rng*/) {
  const std::uint64_t key = next_;
  next_ = (next_ + 1) % objects_;
  return kLoopKeys + key;
}

ScanGenerator::ScanGenerator(std::unique_ptr<Generator> base, double share, std::uint64_t length,
                             std::uint64_t objects)
    : base_(std::move(base)),
      begin_chance_(share / (static_cast<double>(length) * (1 - share) + share)),
      length_(length),
      objects_(objects) {
  AEGIS_CHECK(share >= 0 && share < 1 && length > 0 && objects > 0, "passes leave the base room");
}

std::uint64_t ScanGenerator::Next(Rng& rng) {
  if (left_ == 0) {
    if (!rng.Chance(begin_chance_)) return base_->Next(rng);
    left_ = length_;
    at_ = rng.Below(objects_);
  }
  --left_;
  const std::uint64_t key = at_;
  at_ = (at_ + 1) % objects_;
  return kScanKeys + key;
}

std::uint64_t OnceGenerator::Next(Rng& /*rng*/) { return kOnceKeys + next_++; }

std::uint64_t MixGenerator::Next(Rng& rng) {
  return rng.Chance(share_) ? other_->Next(rng) : base_->Next(rng);
}

std::uint32_t SizeDistribution::SizeOf(std::uint64_t key, std::uint64_t seed) const {
  if (least == most) return least;
  const double doublings = std::log2(static_cast<double>(most) / least);
  Rng rng(key ^ seed * 0x9e3779b97f4a7c15U);
  const double size = least * std::exp2(rng.Unit() * doublings);
  return std::clamp(static_cast<std::uint32_t>(size), least, most);
}

}  // namespace aegis::bench
