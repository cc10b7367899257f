// RegisterModel: what one key of a store does when operations come strictly one after the other.
//
// A key begins absent; its value is a text, and it never expires and is never evicted: histories
// come from tests in which neither can happen. Pure functions over plain data.

#pragma once

#include <optional>
#include <string>

#include "linearizability/operation.h"

namespace aegis::linearizability {

struct KeyState {
  bool present = false;
  std::string value{};
  // Empty while nobody has been told it: then the first operation that names one settles it. A
  // conflict over an untold version is believed.
  std::string version{};

  friend bool operator==(const KeyState&, const KeyState&) = default;
};

// The state after `operation`, executed in `state` with the answer that the client was given. None:
// it cannot have been given this answer in this state. An operation of unknown outcome can be
// executed in every state, and then does there what it does.
// REQUIRES: Flaw(operation) is empty, and its outcome is not unavailable.
std::optional<KeyState> Apply(const KeyState& state, const Operation& operation);

// The state for people: `"a"`, or `absent`.
std::string Text(const KeyState& state);

}  // namespace aegis::linearizability
