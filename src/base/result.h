// Result<T>: a value, or the reason there is none.
//
// Used for every failure the caller is expected to handle (a malformed frame, a full queue, a
// lost leader). A broken invariant is not an Error: it is a bug, and AEGIS_CHECK ends the process.

#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>

namespace aegis {

// One code per *reaction* a caller can have; everything else goes in the message.
enum class ErrorCode : std::uint8_t {
  kInvalid,         // The request itself is wrong: fix it, a retry cannot help.
  kMalformed,       // The peer broke the protocol: close the connection.
  kTooLarge,        // Over a documented limit: reject, do not retry.
  kUnavailable,     // Nothing happened: safe to retry.
  kUnknownOutcome,  // It may have happened: retry only if the operation is idempotent.
};

struct Error {
  ErrorCode code;
  std::string message;
};

// The success of something that has no value to give.
struct Ok {};

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::move(value)) {}      // NOLINT(google-explicit-constructor)
  Result(Error error) : state_(std::move(error)) {}  // NOLINT(google-explicit-constructor)

  bool ok() const { return std::holds_alternative<T>(state_); }

  // REQUIRES: ok().
  const T& value() const& { return std::get<T>(state_); }
  T& value() & { return std::get<T>(state_); }
  T&& value() && { return std::get<T>(std::move(state_)); }

  // REQUIRES: !ok().
  const Error& error() const { return std::get<Error>(state_); }

 private:
  std::variant<T, Error> state_;
};

}  // namespace aegis
