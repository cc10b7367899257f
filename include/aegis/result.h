// Expected<T>: what a call of the client library gave, or why it gave nothing.
//
// The library throws no exceptions for what happens at run time; it returns these. Depends on the
// standard library only.

#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace aegis {

// One code per reaction a caller can have. "Retry is safe" means: the call left nothing behind,
// so doing it again cannot do it twice.
enum class Errc : std::uint8_t {
  kNotFound,        // There is no such key. A normal answer.
  kConflict,        // The condition of a conditional write did not hold; nothing was written.
                    // Read the key again and decide anew. ClientError::version: what it has.
  kInvalid,         // The call itself is wrong (an empty key, a negative TTL, an increment of what
                    // is no integer, a blocking call from a callback). A retry cannot help.
  kTooLarge,        // Key over 64 KiB or value over 64 MiB. Nothing was written; do not retry.
  kTimeout,         // The answer did not come in time. Only a read, or a write that was never
                    // sent, ends so: nothing happened, a retry is safe.
  kUnavailable,     // No server could be reached (what is no AegisKV node, a node of another
                    // cluster or one without a cluster is none), or the cluster is out of memory.
                    // Nothing happened: a retry is safe, but better later.
  kBusy,            // The cluster takes no more writes of this key's shard until other nodes have
                    // those before, and made this one wait for that in vain. Nothing happened: a
                    // retry is safe, but first write less.
  kMaxRetries,      // Servers were reached, and each try ended before anything happened; the
                    // message names the last cause. A retry is safe.
  kUnknownOutcome,  // The write was sent and its answer lost: it may have happened, or may yet.
                    // Repeat it only if doing it twice is harmless; else read what is there.
  kProtocol,        // A server's reply made no sense. A retry is safe, but likely pointless:
                    // this is an incompatible node.
  kClosed,          // The client was closed. The call was not sent.
  kSessionLost,     // In a session: a failover lost writes that it had seen; the message names
                    // them. Nothing happened; told once, the session goes on from what is left.
};

// "NotFound", "UnknownOutcome", ...
std::string_view NameOf(Errc code);

struct ClientError {
  Errc code;
  std::string message;        // For people; its words may change.
  std::uint64_t version = 0;  // kConflict: the version the key has; 0: it is absent.
};

namespace detail {
[[noreturn]] inline void NoValue(const ClientError& error) {
  std::fprintf(stderr, "aegis::Expected::value() called on an error: %s\n", error.message.c_str());
  std::abort();
}
}  // namespace detail

template <class T>
class [[nodiscard]] Expected {
 public:
  Expected(T value) : state_(std::move(value)) {}            // NOLINT(google-explicit-constructor)
  Expected(ClientError error) : state_(std::move(error)) {}  // NOLINT(google-explicit-constructor)

  bool ok() const { return state_.index() == 0; }

  // REQUIRES: ok(). Otherwise the process ends with the error's message.
  const T& value() const& { return CheckOk(), *std::get_if<0>(&state_); }
  T& value() & { return CheckOk(), *std::get_if<0>(&state_); }
  T&& value() && { return CheckOk(), std::move(*std::get_if<0>(&state_)); }
  const T& operator*() const& { return value(); }
  T& operator*() & { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  const T* operator->() const { return &value(); }
  T* operator->() { return &value(); }

  // REQUIRES: !ok().
  const ClientError& error() const& { return std::get<1>(state_); }
  ClientError&& error() && { return std::get<1>(std::move(state_)); }

  // True iff this is an error with that code.
  bool Is(Errc code) const { return !ok() && error().code == code; }

 private:
  void CheckOk() const {
    if (!ok()) detail::NoValue(error());
  }

  std::variant<T, ClientError> state_;
};

// The success of something that has no value to give.
template <>
class [[nodiscard]] Expected<void> {
 public:
  Expected() = default;
  Expected(ClientError error)  // NOLINT(google-explicit-constructor)
      : state_(std::move(error)) {}

  bool ok() const { return state_.index() == 0; }
  const ClientError& error() const { return std::get<1>(state_); }  // REQUIRES: !ok().
  bool Is(Errc code) const { return !ok() && error().code == code; }

 private:
  std::variant<std::monostate, ClientError> state_;
};

}  // namespace aegis
