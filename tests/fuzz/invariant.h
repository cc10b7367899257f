// Require(): what every fuzz target says about its decoder. A trap is a finding.

#pragma once

inline void Require(bool invariant) {
  if (!invariant) __builtin_trap();
}
