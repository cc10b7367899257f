// Words for writing histories in tests: each makes one operation on key "k", called and answered at
// the given times, which are small numbers.

#pragma once

#include <string>
#include <utility>

#include "linearizability/operation.h"

namespace aegis::linearizability {

inline TimePoint At(int when) { return TimePoint(Duration(when)); }

inline Operation Call(int start, int end, Kind kind, std::string argument, Outcome outcome,
                      std::string result = "") {
  return {.client = static_cast<std::uint32_t>(start),
          .key = "k",
          .kind = kind,
          .argument = std::move(argument),
          .outcome = outcome,
          .result = std::move(result),
          .invoked_at = At(start),
          .returned_at = At(end)};
}

inline Operation Get(int start, int end, std::string value) {
  return Call(start, end, Kind::kGet, "", Outcome::kOk, std::move(value));
}
inline Operation GetNothing(int start, int end) {
  return Call(start, end, Kind::kGet, "", Outcome::kNotFound);
}
inline Operation Set(int start, int end, std::string value, Outcome outcome = Outcome::kOk) {
  return Call(start, end, Kind::kSet, std::move(value), outcome);
}
inline Operation Add(int start, int end, std::string value, Outcome outcome) {
  return Call(start, end, Kind::kSetIfAbsent, std::move(value), outcome);
}
inline Operation Delete(int start, int end, Outcome outcome) {
  return Call(start, end, Kind::kDelete, "", outcome);
}
inline Operation GetDelete(int start, int end, std::string value) {
  return Call(start, end, Kind::kGetDelete, "", Outcome::kOk, std::move(value));
}
inline Operation Increment(int start, int end, std::string by, std::string result) {
  return Call(start, end, Kind::kIncrement, std::move(by), Outcome::kOk, std::move(result));
}
inline Operation Append(int start, int end, std::string tail, std::string size) {
  return Call(start, end, Kind::kAppend, std::move(tail), Outcome::kOk, std::move(size));
}
inline Operation CompareValue(int start, int end, std::string expected, std::string value,
                              Outcome outcome) {
  Operation operation = Call(start, end, Kind::kCompareValue, std::move(value), outcome);
  operation.expected = std::move(expected);
  return operation;
}
inline Operation CompareVersion(int start, int end, std::string expected, std::string value,
                                Outcome outcome) {
  Operation operation = Call(start, end, Kind::kCompareVersion, std::move(value), outcome);
  operation.expected = std::move(expected);
  return operation;
}

// The same operation with the key's version after it.
inline Operation Versioned(Operation operation, std::string version) {
  operation.version = std::move(version);
  return operation;
}

// The same call, whose answer never came.
inline Operation Unanswered(Operation operation) {
  operation.outcome = Outcome::kUnknown;
  operation.result.clear();
  operation.returned_at.reset();
  return operation;
}

}  // namespace aegis::linearizability
