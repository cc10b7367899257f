#include "linearizability/random_histories.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <vector>

namespace aegis::linearizability {
namespace {

constexpr std::uint64_t kCallLengthMax = 100;  // Nanoseconds; long against the pauses between.
constexpr std::uint64_t kPauseMax = 20;

// What one call will do, and when.
struct Planned {
  Operation operation{};
  std::optional<TimePoint> executed_at{};
};

Duration Any(Rng& rng, std::uint64_t max) {
  return Duration(1 + static_cast<std::int64_t>(rng.Below(max)));
}

class Generator {
 public:
  Generator(const Mix& mix, Rng& rng) : mix_(mix), rng_(rng) {}

  History Run() {
    PlanCalls();
    std::vector<Planned*> order;
    for (Planned& each : planned_) {
      if (each.executed_at) order.push_back(&each);
    }
    std::ranges::stable_sort(order, {}, [](const Planned* each) { return *each->executed_at; });
    for (Planned* const each : order) Execute(each->operation);
    History history;
    for (Planned& each : planned_) history.push_back(std::move(each.operation));
    return history;
  }

 private:
  void PlanCalls() {
    std::vector<TimePoint> free_at(mix_.clients);
    for (std::size_t i = 0; i < mix_.operations; ++i) {
      const std::size_t client = i % mix_.clients;
      Planned plan{.operation = AnyCall(static_cast<std::uint32_t>(client))};
      Operation& operation = plan.operation;
      operation.invoked_at = free_at[client] + Any(rng_, kPauseMax);
      const Duration length = Any(rng_, kCallLengthMax);
      plan.executed_at =
          operation.invoked_at + Any(rng_, static_cast<std::uint64_t>(length.count()));
      operation.returned_at = operation.invoked_at + length;
      free_at[client] = *operation.returned_at;
      operation.outcome = Outcome::kOk;
      if (rng_.Chance(mix_.unknown)) {
        operation.outcome = Outcome::kUnknown;
        if (rng_.Chance(0.3)) *plan.executed_at += Any(rng_, 5 * kCallLengthMax);
        if (rng_.Chance(0.5)) plan.executed_at.reset();
      }
      planned_.push_back(std::move(plan));
    }
  }

  std::string AnyValue() {
    return std::to_string(mix_.values == 0 ? ++last_value_ : rng_.Below(mix_.values));
  }

  Kind AnyKind() {
    static const std::vector<Kind> of_register = {
        Kind::kGet,          Kind::kGet,    Kind::kSet,       Kind::kSet,  Kind::kSetIfAbsent,
        Kind::kCompareValue, Kind::kDelete, Kind::kGetDelete, Kind::kClear};
    static const std::vector<Kind> of_numbers = {Kind::kGet,    Kind::kIncrement, Kind::kIncrement,
                                                 Kind::kDelete, Kind::kGetDelete, Kind::kClear};
    static const std::vector<Kind> of_lists = {Kind::kGet,    Kind::kGet, Kind::kAppend,
                                               Kind::kAppend, Kind::kSet, Kind::kDelete};
    const std::vector<Kind>& kinds = mix_.words == Words::kRegister  ? of_register
                                     : mix_.words == Words::kNumbers ? of_numbers
                                                                     : of_lists;
    return kinds[rng_.Below(kinds.size())];
  }

  Operation AnyCall(std::uint32_t client) {
    Operation call{.client = client, .key = "k" + std::to_string(rng_.Below(mix_.keys))};
    call.kind = AnyKind();
    if (call.kind == Kind::kIncrement) {
      call.argument = std::to_string(1 + rng_.Below(3));
    } else if (call.kind != Kind::kGet && call.kind != Kind::kDelete &&
               call.kind != Kind::kGetDelete && call.kind != Kind::kClear) {
      call.argument = AnyValue();
    }
    if (call.kind == Kind::kCompareValue) {
      call.expected = std::to_string(rng_.Below(std::max<std::size_t>(mix_.values, 3)));
    }
    return call;
  }

  void Execute(Operation& operation) {
    std::optional<std::string>& value = values_[operation.key];
    const bool found = value.has_value();
    Outcome outcome = Outcome::kOk;
    std::string result;
    switch (operation.kind) {
      case Kind::kGet:
        if (found) result = *value;
        if (!found) outcome = Outcome::kNotFound;
        break;
      case Kind::kSet:
        value = operation.argument;
        break;
      case Kind::kSetIfAbsent:
        if (found) outcome = Outcome::kConflict;
        if (!found) value = operation.argument;
        break;
      case Kind::kCompareValue:
      case Kind::kCompareVersion:
        if (!found) outcome = Outcome::kNotFound;
        if (found && *value != operation.expected) outcome = Outcome::kConflict;
        if (outcome == Outcome::kOk) value = operation.argument;
        break;
      case Kind::kDelete:
        if (!found) outcome = Outcome::kNotFound;
        value.reset();
        break;
      case Kind::kGetDelete:
        if (found) result = *value;
        if (!found) outcome = Outcome::kNotFound;
        value.reset();
        break;
      case Kind::kClear:
        value.reset();
        break;
      case Kind::kIncrement:
        result = std::to_string(std::stoll(value.value_or("0")) + std::stoll(operation.argument));
        value = result;
        break;
      case Kind::kAppend:
        value = value.value_or("") + operation.argument;
        result = std::to_string(value->size());
        break;
    }
    if (operation.outcome == Outcome::kUnknown) return;
    operation.outcome = outcome;
    operation.result = result;
  }

  const Mix& mix_;
  Rng& rng_;
  std::vector<Planned> planned_{};
  std::map<std::string, std::optional<std::string>> values_{};
  std::uint64_t last_value_ = 0;
};

}  // namespace

History AtomicHistory(const Mix& mix, Rng& rng) { return Generator(mix, rng).Run(); }

void Falsify(History& history, Rng& rng) {
  const auto is_answered = [](const Operation& each) {
    return each.outcome != Outcome::kUnknown && each.outcome != Outcome::kUnavailable;
  };
  while (std::ranges::any_of(history, is_answered)) {
    Operation& victim = history[rng.Below(history.size())];
    if (!is_answered(victim)) continue;
    switch (victim.kind) {
      case Kind::kGet:
      case Kind::kGetDelete:
        victim.outcome = rng.Chance(0.2) ? Outcome::kNotFound : Outcome::kOk;
        victim.result = victim.outcome == Outcome::kOk ? std::to_string(rng.Below(4)) : "";
        return;
      case Kind::kIncrement:
      case Kind::kAppend:
        victim.result = std::to_string(std::stoll(victim.result) + (rng.Chance(0.5) ? 1 : -1));
        return;
      case Kind::kDelete:
        victim.outcome = victim.outcome == Outcome::kOk ? Outcome::kNotFound : Outcome::kOk;
        return;
      case Kind::kSetIfAbsent:
      case Kind::kCompareValue:
        victim.outcome = victim.outcome == Outcome::kOk ? Outcome::kConflict : Outcome::kOk;
        return;
      case Kind::kSet:
      case Kind::kClear:
      case Kind::kCompareVersion:
        victim.outcome = Outcome::kUnavailable;  // It happened, and the client is told it did not.
        return;
    }
  }
}

}  // namespace aegis::linearizability
