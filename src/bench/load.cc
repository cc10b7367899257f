#include "bench/load.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <random>
#include <utility>

#include "base/rng.h"

namespace aegis::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kPreloadBatch = 2000;
constexpr std::chrono::milliseconds kProgressPeriod{100};
constexpr std::chrono::minutes kStayAfterwards{10};

std::string KeyOf(std::uint64_t number) { return "bench:" + std::to_string(number); }

// What all lanes of a run share.
struct Run {
  explicit Run(const LoadOptions& load)
      : options(load), for_writes(load.ForWrites()), value(load.value_size, 'v') {}

  // Whether another call may begin; takes its place in the budget.
  bool Take() {
    if (options.operations == 0) return Clock::now() < end;
    return begun.fetch_add(1, std::memory_order_relaxed) < options.operations;
  }
  void LaneEnded() {
    const std::lock_guard lock(mutex);
    --lanes;
    ended.notify_all();
  }

  const LoadOptions options;
  const SetOptions for_writes;
  const std::string value;
  Clock::time_point end;
  std::atomic<std::uint64_t> begun = 0;
  std::atomic<std::uint64_t> answered = 0;
  std::mutex mutex;
  std::condition_variable ended;
  std::size_t lanes = 0;  // Still running; guarded by mutex.
};

// The figures of one client, written by its thread only.
struct Figures {
  LatencyHistogram reads;
  LatencyHistogram writes;
  std::uint64_t misses = 0;
  std::map<std::string, std::uint64_t> errors;
};

// One call after the other. Begins on the caller's thread, then lives on the client's.
class Lane {
 public:
  Lane(Run& run, Client& client, Figures& figures, std::uint64_t seed)
      : run_(run), client_(client), figures_(figures), rng_(seed) {}

  void Next() {
    if (!run_.Take()) return run_.LaneEnded();
    const std::string key = KeyOf(rng_.Below(run_.options.keys));
    const Clock::time_point start = Clock::now();
    if (rng_.Below(100) < run_.options.read_percent) {
      client_.GetAsync(key, [this, start](const Expected<Item>& item) {
        const bool missed = item.Is(Errc::kNotFound);
        figures_.misses += missed ? 1 : 0;
        Note(start, figures_.reads, item.ok() || missed ? nullptr : &item.error());
      });
    } else {
      client_.SetAsync(key, run_.value, run_.for_writes,
                       [this, start](const Expected<Written>& written) {
                         Note(start, figures_.writes, written.ok() ? nullptr : &written.error());
                       });
    }
  }

 private:
  void Note(Clock::time_point start, LatencyHistogram& latencies, const ClientError* error) {
    if (error == nullptr) {
      latencies.Record(Clock::now() - start);
      run_.answered.fetch_add(1, std::memory_order_relaxed);
    } else {
      ++figures_.errors[std::string(NameOf(error->code))];
    }
    Next();
  }

  Run& run_;
  Client& client_;
  Figures& figures_;
  Rng rng_;
};

Expected<void> Preload(Client& client, const LoadOptions& options, const Progress& progress) {
  const std::string value(options.value_size, 'v');
  for (std::uint64_t at = 0; at < options.keys; at += kPreloadBatch) {
    std::vector<std::string> keys;
    std::vector<KeyAndValue> items;
    keys.reserve(kPreloadBatch);  // The views below must stay valid.
    for (std::uint64_t i = at; i < std::min(options.keys, at + kPreloadBatch); ++i) {
      keys.push_back(KeyOf(i));
      items.push_back({keys.back(), value});
    }
    for (const Expected<Written>& written : client.MultiSet(items, options.ForWrites())) {
      if (!written.ok()) return written.error();
    }
    const std::uint64_t done = at + items.size();
    progress("preload", static_cast<double>(done) / static_cast<double>(options.keys), done);
  }
  return {};
}

// Waits for the lanes, and tells how far they are meanwhile.
void Watch(Run& run, Clock::time_point start, const Progress& progress) {
  std::unique_lock lock(run.mutex);
  while (!run.ended.wait_for(lock, kProgressPeriod, [&] { return run.lanes == 0; })) {
    const auto answered = run.answered.load(std::memory_order_relaxed);
    const double fraction =
        run.options.operations == 0
            ? std::chrono::duration<double>(Clock::now() - start) / run.options.duration
            : static_cast<double>(answered) / static_cast<double>(run.options.operations);
    progress("load", std::min(1.0, fraction), answered);
  }
}

}  // namespace

SetOptions LoadOptions::ForWrites() const {
  SetOptions set;
  if (!keep) set.ttl = ttl.value_or(duration + kStayAfterwards);
  return set;
}

std::uint64_t LoadReport::failed() const {
  std::uint64_t sum = 0;
  for (const auto& [name, count] : errors) sum += count;
  return sum;
}

double LoadReport::PerSecond() const {
  const double seconds = std::chrono::duration<double>(elapsed).count();
  return seconds > 0 ? static_cast<double>(answered()) / seconds : 0;
}

Expected<LoadReport> RunLoad(const ClientConfig& config, const LoadOptions& options,
                             const Progress& progress) {
  std::vector<Client> clients;
  for (unsigned i = 0; i < options.clients; ++i) {
    Expected<Client> client = Client::Open(config);
    if (!client.ok()) return client.error();
    clients.push_back(std::move(client).value());
  }
  if (options.preload) {
    if (Expected<void> loaded = Preload(clients[0], options, progress); !loaded.ok()) {
      return loaded.error();
    }
  }

  Run run(options);
  std::vector<Figures> figures(clients.size());
  std::vector<std::unique_ptr<Lane>> lanes;
  std::random_device random;
  for (std::size_t i = 0; i < clients.size(); ++i) {
    for (unsigned lane = 0; lane < options.pipeline; ++lane) {
      lanes.push_back(std::make_unique<Lane>(run, clients[i], figures[i], random()));
    }
  }
  run.lanes = lanes.size();
  const Clock::time_point start = Clock::now();
  run.end = start + options.duration;
  for (const auto& lane : lanes) lane->Next();
  Watch(run, start, progress);

  LoadReport report;
  report.elapsed = Clock::now() - start;
  for (Client& client : clients) client.Close();  // No callback runs any more.
  for (const Figures& figure : figures) {
    report.misses += figure.misses;
    report.reads.Merge(figure.reads);
    report.writes.Merge(figure.writes);
    for (const auto& [name, count] : figure.errors) report.errors[name] += count;
  }
  return report;
}

}  // namespace aegis::bench
