#include "linearizability/brute_force.h"

#include <algorithm>
#include <numeric>
#include <optional>
#include <vector>

namespace aegis::linearizability {
namespace {

using Value = std::optional<std::string>;

// Executes an operation; false: the client was told something else.
bool Step(const Operation& operation, Value& value) {
  const bool is_known = operation.outcome != Outcome::kUnknown;
  const Value before = value;
  Outcome outcome = Outcome::kOk;
  std::string result;
  switch (operation.kind) {
    case Kind::kGet:
      if (value) result = *value;
      if (!value) outcome = Outcome::kNotFound;
      break;
    case Kind::kSet:
      value = operation.argument;
      break;
    case Kind::kSetIfAbsent:
      if (value) outcome = Outcome::kConflict;
      if (!value) value = operation.argument;
      break;
    case Kind::kCompareValue:
    case Kind::kCompareVersion:
      if (!value) {
        outcome = Outcome::kNotFound;
      } else if (*value != operation.expected) {
        outcome = Outcome::kConflict;
      } else {
        value = operation.argument;
      }
      break;
    case Kind::kDelete:
      if (!value) outcome = Outcome::kNotFound;
      value.reset();
      break;
    case Kind::kGetDelete:
      if (value) result = *value;
      if (!value) outcome = Outcome::kNotFound;
      value.reset();
      break;
    case Kind::kClear:
      value.reset();
      break;
    case Kind::kIncrement:
      value = std::to_string(std::stoll(value.value_or("0")) + std::stoll(operation.argument));
      result = *value;
      break;
    case Kind::kAppend:
      value = value.value_or("") + operation.argument;
      result = std::to_string(value->size());
      break;
  }
  return !is_known || (outcome == operation.outcome && result == operation.result);
}

bool OrderFits(const History& history, const std::vector<std::size_t>& order) {
  for (std::size_t i = 0; i < order.size(); ++i) {
    for (std::size_t later = i + 1; later < order.size(); ++later) {
      const Operation& before = history[order[i]];
      const Operation& after = history[order[later]];
      if (after.outcome == Outcome::kUnknown) continue;  // It ends never.
      if (*after.returned_at < before.invoked_at) return false;
    }
  }
  Value value;
  return std::ranges::all_of(order, [&](std::size_t i) { return Step(history[i], value); });
}

bool HasOrder(const History& history, std::vector<std::size_t> chosen) {
  std::ranges::sort(chosen);
  do {
    if (OrderFits(history, chosen)) return true;
  } while (std::ranges::next_permutation(chosen).found);
  return false;
}

}  // namespace

bool IsLinearizableByBruteForce(const History& history) {
  std::vector<std::size_t> known;
  std::vector<std::size_t> unknown;
  for (std::size_t i = 0; i < history.size(); ++i) {
    if (history[i].outcome == Outcome::kUnavailable) continue;
    (history[i].outcome == Outcome::kUnknown ? unknown : known).push_back(i);
  }
  for (std::size_t choice = 0; choice < std::size_t{1} << unknown.size(); ++choice) {
    std::vector<std::size_t> chosen = known;
    for (std::size_t bit = 0; bit < unknown.size(); ++bit) {
      if ((choice >> bit & 1U) != 0) chosen.push_back(unknown[bit]);
    }
    if (HasOrder(history, chosen)) return true;
  }
  return false;
}

}  // namespace aegis::linearizability
