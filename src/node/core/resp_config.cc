// CONFIG: the parameters of Redis that clients and tools ask for, as they stand here.
//
// But for those of the slow log and LATENCY, none of them changes while the node runs: what can be
// chosen is chosen by flags at its start. To SET a parameter to what it already is succeeds;
// anything else is refused as Redis refuses what it cannot change, so nothing is ever accepted and
// then ignored.

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "model/limits.h"
#include "node/core/resp_call.h"
#include "node/core/resp_handlers.h"
#include "node/core/resp_text.h"

namespace aegis::node::resp {
namespace {

constexpr ByteView kSlowerThan = "slowlog-log-slower-than";
constexpr ByteView kSlowLogLength = "slowlog-max-len";
constexpr ByteView kLatencyThreshold = "latency-monitor-threshold";

struct Parameter {
  ByteView name;
  std::string value;
  bool is_memory = false;  // Bytes; may be written with a unit.
};

std::vector<Parameter> Parameters(NodeView& node) {
  const NodeFacts facts = node.Facts();
  const SlowLogSettings slow_log = node.SlowLog();
  return {
      {"appendonly", "no"},
      {"cluster-enabled", facts.cluster_nodes > 1 ? "yes" : "no"},
      {"databases", "1"},
      {"io-threads", std::to_string(facts.worker_threads)},
      {kLatencyThreshold, std::to_string(node.LatencyThresholdMs())},
      {"latency-tracking", "yes"},
      {"latency-tracking-info-percentiles", "50 99 99.9"},
      {"maxclients", std::to_string(facts.clients_max)},
      {"maxmemory", std::to_string(facts.max_memory), /*is_memory=*/true},
      {"maxmemory-policy", std::string(RedisNameOf(facts.eviction))},
      {"notify-keyspace-events", ""},
      {"port", std::to_string(facts.tcp_port)},
      {"proto-max-bulk-len", std::to_string(limits::kValueSizeMax), /*is_memory=*/true},
      {"requirepass", ""},
      {"save", ""},
      {kSlowerThan, std::to_string(slow_log.slower_than_us)},
      {kSlowLogLength, std::to_string(slow_log.entries_max)},
      {"timeout", "0"},
  };
}

const Parameter* Find(const std::vector<Parameter>& parameters, ByteView name) {
  const auto found = std::find_if(
      parameters.begin(), parameters.end(),
      [&](const Parameter& parameter) { return EqualsIgnoringCase(parameter.name, name); });
  return found == parameters.end() ? nullptr : &*found;
}

Translation FailSet(const RespCall& call, ByteView name, ByteView reason) {
  return call.Fail(
      fmt::format("ERR CONFIG SET failed (possibly related to argument '{}') - {}", name, reason));
}

bool IsOfSlowLog(const Parameter& parameter) {
  return parameter.name == kSlowerThan || parameter.name == kSlowLogLength;
}

// Why it cannot become `value`; empty, and `settings` has it, if it can.
ByteView ReadSlowLog(const Parameter& parameter, ByteView value, SlowLogSettings& settings) {
  const auto number = ParseInteger(value);
  if (!number) return "argument couldn't be parsed into an integer";
  if (parameter.name == kSlowerThan) {
    constexpr std::int64_t kSlowestUs = 1'000'000'000'000;  // Eleven days.
    if (*number < -1 || *number > kSlowestUs) return "argument must be between -1 and 10^12";
    settings.slower_than_us = *number;
    return {};
  }
  if (*number < 0 || *number > limits::kSlowLogEntriesMax) {
    return "argument must be between 0 and 16384";
  }
  settings.entries_max = *number;
  return {};
}

// Why the threshold cannot become `value`; empty, and `ms` has it, if it can.
ByteView ReadLatencyThreshold(ByteView value, std::int64_t& ms) {
  constexpr std::int64_t kMost = 1'000'000'000;  // Eleven days.
  const auto number = ParseInteger(value);
  if (!number) return "argument couldn't be parsed into an integer";
  if (*number < 0 || *number > kMost) return "argument must be between 0 and 10^9";
  ms = *number;
  return {};
}

// Why `parameter` cannot become `value`; empty if it is that already.
ByteView WhyNot(const Parameter& parameter, ByteView value) {
  if (EqualsIgnoringCase(parameter.value, value)) return {};
  if (parameter.is_memory) {
    const auto bytes = ParseMemory(value);
    if (!bytes) return "argument must be a memory value";
    if (std::to_string(*bytes) == parameter.value) return {};
  }
  return "can't set immutable config";
}

}  // namespace

// A parameter asked for by its plain name is answered under the name that was asked for.
Translation ConfigGet(RespCall& call) {
  std::size_t pattern_bytes = 0;
  for (const ByteView pattern : call.argv.subspan(2)) pattern_bytes += pattern.size();
  if (!call.PatternFits(pattern_bytes)) return Translation::kReplied;
  std::vector<Parameter> matches;
  for (Parameter& parameter : Parameters(call.node)) {
    for (const ByteView pattern : call.argv.subspan(2)) {
      if (!GlobMatch(pattern, parameter.name, /*ignore_case=*/true)) continue;
      if (EqualsIgnoringCase(pattern, parameter.name)) parameter.name = pattern;
      matches.push_back(std::move(parameter));
      break;
    }
  }
  wire::RespWriter reply = call.Reply();
  reply.Map(matches.size());
  for (const Parameter& parameter : matches) {
    reply.Bulk(parameter.name);
    reply.Bulk(parameter.value);
  }
  return Translation::kReplied;
}

Translation ConfigSet(RespCall& call) {
  const auto& argv = call.argv;
  if (argv.size() % 2 != 0) return call.FailSyntax();
  const std::vector<Parameter> parameters = Parameters(call.node);
  SlowLogSettings slow_log = call.node.SlowLog();
  std::int64_t latency_threshold = call.node.LatencyThresholdMs();
  std::vector<const Parameter*> seen;
  for (std::size_t i = 2; i < argv.size(); i += 2) {
    const Parameter* const parameter = Find(parameters, argv[i]);
    if (parameter == nullptr) {
      return call.Fail(
          fmt::format("ERR Unknown option or number of arguments for CONFIG SET - '{}'",
                      Excerpt(argv[i], argv[i].size())));
    }
    if (std::find(seen.begin(), seen.end(), parameter) != seen.end()) {
      return FailSet(call, parameter->name, "duplicate parameter");
    }
    seen.push_back(parameter);
    ByteView reason;
    if (IsOfSlowLog(*parameter)) {
      reason = ReadSlowLog(*parameter, argv[i + 1], slow_log);
    } else if (parameter->name == kLatencyThreshold) {
      reason = ReadLatencyThreshold(argv[i + 1], latency_threshold);
    } else {
      reason = WhyNot(*parameter, argv[i + 1]);
    }
    if (!reason.empty()) return FailSet(call, parameter->name, reason);
  }
  call.node.SetSlowLog(slow_log);
  call.node.SetLatencyThresholdMs(latency_threshold);
  return call.Ok();
}

Translation ConfigResetStat(RespCall& call) {
  call.node.ResetStatistics();
  return call.Ok();
}

}  // namespace aegis::node::resp
