#include "linearizability/register_model.h"

#include <charconv>
#include <cstdint>
#include <limits>

namespace aegis::linearizability {
namespace {

std::optional<std::int64_t> Number(const std::string& text) {
  std::int64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stop != end) return std::nullopt;
  return number;
}

std::optional<std::int64_t> Sum(std::int64_t a, std::int64_t b) {
  using Limits = std::numeric_limits<std::int64_t>;
  if (b > 0 ? a > Limits::max() - b : a < Limits::min() - b) return std::nullopt;
  return a + b;
}

KeyState Written(const Operation& operation, std::string value) {
  return {.present = true, .value = std::move(value), .version = operation.version};
}

// What executing the operation in this state does and answers, whatever the client was told.
struct Effect {
  Outcome outcome = Outcome::kOk;
  KeyState after{};
  std::string result{};
};

// Whether the condition holds. An untold version may be the expected one.
bool Holds(const KeyState& state, const Operation& operation) {
  if (operation.kind == Kind::kCompareValue) return state.value == operation.expected;
  return state.version.empty() || state.version == operation.expected;
}

std::optional<Effect> Incremented(const KeyState& state, const Operation& operation) {
  const std::optional<std::int64_t> by = Number(operation.argument);
  const std::optional<std::int64_t> before = state.present ? Number(state.value) : 0;
  if (!by || !before) return std::nullopt;
  const std::optional<std::int64_t> sum = Sum(*before, *by);
  if (!sum) return std::nullopt;
  std::string text = std::to_string(*sum);
  return Effect{.after = Written(operation, text), .result = text};
}

// None: an answer that this vocabulary has no word for, such as "not an integer"; nothing changes.
std::optional<Effect> Execute(const KeyState& state, const Operation& operation) {
  switch (operation.kind) {
    case Kind::kGet:
      if (!state.present) return Effect{.outcome = Outcome::kNotFound, .after = state};
      return Effect{.after = state, .result = state.value};
    case Kind::kSet:
      return Effect{.after = Written(operation, operation.argument)};
    case Kind::kSetIfAbsent:
      if (state.present) return Effect{.outcome = Outcome::kConflict, .after = state};
      return Effect{.after = Written(operation, operation.argument)};
    case Kind::kCompareValue:
    case Kind::kCompareVersion:
      if (!state.present) return Effect{.outcome = Outcome::kNotFound, .after = state};
      if (!Holds(state, operation)) return Effect{.outcome = Outcome::kConflict, .after = state};
      return Effect{.after = Written(operation, operation.argument)};
    case Kind::kDelete:
      if (!state.present) return Effect{.outcome = Outcome::kNotFound, .after = state};
      return Effect{.after = {}};
    case Kind::kGetDelete:
      if (!state.present) return Effect{.outcome = Outcome::kNotFound, .after = state};
      return Effect{.after = {}, .result = state.value};
    case Kind::kClear:
      return Effect{.after = {}};
    case Kind::kIncrement:
      return Incremented(state, operation);
    case Kind::kAppend: {
      std::string value = state.value + operation.argument;
      std::string size = std::to_string(value.size());
      return Effect{.after = Written(operation, std::move(value)), .result = std::move(size)};
    }
  }
  return std::nullopt;
}

// The state, of which a client has been told this version, if any. None: it has another one.
std::optional<KeyState> Told(KeyState state, const std::string& version) {
  if (version.empty()) return state;
  if (state.version.empty()) state.version = version;
  if (state.version != version) return std::nullopt;
  return state;
}

bool ConflictsOverUntoldVersion(const KeyState& state, const Operation& operation) {
  return operation.kind == Kind::kCompareVersion && operation.outcome == Outcome::kConflict &&
         state.present && state.version.empty();
}

}  // namespace

std::optional<KeyState> Apply(const KeyState& state, const Operation& operation) {
  if (ConflictsOverUntoldVersion(state, operation)) return Told(state, operation.version);
  std::optional<Effect> effect = Execute(state, operation);
  if (operation.outcome == Outcome::kUnknown) return effect ? effect->after : state;
  if (!effect || effect->outcome != operation.outcome) return std::nullopt;
  if (operation.outcome == Outcome::kConflict) return Told(state, operation.version);
  if (operation.outcome != Outcome::kOk) return state;
  if (HasResult(operation.kind) && effect->result != operation.result) return std::nullopt;
  return operation.kind == Kind::kGet ? Told(effect->after, operation.version) : effect->after;
}

std::string Text(const KeyState& state) {
  if (!state.present) return "absent";
  return Quoted(state.value) + (state.version.empty() ? "" : " version " + state.version);
}

}  // namespace aegis::linearizability
