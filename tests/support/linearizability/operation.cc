#include "linearizability/operation.h"

#include <array>
#include <charconv>
#include <cstdio>

namespace aegis::linearizability {
namespace {

constexpr std::array<const char*, 10> kKindNames = {
    "get", "set", "add", "cas", "cas_version", "delete", "incr", "append", "getdel", "clear",
};
constexpr std::array<const char*, 5> kOutcomeNames = {
    "ok", "not_found", "conflict", "unavailable", "unknown",
};
constexpr std::size_t kShownBytesMax = 40;

template <class Enum, std::size_t kSize>
std::optional<Enum> Find(const std::array<const char*, kSize>& names, const std::string& name) {
  for (std::size_t i = 0; i < kSize; ++i) {
    if (name == names[i]) return static_cast<Enum>(i);
  }
  return std::nullopt;
}

bool IsInteger(const std::string& text) {
  std::int64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  return error == std::errc() && stop == end;
}

bool CanConflict(Kind kind) {
  return kind == Kind::kSetIfAbsent || kind == Kind::kCompareValue || kind == Kind::kCompareVersion;
}

bool Deletes(Kind kind) { return kind == Kind::kDelete || kind == Kind::kGetDelete; }

bool CanMiss(Kind kind) {
  return kind == Kind::kGet || Deletes(kind) || kind == Kind::kCompareValue ||
         kind == Kind::kCompareVersion;
}

}  // namespace

const char* Name(Kind kind) { return kKindNames.at(static_cast<std::size_t>(kind)); }
const char* Name(Outcome outcome) { return kOutcomeNames.at(static_cast<std::size_t>(outcome)); }
std::optional<Kind> KindOf(const std::string& name) { return Find<Kind>(kKindNames, name); }
std::optional<Outcome> OutcomeOf(const std::string& name) {
  return Find<Outcome>(kOutcomeNames, name);
}

bool HasResult(Kind kind) {
  return kind == Kind::kGet || kind == Kind::kIncrement || kind == Kind::kAppend ||
         kind == Kind::kGetDelete;
}

std::string Quoted(const std::string& value) {
  std::string text = "\"";
  for (const char c : value.substr(0, kShownBytesMax)) {
    if (c >= ' ' && c <= '~' && c != '"' && c != '\\') {
      text += c;
    } else {
      std::array<char, 5> escaped{};
      std::snprintf(escaped.data(), escaped.size(), "\\x%02x", static_cast<unsigned char>(c));
      text += escaped.data();
    }
  }
  text += '"';
  if (value.size() > kShownBytesMax) text += "... of " + std::to_string(value.size()) + " bytes";
  return text;
}

std::string Text(const Operation& operation) {
  std::string text = Name(operation.kind);
  const bool compares =
      operation.kind == Kind::kCompareValue || operation.kind == Kind::kCompareVersion;
  if (compares) text += ' ' + Quoted(operation.expected) + " to";
  const bool brings =
      operation.kind != Kind::kGet && operation.kind != Kind::kClear && !Deletes(operation.kind);
  if (brings) {
    text += ' ' + Quoted(operation.argument);
  }
  text += std::string(" -> ") + Name(operation.outcome);
  if (operation.outcome != Outcome::kOk) return text;
  if (HasResult(operation.kind)) text += ' ' + Quoted(operation.result);
  if (!operation.version.empty()) text += " version " + operation.version;
  return text;
}

std::string Flaw(const Operation& operation) {
  const std::string name = Name(operation.kind);
  if (operation.kind == Kind::kIncrement && !IsInteger(operation.argument)) {
    return "incr by " + Quoted(operation.argument) + ", which is not an integer";
  }
  if (operation.outcome == Outcome::kUnknown || operation.outcome == Outcome::kUnavailable) {
    return "";
  }
  if (!operation.returned_at) return "it has an answer but no time at which it came";
  if (*operation.returned_at < operation.invoked_at) return "it ended before it began";
  if (operation.outcome == Outcome::kConflict && !CanConflict(operation.kind)) {
    return name + " has no condition and cannot conflict";
  }
  if (operation.outcome == Outcome::kNotFound && !CanMiss(operation.kind)) {
    return name + " needs no key to be there and cannot answer not_found";
  }
  const bool counts = operation.kind == Kind::kIncrement || operation.kind == Kind::kAppend;
  if (operation.outcome == Outcome::kOk && counts && !IsInteger(operation.result)) {
    return name + " answered " + Quoted(operation.result) + ", which is not an integer";
  }
  return "";
}

bool MayWrite(const Operation& operation) {
  if (operation.kind == Kind::kGet) return false;
  return operation.outcome == Outcome::kOk || operation.outcome == Outcome::kUnknown;
}

bool IsBlind(const Operation& operation) {
  if (operation.kind == Kind::kSet || operation.kind == Kind::kClear) return true;
  // A delete that was answered says whether there was something to delete.
  return Deletes(operation.kind) && operation.outcome == Outcome::kUnknown;
}

}  // namespace aegis::linearizability
