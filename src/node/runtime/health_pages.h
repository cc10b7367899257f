// HealthPages: /health, /ready, /status and /metrics, answered on the control thread.
//
//   /health   200 while every worker's loop goes round; 503 names the one that does not
//   /ready    200 when this node has joined and can serve every key it should; 503 with the reason
//   /status   JSON: this node, the cluster, its members and shards
//   /metrics  for Prometheus

#pragma once

#include "node/runtime/control_loop.h"
#include "node/runtime/http_server.h"
#include "node/runtime/metrics.h"
#include "node/runtime/node_state.h"

namespace aegis::node {

class HealthPages {
 public:
  HealthPages(NodeState& node, const ControlLoop& control) : node_(node), control_(control) {}

  // REQUIRES: this outlives the server.
  void AddTo(HttpServer& server);

 private:
  HttpResponse Health() const;
  HttpResponse Ready() const;

  NodeState& node_;
  const ControlLoop& control_;
};

// Everything /metrics shows, as of now. On the control thread.
MetricsSnapshot GatherMetrics(NodeState& node, const ControlLoop& control);

}  // namespace aegis::node
