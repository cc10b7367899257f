#include "node/runtime/slow_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <string>

#include "model/limits.h"
#include "node/core/resp_text.h"

namespace aegis::node {

namespace {

using resp::EqualsIgnoringCase;

// Who may read the log is not to learn passwords from it.
bool IsSecret(std::span<const ByteView> argv, std::size_t at) {
  const auto is = [&](std::size_t i, ByteView word) { return EqualsIgnoringCase(argv[i], word); };
  if (at == 0) return false;
  if (is(0, "auth")) return true;
  if (is(0, "hello")) return (at > 1 && is(at - 1, "auth")) || (at > 2 && is(at - 2, "auth"));
  if (is(0, "acl")) return at > 2 && is(1, "setuser");
  return is(0, "config") && at > 2 && is(1, "set") &&
         (is(at - 1, "requirepass") || is(at - 1, "masterauth"));
}

// As Redis cuts what it keeps.
std::vector<std::string> Excerpts(std::span<const ByteView> argv) {
  using limits::kSlowArgumentBytesMax;
  std::vector<std::string> excerpts;
  const bool all = argv.size() <= limits::kSlowArgumentsMax;
  const std::size_t kept = all ? argv.size() : limits::kSlowArgumentsMax - 1;
  for (std::size_t i = 0; i < kept; ++i) {
    const ByteView argument = IsSecret(argv, i) ? "(redacted)" : argv[i];
    std::string excerpt(argument.substr(0, kSlowArgumentBytesMax));
    if (argument.size() > kSlowArgumentBytesMax) {
      excerpt += fmt::format("... ({} more bytes)", argument.size() - kSlowArgumentBytesMax);
    }
    excerpts.push_back(std::move(excerpt));
  }
  if (!all) excerpts.push_back(fmt::format("... ({} more arguments)", argv.size() - kept));
  return excerpts;
}

}  // namespace

void SlowLog::Add(std::span<const ByteView> argv, const RespSession& session, UnixMs at,
                  Duration took) {
  SlowCommand command;
  command.at = at;
  command.took = took;
  command.arguments = Excerpts(argv);
  command.address = session.address;
  command.client_name = session.name;
  const std::lock_guard lock(mutex_);
  command.id = next_id_++;
  commands_.push_front(std::move(command));
  Trim();
}

SlowLogSettings SlowLog::settings() const {
  const std::lock_guard lock(mutex_);
  return settings_;
}

void SlowLog::Set(const SlowLogSettings& settings) {
  const std::lock_guard lock(mutex_);
  settings_ = settings;
  const auto us = std::chrono::microseconds(settings.slower_than_us);
  const Duration threshold = settings.slower_than_us < 0 ? Duration::max() : Duration(us);
  threshold_.store(threshold.count(), std::memory_order_relaxed);
  Trim();
}

std::vector<SlowCommand> SlowLog::Commands() const {
  const std::lock_guard lock(mutex_);
  return {commands_.begin(), commands_.end()};
}

void SlowLog::Forget() {
  const std::lock_guard lock(mutex_);
  commands_.clear();
}

// REQUIRES: the lock is held.
void SlowLog::Trim() {
  while (commands_.size() >
         static_cast<std::size_t>(std::max<std::int64_t>(settings_.entries_max, 0))) {
    commands_.pop_back();
  }
}

}  // namespace aegis::node
