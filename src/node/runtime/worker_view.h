// WorkerView: what RESP commands on one worker may ask about the node.

#pragma once

#include "node/core/resp_commands.h"
#include "node/runtime/node_state.h"
#include "node/runtime/routing_board.h"

namespace aegis::node {

class WorkerView final : public NodeView {
 public:
  WorkerView(NodeState& node, std::uint32_t worker)
      : node_(node), worker_(worker), routing_(node.board) {}

  NodeFacts Facts() override;
  const RoutingTable& Routing() override { return routing_.Table(); }
  std::vector<RespSession> Sessions() override;
  bool Kill(std::uint64_t session_id) override;
  void ResetStatistics() override;
  std::uint64_t Random() override;
  void Shutdown() override;
  SlowLogSettings SlowLog() override;
  void SetSlowLog(const SlowLogSettings& settings) override;
  std::vector<SlowCommand> SlowCommands() override;
  void ForgetSlowCommands() override;
  std::vector<CommandUsage> CommandUsages() override;
  std::int64_t LatencyThresholdMs() override;
  void SetLatencyThresholdMs(std::int64_t ms) override;
  std::vector<LatencyEvent> LatencyEvents() override;
  bool ForgetLatencyEvent(ByteView name) override;
  std::vector<NodeLink> Links() override;

 private:
  NodeState& node_;
  const std::uint32_t worker_;
  RoutingReader routing_;
};

}  // namespace aegis::node
