// Operation: one call of one client on one key, and what the client was told.
//
// A history is a vector of these, in any order. The words are those of a client, not of a node:
//
//   ok           it happened, with this result
//   not found    there was no such key; nothing changed
//   conflict     the condition did not hold; nothing changed
//   unavailable  nothing happened; such an operation says nothing and is ignored
//   unknown      no answer, or one that leaves it open: it takes effect once, at any time after
//                `invoked_at`, or never
//
// Plain data; no owner and no thread of its own.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"

namespace aegis::linearizability {

enum class Kind : std::uint8_t {
  kGet,             // `result` = the value
  kSet,             // to `argument`
  kSetIfAbsent,     // to `argument`; conflict if there is a value
  kCompareValue,    // to `argument` if the value is `expected`; else conflict, or not found
  kCompareVersion,  // likewise, if the version is `expected`
  kDelete,          // not found if there was nothing to delete
  kIncrement,       // by `argument`, a missing key counts as 0; `result` = the new number
  kAppend,          // of `argument`; `result` = the new size in bytes
  kGetDelete,       // as kDelete; `result` = the value that was deleted
  kClear,           // removes the key, and tells nobody whether it was there
};

enum class Outcome : std::uint8_t { kOk, kNotFound, kConflict, kUnavailable, kUnknown };

struct Operation {
  std::uint32_t client = 0;  // For people only: calls of one client may overlap.
  std::string key{};
  Kind kind = Kind::kGet;
  std::string argument{};
  std::string expected{};
  Outcome outcome = Outcome::kUnknown;
  std::string result{};
  // The version that the key had after the operation, in any notation in which equal versions are
  // equal texts. Empty: not told, or there is no such key. No two writes of a key may share one.
  std::string version{};
  TimePoint invoked_at{};
  // None: the answer never came. Ignored when the outcome is unknown.
  std::optional<TimePoint> returned_at{};
};

using History = std::vector<Operation>;

// "get", "set", "add", "cas", "cas_version", "delete", "incr", "append", "getdel",
// "clear".
const char* Name(Kind kind);
std::optional<Kind> KindOf(const std::string& name);

// "ok", "not_found", "conflict", "unavailable", "unknown".
const char* Name(Outcome outcome);
std::optional<Outcome> OutcomeOf(const std::string& name);

// An answer of `ok` comes with a result.
bool HasResult(Kind kind);

// The operation as a call and its answer: `set "a" -> ok`. Long values are cut.
std::string Text(const Operation& operation);

// A value in quotes, cut when it is long and with unprintable bytes spelled out.
std::string Quoted(const std::string& value);

// Why no client can have recorded this, for example that it ended before it began; empty if it is
// sound. What the checker is given must be sound.
std::string Flaw(const Operation& operation);

// False: whatever the key's state, the operation left it as it was.
bool MayWrite(const Operation& operation);

// True: its effect and its answer are the same in every state of the key.
bool IsBlind(const Operation& operation);

}  // namespace aegis::linearizability
