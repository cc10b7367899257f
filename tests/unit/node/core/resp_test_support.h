// A connection and a node for the tests of the RESP commands.

#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

#include "node/core/resp_commands.h"

namespace aegis::node {

class FakeNode : public NodeView {
 public:
  FakeNode() { routing.settings.num_shards = 256; }

  NodeFacts Facts() override {
    ++facts_asked;
    return facts;
  }
  const RoutingTable& Routing() override { return routing; }
  std::vector<RespSession> Sessions() override { return sessions; }
  bool Kill(std::uint64_t session_id) override {
    killed.push_back(session_id);
    return true;
  }
  void ResetStatistics() override { ++resets; }
  std::uint64_t Random() override { return random; }
  void Shutdown() override { ++shutdowns; }
  SlowLogSettings SlowLog() override { return slow_log; }
  void SetSlowLog(const SlowLogSettings& settings) override { slow_log = settings; }
  std::vector<SlowCommand> SlowCommands() override { return slow_commands; }
  void ForgetSlowCommands() override { slow_commands.clear(); }
  std::vector<CommandUsage> CommandUsages() override { return usages; }
  std::int64_t LatencyThresholdMs() override { return latency_threshold_ms; }
  void SetLatencyThresholdMs(std::int64_t ms) override { latency_threshold_ms = ms; }
  std::vector<LatencyEvent> LatencyEvents() override { return latency_events; }
  bool ForgetLatencyEvent(ByteView name) override {
    return std::erase_if(latency_events,
                         [&](const LatencyEvent& event) { return event.name == name; }) > 0;
  }
  std::vector<NodeLink> Links() override { return links; }

  NodeFacts facts;
  RoutingTable routing;
  std::vector<RespSession> sessions;
  std::vector<std::uint64_t> killed;
  int resets = 0;
  std::uint64_t random = 0;
  int shutdowns = 0;
  SlowLogSettings slow_log;
  std::vector<SlowCommand> slow_commands;
  std::vector<CommandUsage> usages;
  std::int64_t latency_threshold_ms = 0;
  std::vector<LatencyEvent> latency_events;
  std::vector<NodeLink> links;
  int facts_asked = 0;
};

// One connection: commands in, replies or plans out.
class RespTest : public ::testing::Test {
 protected:
  RespTest() { session.id = 7; }

  // Translates a command; its reply, if there is one at once, is in `out`.
  Translation Send(std::vector<ByteView> argv) {
    out.clear();
    return Translate(argv, session, node, now, unix_now, plan, out);
  }

  // The reply of a command that is answered at once.
  std::string Reply(std::vector<ByteView> argv) {
    EXPECT_NE(Send(std::move(argv)), Translation::kPlanned);
    return out;
  }

  // The only operation of a command; `form` is how it must be answered.
  Operation Only(std::vector<ByteView> argv, ReplyForm form) {
    EXPECT_EQ(Send(argv), Translation::kPlanned) << argv[0] << ": " << out;
    EXPECT_EQ(plan.form, form) << argv[0];
    EXPECT_EQ(plan.operations.size(), 1U) << argv[0];
    EXPECT_EQ(out, "") << argv[0];
    return plan.operations.empty() ? Operation{} : plan.operations.front();
  }

  // The reply once the operations of the last command had these outcomes.
  std::string Answer(std::vector<Outcome> outcomes) {
    out.clear();
    WriteReply(plan, outcomes, session, unix_now, out);
    return out;
  }

  static Outcome Found(ByteView value) {
    Outcome outcome;
    outcome.has_value = true;
    outcome.value = value;
    return outcome;
  }
  static Outcome Number(std::int64_t number) {
    Outcome outcome;
    outcome.number = number;
    return outcome;
  }
  static Outcome With(Status status, std::string error = "") {
    Outcome outcome;
    outcome.status = status;
    outcome.error = std::move(error);
    return outcome;
  }

  FakeNode node;
  RespSession session;
  Plan plan;
  Bytes out;
  TimePoint now{std::chrono::hours(1)};
  UnixMs unix_now{1'700'000'000'250};
};

}  // namespace aegis::node
