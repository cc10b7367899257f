// HealthPages: /health, /ready, /status and /metrics, answered on the control thread.
//
//   /health   200 while every worker's loop goes round; 503 names the one that does not
//   /ready    200 when this node has joined and can serve every key it should; 503 with the reason;
//             with either, what keeps the control log from being written
//   /status   JSON: this node, the cluster, its members and shards
//   /metrics  for Prometheus
//   /drain    POST: hands over all that this node leads, as it does before it leaves, and stays.
//             202 with what is left to do; 200 once it is done. Asking again changes nothing.
//   /recover  POST: after the loss of the majority of the voters, this node goes on as the only
//             one. 409 with the reason why not; 428 with what it risks, unless the query is
//             confirm=yes; then 200
//   /forget   POST, node=NAME: gives up a node that is gone. 409 and 428 likewise; with
//             &confirm=yes 202 until the cluster has agreed on it, then 200

#pragma once

#include "node/runtime/control_loop.h"
#include "node/runtime/http_server.h"
#include "node/runtime/metrics.h"
#include "node/runtime/node_state.h"

namespace aegis::node {

class HealthPages {
 public:
  HealthPages(NodeState& node, ControlLoop& control) : node_(node), control_(control) {}

  // REQUIRES: this outlives the server.
  void AddTo(HttpServer& server);

 private:
  HttpResponse Health() const;
  HttpResponse Ready() const;
  HttpResponse Drain();
  HttpResponse Recover(const HttpRequest& request);
  HttpResponse Forget(const HttpRequest& request);

  NodeState& node_;
  ControlLoop& control_;
};

// Everything /metrics shows, as of now. On the control thread.
MetricsSnapshot GatherMetrics(NodeState& node, const ControlLoop& control);

}  // namespace aegis::node
