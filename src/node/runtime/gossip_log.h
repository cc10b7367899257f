// What gossip noticed, as log lines.

#pragma once

#include "gossip/effects.h"

namespace aegis::node {

void LogGossip(const gossip::Event& event);

}  // namespace aegis::node
