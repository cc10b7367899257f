// ZipfSampler: ranks 1 to n, rank k with a probability proportional to k^-theta.
//
// Rejection-inversion (Hörmann and Derflinger, "Rejection-inversion to generate variates from
// monotone discrete distributions", ACM TOMACS 6(3), 1996): exact for every theta > 0, with
// constant memory and fewer than 1.2 tries per rank, where a table would take 8 bytes per object.

#pragma once

#include <cstdint>

#include "base/rng.h"

namespace aegis::bench {

class ZipfSampler {
 public:
  // REQUIRES: objects > 0, theta > 0.
  ZipfSampler(std::uint64_t objects, double theta);

  // From 1, the most popular, to objects.
  std::uint64_t Next(Rng& rng) const;

 private:
  double Weight(double x) const;           // x^-theta.
  double Integral(double x) const;         // Of Weight, from 1 to x.
  double IntegralInverse(double y) const;  // The x that has Integral(x) == y.

  std::uint64_t objects_;
  double theta_;
  double low_;       // Of the area that is drawn from.
  double high_;      // Likewise.
  double shortcut_;  // So far above x, a rank is accepted without computing its area.
};

}  // namespace aegis::bench
