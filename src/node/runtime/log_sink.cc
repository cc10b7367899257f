#include "node/runtime/log_sink.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <spdlog/formatter.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <chrono>
#include <exception>
#include <memory>
#include <nlohmann/json.hpp>

namespace aegis::node {

namespace {

std::string Iso8601(UnixMs time) {
  const std::chrono::sys_time<std::chrono::milliseconds> point{
      std::chrono::milliseconds(time.value)};
  const auto seconds = std::chrono::floor<std::chrono::seconds>(point);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(seconds)),
                     (point - seconds).count());
}

// Control characters as \n, \t or \x1b, so that a message can neither forge lines nor drive
// terminals; bytes that are not ASCII stay as they are.
std::string Printable(std::string_view text) {
  std::string printable;
  for (const char c : text) {
    if (c == '\n') {
      printable += "\\n";
    } else if (c == '\t') {
      printable += "\\t";
    } else if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') {
      printable += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      printable += c;
    }
  }
  return printable;
}

LogLevel FromSpdlog(spdlog::level::level_enum level) {
  switch (level) {
    case spdlog::level::trace:
    case spdlog::level::debug:
      return LogLevel::kDebug;
    case spdlog::level::info:
      return LogLevel::kInfo;
    case spdlog::level::warn:
      return LogLevel::kWarn;
    default:
      return LogLevel::kError;
  }
}

spdlog::level::level_enum ToSpdlog(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarn:
      return spdlog::level::warn;
    default:
      return spdlog::level::err;
  }
}

class Formatter final : public spdlog::formatter {
 public:
  explicit Formatter(LogFormat format) : format_(format) {}

  void format(const spdlog::details::log_msg& line, spdlog::memory_buf_t& out) override {
    const auto since_epoch = line.time.time_since_epoch();
    const UnixMs time{std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch).count()};
    const std::string text = LogLine(format_, time, FromSpdlog(line.level),
                                     {line.logger_name.data(), line.logger_name.size()},
                                     {line.payload.data(), line.payload.size()});
    out.append(text.data(), text.data() + text.size());
  }
  std::unique_ptr<spdlog::formatter> clone() const override {
    return std::make_unique<Formatter>(format_);
  }

 private:
  const LogFormat format_;
};

// Never destroyed: threads may log until the very end.
spdlog::sinks::sink& StandardError() {
  static auto* const sink = new spdlog::sinks::stderr_sink_mt();
  return *sink;
}

void Log(LogLevel level, std::string_view module, std::string_view message) {
  try {
    StandardError().log(spdlog::details::log_msg(
        spdlog::source_loc{}, spdlog::string_view_t(module.data(), module.size()), ToSpdlog(level),
        spdlog::string_view_t(message.data(), message.size())));
    StandardError().flush();
  } catch (const std::exception&) {
    // There is nobody left to tell.
  }
}

}  // namespace

std::string_view LogLevelName(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarn:
      return "warn";
    case LogLevel::kError:
      return "error";
    case LogLevel::kOff:
      break;
  }
  return "off";
}

std::string LogLine(LogFormat format, UnixMs time, LogLevel level, std::string_view module,
                    std::string_view message) {
  if (format == LogFormat::kText) {
    return fmt::format("{} {:<5} {:<12} {}\n", Iso8601(time), LogLevelName(level), module,
                       Printable(message));
  }
  const nlohmann::ordered_json line = {{"time", Iso8601(time)},
                                       {"level", LogLevelName(level)},
                                       {"module", module},
                                       {"message", message}};
  // Bytes that are not UTF-8 become the replacement character.
  return line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + '\n';
}

void InstallLogSink(LogLevel threshold, LogFormat format) {
  StandardError().set_formatter(std::make_unique<Formatter>(format));
  GlobalLog().threshold.store(threshold, std::memory_order_relaxed);
  GlobalLog().sink.store(&Log, std::memory_order_release);
}

}  // namespace aegis::node
