#include "bench/core/zipf.h"

#include <algorithm>
#include <cmath>

namespace aegis::bench {

Zipf::Zipf(std::uint64_t ranks, double theta) : theta_(theta), ranks_(static_cast<double>(ranks)) {
  area_begin_ = Integral(1.5) - 1;
  area_end_ = Integral(ranks_ + 0.5);
  shortcut_ = 2 - InverseOfIntegral(Integral(2.5) - Density(2));
}

double Zipf::Density(double x) const { return std::exp(-theta_ * std::log(x)); }

// expm1 and log1p keep both exact where theta is close to 1 and the plain forms divide by nothing.
double Zipf::Integral(double x) const {
  const double log_x = std::log(x);
  const double power = (1 - theta_) * log_x;
  return std::abs(power) < 1e-8 ? log_x * (1 + power / 2) : std::expm1(power) / (1 - theta_);
}

double Zipf::InverseOfIntegral(double area) const {
  const double power = std::max(-1.0, area * (1 - theta_));
  return std::exp(std::abs(power) < 1e-8 ? area * (1 - power / 2)
                                         : std::log1p(power) / (1 - theta_));
}

std::uint64_t Zipf::Draw(Rng& rng) const {
  for (;;) {
    const double area = area_end_ + rng.Unit() * (area_begin_ - area_end_);
    const double x = InverseOfIntegral(area);
    const double rank = std::clamp(std::floor(x + 0.5), 1.0, ranks_);
    if (rank - x <= shortcut_ || area >= Integral(rank + 0.5) - Density(rank)) {
      return static_cast<std::uint64_t>(rank) - 1;
    }
  }
}

}  // namespace aegis::bench
