#include "node/runtime/health_pages.h"

#include <fmt/format.h>

#include <chrono>
#include <string>
#include <string_view>

#include "model/limits.h"
#include "node/runtime/clocks.h"
#include "node/runtime/node_figures.h"
#include "node/runtime/worker.h"

namespace aegis::node {

namespace {

HttpResponse Text(unsigned status, std::string body) {
  HttpResponse response;
  response.status = status;
  response.body = std::move(body);
  return response;
}

constexpr unsigned kOk = 200;
constexpr unsigned kAccepted = 202;
constexpr unsigned kBadRequest = 400;
constexpr unsigned kConflict = 409;
constexpr unsigned kPreconditionRequired = 428;
constexpr unsigned kServiceUnavailable = 503;

constexpr const char* kRisks =
    "- What the missing voters had decided and this node has not heard of is lost: who leads "
    "which\n"
    "  shard, which copies are in sync, which nodes are members.\n"
    "- Writes that only missing nodes hold are lost, those that a quorum acknowledged too.\n"
    "- If the missing voters run and are only cut off from here, there will be two clusters that\n"
    "  both take writes. When they meet, the other one's voters are shut out, and what they took\n"
    "  is lost.\n"
    "Make sure that the missing nodes are stopped. Each of them may come back with an empty data\n"
    "directory alone.\n";

constexpr const char* kRisksOfForgetting =
    "- Nothing waits any more for what its memory held. A shard of which only it had a copy in\n"
    "  sync goes on with an older copy, or empty; writes are lost then, those that a quorum\n"
    "  acknowledged too.\n"
    "- If its process runs and is only cut off, it is a new member when it is back, and what only\n"
    "  it held is lost.\n"
    "Make sure that it is stopped for good.\n";

}  // namespace

void HealthPages::AddTo(HttpServer& server) {
  server.Handle("/health", [this](const HttpRequest&) { return Health(); });
  server.Handle("/ready", [this](const HttpRequest&) { return Ready(); });
  server.HandlePost("/drain", [this](const HttpRequest&) { return Drain(); });
  server.HandlePost("/recover", [this](const HttpRequest& request) { return Recover(request); });
  server.HandlePost("/forget", [this](const HttpRequest& request) { return Forget(request); });
  server.Handle("/status", [this](const HttpRequest&) {
    HttpResponse response;
    response.content_type = "application/json";
    response.body = StatusJson(node_, control_.control(), control_.disk_problem());
    return response;
  });
  server.Handle("/metrics", [this](const HttpRequest&) {
    HttpResponse response;
    response.content_type = kMetricsContentType;
    response.body = RenderMetrics(GatherMetrics(node_, control_));
    return response;
  });
}

HttpResponse HealthPages::Health() const {
  const TimePoint now = SteadyNow();
  for (std::size_t i = 0; i < node_.workers.size(); ++i) {
    const Duration silent = now - node_.workers[i]->last_tick();
    if (silent <= limits::kWorkerStallMax) continue;
    const double seconds = std::chrono::duration<double>(silent).count();
    return Text(kServiceUnavailable,
                fmt::format("worker {} has not moved for {:.1f} s\n", i, seconds));
  }
  const double uptime = std::chrono::duration<double>(now - node_.started_at).count();
  return Text(kOk, fmt::format("ok, up for {:.0f} s\n", uptime));
}

HttpResponse HealthPages::Ready() const {
  Readiness readiness = control_.control().readiness(SteadyNow());
  // Without a disk it goes on serving: others grant its lease.
  if (!control_.disk_problem().empty()) {
    readiness.reason += "; the control log cannot be written: " + control_.disk_problem();
  }
  if (!control_.log_problem().empty()) {
    readiness = {.ready = false,
                 .reason = "the write-ahead log cannot be written: " + control_.log_problem()};
  }
  return Text(readiness.ready ? kOk : kServiceUnavailable, readiness.reason + "\n");
}

HttpResponse HealthPages::Drain() {
  control_.Leave();
  const Control& control = control_.control();
  return Text(control.drained() ? kOk : kAccepted, control.readiness(SteadyNow()).reason + "\n");
}

HttpResponse HealthPages::Recover(const HttpRequest& request) {
  const auto refused = [](const Error& why) { return Text(kConflict, why.message + "\n"); };
  if (!control_.disk_problem().empty()) {
    return Text(kConflict, "the control log cannot be written: " + control_.disk_problem() + "\n");
  }
  const auto missing = control_.control().MayRecover(SteadyNow());
  if (!missing.ok()) return refused(missing.error());
  if (request.query != "confirm=yes") {
    return Text(kPreconditionRequired,
                fmt::format("{} would go on as the only voter of the control log.\n{}.\n"
                            "What that risks:\n{}",
                            node_.self.name, missing.value().Missing(), kRisks));
  }
  if (const auto recovered = control_.Recover(); !recovered.ok()) return refused(recovered.error());
  return Text(kOk, node_.self.name + " goes on as the only voter of the control log\n");
}

HttpResponse HealthPages::Forget(const HttpRequest& request) {
  constexpr std::string_view kNode = "node=";
  constexpr std::string_view kConfirm = "&confirm=yes";
  std::string_view name = request.query;
  if (!name.starts_with(kNode)) return Text(kBadRequest, "which one? Ask for /forget?node=NAME\n");
  name.remove_prefix(kNode.size());
  const bool confirmed = name.ends_with(kConfirm);
  if (confirmed) name.remove_suffix(kConfirm.size());
  const auto node = control_.control().MayForget(std::string(name));
  if (!node.ok()) return Text(kConflict, node.error().message + "\n");
  if (!confirmed) {
    return Text(kPreconditionRequired, fmt::format("{} would be given up.\nWhat that risks:\n{}",
                                                   node.value().name, kRisksOfForgetting));
  }
  const auto agreed = control_.Forget(std::string(name));
  if (!agreed.ok()) return Text(kConflict, agreed.error().message + "\n");
  const std::string& called = node.value().name;
  if (!agreed.value()) {
    return Text(kAccepted, "the cluster is asked to give up " + called + "\n");
  }
  return Text(kOk, called + " is given up: it is removed once it has been gone for a minute\n");
}

}  // namespace aegis::node
