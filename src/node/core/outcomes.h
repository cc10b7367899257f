// Outcomes that an Executor has for what it found, or did not find, under a key.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "model/operation.h"
#include "store/item_view.h"

namespace aegis::node {

inline Outcome Failure(Status status, std::string error) {
  Outcome outcome;
  outcome.status = status;
  outcome.error = std::move(error);
  return outcome;
}

inline Outcome Missing() {
  Outcome outcome;
  outcome.status = Status::kNotFound;
  return outcome;
}

// Of the key as it is; without its value.
inline Outcome Describe(const store::ItemView& item) {
  Outcome outcome;
  outcome.version = item.version;
  outcome.expires_at = item.expires_at;
  outcome.client_flags = item.client_flags;
  outcome.number = static_cast<std::int64_t>(item.value.size());
  return outcome;
}

// `item`: what is there, if anything is.
inline Outcome Conflict(const std::optional<store::ItemView>& item) {
  Outcome outcome = item ? Describe(*item) : Outcome{};
  outcome.status = Status::kConflict;
  return outcome;
}

}  // namespace aegis::node
