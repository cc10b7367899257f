// Draw: an id at random, and never 0, which names nothing.

#pragma once

#include "base/rng.h"

namespace aegis::node {

template <class Id>
Id Draw(Rng& rng) {
  while (true) {
    if (const Id drawn{rng.Next()}; drawn != Id{}) return drawn;
  }
}

}  // namespace aegis::node
