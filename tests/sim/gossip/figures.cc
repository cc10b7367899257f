#include "figures.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <utility>

#include "base/check.h"
#include "simulation.h"

namespace aegis::gossip::sim {
namespace {

using std::chrono::seconds;

// Watches for members that are accused although they run.
class FalseAlarms {
 public:
  FalseAlarms(Simulation& simulation, Figures& figures)
      : simulation_(simulation), figures_(figures) {}

  void OnEvent(const Event& event) {
    const bool accusation = event.kind == Event::Kind::kSuspected;
    const bool death = event.kind == Event::Kind::kDied;
    if ((!accusation && !death) || !Runs(event.member)) return;
    // Everybody hears of it and repeats it; one incarnation is one accusation.
    const std::pair incident(event.member.session, event.member.incarnation);
    if (accusation && suspected_.insert(incident).second) ++figures_.false_suspicions;
    if (death && declared_dead_.insert(incident).second) ++figures_.false_deaths;
  }

 private:
  bool Runs(const Member& member) const {
    for (std::size_t i = 0; i < simulation_.size(); ++i) {
      if (simulation_.identity(i).session == member.session) return simulation_.running(i);
    }
    return false;  // An earlier run.
  }

  Simulation& simulation_;
  Figures& figures_;
  std::set<std::pair<Session, std::uint64_t>> suspected_;
  std::set<std::pair<Session, std::uint64_t>> declared_dead_;
};

}  // namespace

Figures Measure(const FiguresSpec& spec) {
  Figures figures;
  Simulation simulation(spec.seed, {.loss = spec.loss, .delay_max = spec.delay_max});
  simulation.AddCluster(spec.nodes, spec.options);
  AEGIS_CHECK(simulation.RunUntil([&] { return simulation.Converged(); }, std::chrono::minutes(5)),
              "a cluster must come together before it is measured");

  FalseAlarms alarms(simulation, figures);
  std::size_t victim = 0;
  TimePoint first_notice = TimePoint::max();
  std::set<std::size_t> aware;
  simulation.Observe([&](std::size_t node, const Event& event, TimePoint now) {
    alarms.OnEvent(event);
    const bool is_victim = event.member.session == simulation.identity(victim).session;
    if (event.kind != Event::Kind::kDied || !is_victim || simulation.running(victim)) return;
    first_notice = std::min(first_notice, now);
    aware.insert(node);
  });

  Rng rng(spec.seed + 1);
  const Counters before = simulation.Total();
  const TimePoint start = simulation.now();
  Duration absent{};
  while (simulation.now() - start < spec.duration) {
    simulation.RunFor(seconds(5) + std::chrono::duration_cast<Duration>(seconds(5) * rng.Unit()));
    // Never the seed: it is the one way in.
    victim = 1 + rng.Below(spec.nodes - 1);
    first_notice = TimePoint::max();
    aware.clear();
    const TimePoint killed = simulation.now();
    simulation.Kill(victim);
    if (simulation.RunUntil([&] { return aware.size() == spec.nodes - 1; }, kNoticeMax)) {
      figures.detected.push_back(first_notice - killed);
      figures.known_to_all.push_back(simulation.now() - killed);
    } else {
      ++figures.undetected;
    }
    absent += simulation.now() - killed;
    simulation.Restart(victim);
  }

  const Counters after = simulation.Total();
  const std::chrono::duration<double> run =
      (simulation.now() - start) * static_cast<double>(spec.nodes) - absent;
  figures.node_hours = run.count() / 3600;
  figures.datagram_bytes_per_node_second =
      static_cast<double>(after.sent.datagram_bytes - before.sent.datagram_bytes) / run.count();
  figures.stream_bytes_per_node_second =
      static_cast<double>(after.sent.stream_bytes - before.sent.stream_bytes) / run.count();
  std::ranges::sort(figures.detected);
  std::ranges::sort(figures.known_to_all);
  return figures;
}

Duration Percentile(const std::vector<Duration>& sorted, double share) {
  const auto rank = std::ceil(share * static_cast<double>(sorted.size()));
  return sorted[static_cast<std::size_t>(std::max(rank, 1.0)) - 1];
}

}  // namespace aegis::gossip::sim
