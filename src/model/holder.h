// Holder: who may lead: a node's run under one lease. Not a node: a restarted or cloned process is
// another holder, and a live node that lost its lease to a fence draws a new session.

#pragma once

#include <compare>

#include "model/ids.h"

namespace aegis {

struct Holder {
  NodeId node;
  Session session;  // Of the lease.

  friend bool operator==(const Holder&, const Holder&) = default;
  friend auto operator<=>(const Holder&, const Holder&) = default;
};
inline constexpr Holder kNobody{};

}  // namespace aegis
