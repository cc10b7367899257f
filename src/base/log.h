// Logging from anywhere, to wherever the shell decided.
//
// A log line is an event that an operator may act on; it never carries values or secrets. Cores
// log through this macro so that the line has one shape everywhere; node/runtime installs the
// sink at start. Without a sink (unit tests, the simulator) the arguments are not even formatted.
//
//     AEGIS_LOG(kWarn, "gossip", "member {} is suspected by {}", name, accuser);

#pragma once

#include <fmt/format.h>

#include <atomic>
#include <cstdint>
#include <string_view>

namespace aegis {

enum class LogLevel : std::uint8_t { kDebug, kInfo, kWarn, kError, kOff };

// Called from any thread; `module` is a literal. Must not throw.
using LogSink = void (*)(LogLevel level, std::string_view module, std::string_view message);

struct LogState {
  std::atomic<LogSink> sink{nullptr};
  std::atomic<LogLevel> threshold{LogLevel::kOff};
};

inline LogState& GlobalLog() {
  static LogState state;
  return state;
}

inline bool LogEnabled(LogLevel level) {
  return level >= GlobalLog().threshold.load(std::memory_order_relaxed);
}

template <class... Args>
void WriteLog(LogLevel level, std::string_view module, fmt::format_string<Args...> format,
              Args&&... args) {
  if (const LogSink sink = GlobalLog().sink.load(std::memory_order_acquire)) {
    sink(level, module, fmt::format(format, std::forward<Args>(args)...));
  }
}

}  // namespace aegis

#define AEGIS_LOG(level, module, ...)                                   \
  do {                                                                  \
    if (::aegis::LogEnabled(::aegis::LogLevel::level)) {                \
      ::aegis::WriteLog(::aegis::LogLevel::level, module, __VA_ARGS__); \
    }                                                                   \
  } while (false)
