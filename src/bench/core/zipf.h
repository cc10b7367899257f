// Zipf: ranks 0, 1, 2, ... of which rank r is drawn in proportion to 1 / (r + 1)^theta.
//
// Rejection-inversion (Hoermann and Derflinger, "Rejection-inversion to generate variates from
// monotone discrete distributions", 1996): exact for every theta > 0, constant memory, and at most
// about 1.1 tries per draw, however many ranks there are.

#pragma once

#include <cstdint>

#include "base/rng.h"

namespace aegis::bench {

class Zipf {
 public:
  // REQUIRES: ranks >= 1, theta > 0.
  Zipf(std::uint64_t ranks, double theta);

  // Below `ranks`.
  std::uint64_t Draw(Rng& rng) const;

 private:
  // The density x^-theta, its integral from 1 to x, and the inverse of that.
  double Density(double x) const;
  double Integral(double x) const;
  double InverseOfIntegral(double area) const;

  double theta_;
  double ranks_;
  double area_begin_;
  double area_end_;
  double shortcut_;
};

}  // namespace aegis::bench
