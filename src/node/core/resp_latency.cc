// LATENCY: how long each command takes, and what held the node up.

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "node/core/resp_call.h"
#include "node/core/resp_handlers.h"
#include "node/core/resp_text.h"

namespace aegis::node::resp {
namespace {

using wire::RespWriter;

const LatencyEvent* Find(const std::vector<LatencyEvent>& events, ByteView name) {
  const auto found = std::ranges::find_if(
      events, [&](const LatencyEvent& event) { return EqualsIgnoringCase(event.name, name); });
  return found == events.end() ? nullptr : &*found;
}

// "config" stands for its subcommands.
bool IsMeant(const CommandUsage& usage, ByteView name) {
  if (EqualsIgnoringCase(usage.name, name)) return true;
  return usage.name.size() > name.size() && usage.name[name.size()] == '|' &&
         EqualsIgnoringCase(usage.name.substr(0, name.size()), name);
}

// Each bound that some calls lie under, and how many do.
void WriteHistogram(const CommandUsage& usage, RespWriter& reply) {
  std::vector<std::size_t> bounds;
  std::uint64_t before = 0;
  for (std::size_t i = 0; i < kUsageBounds; ++i) {
    if (usage.within[i] > before) bounds.push_back(i);
    before = usage.within[i];
  }
  reply.Bulk(usage.name);
  reply.Map(2);
  reply.Bulk("calls");
  reply.Integer(static_cast<std::int64_t>(usage.calls));
  reply.Bulk("histogram_usec");
  reply.Map(bounds.size());
  for (const std::size_t i : bounds) {
    reply.Integer(std::chrono::duration_cast<std::chrono::microseconds>(UsageBound(i)).count());
    reply.Integer(static_cast<std::int64_t>(usage.within[i]));
  }
}

std::string Diagnosis(const LatencyEvent& event) {
  std::int64_t sum = 0;
  for (const LatencyEvent::Sample& sample : event.samples) sum += sample.ms;
  return fmt::format("{}: in {} seconds that were so slow, {} ms on average and {} ms at worst.\n",
                     event.name, event.samples.size(),
                     sum / static_cast<std::int64_t>(event.samples.size()), event.worst_ms);
}

constexpr ByteView kAdvice =
    "command: a connection's commands that were run in one go; SLOWLOG GET shows which of them "
    "took long by themselves. maintenance: expiry, eviction and comparing copies. loop: the "
    "machine did not let a worker run, or one of the above held it up.\n";

}  // namespace

// LATENCY HISTOGRAM [command]...
Translation LatencyHistogram(RespCall& call) {
  std::vector<CommandUsage> usages = call.node.CommandUsages();
  std::erase_if(usages, [](const CommandUsage& usage) { return usage.calls == 0; });
  std::vector<const CommandUsage*> meant;
  const auto names = call.argv.subspan(2);
  if (names.empty()) {
    for (const CommandUsage& usage : usages) meant.push_back(&usage);
  }
  for (const ByteView name : names) {
    for (const CommandUsage& usage : usages) {
      if (IsMeant(usage, name)) meant.push_back(&usage);
    }
  }
  RespWriter reply = call.Reply();
  reply.Map(meant.size());
  for (const CommandUsage* const usage : meant) WriteHistogram(*usage, reply);
  return Translation::kReplied;
}

Translation LatencyLatest(RespCall& call) {
  const std::vector<LatencyEvent> events = call.node.LatencyEvents();
  RespWriter reply = call.Reply();
  reply.Array(events.size());
  for (const LatencyEvent& event : events) {
    reply.Array(4);
    reply.Bulk(event.name);
    reply.Integer(event.samples.back().at);
    reply.Integer(event.samples.back().ms);
    reply.Integer(event.worst_ms);
  }
  return Translation::kReplied;
}

// LATENCY HISTORY event
Translation LatencyHistory(RespCall& call) {
  const std::vector<LatencyEvent> events = call.node.LatencyEvents();
  const LatencyEvent* const event = Find(events, call.argv[2]);
  RespWriter reply = call.Reply();
  reply.Array(event == nullptr ? 0 : event->samples.size());
  if (event == nullptr) return Translation::kReplied;
  for (const LatencyEvent::Sample& sample : event->samples) {
    reply.Array(2);
    reply.Integer(sample.at);
    reply.Integer(sample.ms);
  }
  return Translation::kReplied;
}

// LATENCY RESET [event]...
Translation LatencyReset(RespCall& call) {
  std::int64_t forgotten = 0;
  if (call.argv.size() == 2) {
    for (const LatencyEvent& event : call.node.LatencyEvents()) {
      forgotten += call.node.ForgetLatencyEvent(event.name) ? 1 : 0;
    }
  }
  for (const ByteView name : call.argv.subspan(2)) {
    forgotten += call.node.ForgetLatencyEvent(name) ? 1 : 0;
  }
  call.Reply().Integer(forgotten);
  return Translation::kReplied;
}

Translation LatencyDoctor(RespCall& call) {
  const std::int64_t threshold = call.node.LatencyThresholdMs();
  const std::vector<LatencyEvent> events = call.node.LatencyEvents();
  std::string text;
  if (threshold == 0) {
    text =
        "The latency monitor is off: CONFIG SET latency-monitor-threshold <milliseconds> sets "
        "from when on something is noted.\n";
  } else if (events.empty()) {
    text = fmt::format("Nothing has taken {} ms or longer.\n", threshold);
  }
  for (const LatencyEvent& event : events) text += Diagnosis(event);
  if (!events.empty()) text += kAdvice;
  text += "How long each command takes: LATENCY HISTOGRAM, INFO latencystats.\n";
  call.Reply().Verbatim(text);
  return Translation::kReplied;
}

}  // namespace aegis::node::resp
