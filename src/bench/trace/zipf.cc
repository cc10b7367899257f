#include "bench/trace/zipf.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace aegis::bench {
namespace {

// expm1(t) / t and log1p(t) / t, which have limits where t is 0: they make theta = 1, where the
// integral is a logarithm, a case like all others.
double ExpRatio(double t) { return std::abs(t) > 1e-8 ? std::expm1(t) / t : 1 + t / 2; }
double LogRatio(double t) { return std::abs(t) > 1e-8 ? std::log1p(t) / t : 1 - t / 2; }

}  // namespace

ZipfSampler::ZipfSampler(std::uint64_t objects, double theta) : objects_(objects), theta_(theta) {
  AEGIS_CHECK(objects > 0 && theta > 0, "a Zipf distribution has ranks, and falls");
  low_ = Integral(1.5) - 1;
  high_ = Integral(static_cast<double>(objects) + 0.5);
  shortcut_ = 2 - IntegralInverse(Integral(2.5) - Weight(2));
}

std::uint64_t ZipfSampler::Next(Rng& rng) const {
  for (;;) {
    const double area = high_ + rng.Unit() * (low_ - high_);
    const double x = IntegralInverse(area);
    const double rank = std::clamp(std::round(x), 1.0, static_cast<double>(objects_));
    if (rank - x <= shortcut_ || area >= Integral(rank + 0.5) - Weight(rank)) {
      return static_cast<std::uint64_t>(rank);
    }
  }
}

double ZipfSampler::Weight(double x) const { return std::exp(-theta_ * std::log(x)); }

double ZipfSampler::Integral(double x) const {
  const double log = std::log(x);
  return ExpRatio((1 - theta_) * log) * log;
}

double ZipfSampler::IntegralInverse(double y) const {
  const double t = std::max(-1.0, y * (1 - theta_));  // Below -1 by rounding only.
  return std::exp(LogRatio(t) * y);
}

}  // namespace aegis::bench
