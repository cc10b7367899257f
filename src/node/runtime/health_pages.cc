#include "node/runtime/health_pages.h"

#include <fmt/format.h>

#include <chrono>

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
constexpr unsigned kServiceUnavailable = 503;

}  // namespace

void HealthPages::AddTo(HttpServer& server) {
  server.Handle("/health", [this](const HttpRequest&) { return Health(); });
  server.Handle("/ready", [this](const HttpRequest&) { return Ready(); });
  server.Handle("/status", [this](const HttpRequest&) {
    HttpResponse response;
    response.content_type = "application/json";
    response.body = StatusJson(node_, control_.control().readiness(SteadyNow()));
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
  const Readiness readiness = control_.control().readiness(SteadyNow());
  return Text(readiness.ready ? kOk : kServiceUnavailable, readiness.reason + "\n");
}

}  // namespace aegis::node
