// LogSink: where the lines of base/log.h go: standard error, as text or JSON.
//
//     2026-11-21T12:38:30.123Z warn  gossip       member b is suspected by c
//     {"time":"2026-11-21T12:38:30.123Z","level":"warn","module":"gossip","message":"..."}
//
// A line is a line: whatever bytes a message carries, it can neither break the JSON nor begin a
// line of its own.

#pragma once

#include <string>
#include <string_view>

#include "base/log.h"
#include "base/time.h"
#include "model/config.h"

namespace aegis::node {

// From now on. Call again to change; any thread may log at any time.
void InstallLogSink(LogLevel threshold, LogFormat format);

std::string_view LogLevelName(LogLevel level);  // "warn"

// One line, newline included.
std::string LogLine(LogFormat format, UnixMs time, LogLevel level, std::string_view module,
                    std::string_view message);

}  // namespace aegis::node
