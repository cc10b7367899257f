#include "bench/run.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "bench/core/items.h"
#include "bench/core/key_choice.h"
#include "bench/core/schedule.h"
#include "bench/core/value_sizes.h"
#include "bench/leaders.h"
#include "bench/load_worker.h"
#include "bench/server_watch.h"

namespace aegis::bench {
namespace {

using Workers = std::vector<std::unique_ptr<LoadWorker>>;

constexpr std::size_t kFillDepthMin = 32;  // Filling in is not measured: it may go faster.
constexpr std::size_t kFillBytesInFlightMax = 4 << 20;
// What an allocator keeps in reserve for a second or so is no part of what the items take.
constexpr std::chrono::seconds kSettle{2};
constexpr int kTimelinePoints = 100;
constexpr std::int64_t kTimelineStepMinNs = 100'000'000;

double Seconds(std::int64_t ns) { return static_cast<double>(ns) / 1e9; }

void SleepUntilNs(std::int64_t at_ns) {
  const std::int64_t left = at_ns - SteadyNowNs();
  if (left > 0) std::this_thread::sleep_for(std::chrono::nanoseconds(left));
}

// Runs `work(worker, its number)` for each on a thread of its own; `meanwhile` on this one.
template <class Work, class Meanwhile>
void OnThreads(Workers& workers, Work work, Meanwhile meanwhile) {
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < workers.size(); ++i) {
    threads.emplace_back([&work, &workers, i] { work(*workers[i], i); });
  }
  meanwhile();
  for (std::thread& thread : threads) thread.join();
}

// What all of a run share.
struct Shared {
  const RunOptions& options;
  const Items& items;
  const ValueSizes& sizes;
  std::optional<Leaders> leaders;
  std::optional<ServerWatch> watch;
};

// Which of the servers are called: with leaders, those that lead something.
std::vector<std::size_t> CalledOf(const Shared& shared) {
  std::vector<std::size_t> called;
  for (std::size_t i = 0; i < shared.options.servers.size(); ++i) {
    if (!shared.leaders || shared.leaders->Leads(i)) called.push_back(i);
  }
  return called;
}

Result<Ok> ConnectAll(Workers& workers, const Shared& shared, std::size_t depth) {
  const std::vector<std::size_t> called = CalledOf(shared);
  for (unsigned i = 0; i < shared.options.connections; ++i) {
    // Each thread has its connections to all of them.
    const std::size_t server = called[i / workers.size() % called.size()];
    const auto connected = workers[i % workers.size()]->Connect(server, depth);
    if (!connected.ok()) return connected.error();
  }
  return Ok{};
}

std::uint64_t RepliesOf(const Workers& workers) {
  std::uint64_t sum = 0;
  for (const auto& worker : workers) sum += worker->replies();
  return sum;
}

// Filling in has connections of its own: those of the load begin with nothing behind them.
Result<Ok> FillIn(Workers& workers, const Shared& shared, RunReport& report) {
  const RunOptions& options = shared.options;
  const std::size_t fitting = kFillBytesInFlightMax / (shared.sizes.most() + 1);
  const std::size_t depth =
      std::clamp<std::size_t>(fitting, 1, std::max<std::size_t>(kFillDepthMin, options.pipeline));
  if (const auto connected = ConnectAll(workers, shared, depth); !connected.ok()) {
    return connected.error();
  }
  const std::int64_t begin_ns = SteadyNowNs();
  const std::uint64_t parts = workers.size();
  OnThreads(
      workers,
      [&options, parts](LoadWorker& worker, std::uint64_t part) {
        worker.Fill(options.keys / parts * part,
                    part + 1 == parts ? options.keys : options.keys / parts * (part + 1));
      },
      [] {});
  report.fill_seconds = Seconds(SteadyNowNs() - begin_ns);
  report.keys_filled = options.keys;
  for (const auto& worker : workers) worker->CloseAll();
  return Ok{};
}

// What the main thread sees of the window: replies, the server's processes, and the time of both.
struct Mark {
  std::int64_t at_ns = 0;
  std::uint64_t replies = 0;
  std::optional<Result<ServerWatch::Sample>> server;
};

Mark MarkNow(const Workers& workers, const std::optional<ServerWatch>& watch) {
  Mark mark;
  if (watch) mark.server = watch->Read();
  mark.replies = RepliesOf(workers);
  mark.at_ns = SteadyNowNs();
  return mark;
}

Result<Ok> Settle(const Mark& begin, const Mark& end, RunReport& report) {
  report.seconds = Seconds(end.at_ns - begin.at_ns);
  report.replies = end.replies - begin.replies;
  if (!end.server) return Ok{};
  if (!begin.server->ok()) return begin.server->error();
  if (!end.server->ok()) return end.server->error();
  const ServerWatch::Sample& from = begin.server->value();
  const ServerWatch::Sample& to = end.server->value();
  ServerFigures& figures = *report.server;
  figures.cpu_seconds = to.cpu_seconds - from.cpu_seconds;
  figures.user_seconds = to.user_seconds - from.user_seconds;
  figures.system_seconds = to.system_seconds - from.system_seconds;
  figures.voluntary_switches = to.voluntary_switches - from.voluntary_switches;
  figures.rss_at_end = to.rss;
  return Ok{};
}

// Looks at the window from outside while the workers are busy.
struct Watched {
  Mark begin;
  Mark end;
  std::vector<RunReport::Point> timeline;
};

Watched WatchWindow(const Workers& workers, const std::optional<ServerWatch>& watch,
                    const Window& window) {
  Watched watched;
  SleepUntilNs(window.begin_ns);
  watched.begin = MarkNow(workers, watch);
  const std::int64_t step =
      std::max(kTimelineStepMinNs, (window.end_ns - window.begin_ns) / kTimelinePoints);
  Mark last = watched.begin;
  for (std::int64_t at = window.begin_ns + step; at < window.end_ns; at += step) {
    SleepUntilNs(at);
    const Mark mark = MarkNow(workers, std::nullopt);
    watched.timeline.push_back(
        {Seconds(mark.at_ns - watched.begin.at_ns),
         static_cast<double>(mark.replies - last.replies) / Seconds(mark.at_ns - last.at_ns)});
    last = mark;
  }
  SleepUntilNs(window.end_ns);
  watched.end = MarkNow(workers, watch);
  return watched;
}

Result<Ok> Measure(Workers& workers, const Shared& shared, RunReport& report) {
  const RunOptions& options = shared.options;
  using std::chrono::duration_cast;
  using std::chrono::nanoseconds;
  if (const auto connected = ConnectAll(workers, shared, options.pipeline); !connected.ok()) {
    return connected.error();
  }
  const std::int64_t start_ns = SteadyNowNs();
  Window window;
  window.begin_ns = start_ns + duration_cast<nanoseconds>(options.warm_up).count();
  window.end_ns = window.begin_ns + duration_cast<nanoseconds>(options.duration).count();
  Watched watched;
  OnThreads(
      workers,
      [&](LoadWorker& worker, std::size_t part) {
        if (options.rate > 0) {
          worker.LoadOpen(window, Schedule(start_ns, options.rate, part, workers.size()));
        } else {
          worker.LoadClosed(window);
        }
      },
      [&] { watched = WatchWindow(workers, shared.watch, window); });
  report.timeline = std::move(watched.timeline);
  return Settle(watched.begin, watched.end, report);
}

void Gather(const Workers& workers, RunReport& report) {
  for (const auto& worker : workers) {
    const WorkerFigures& figures = worker->figures();
    report.gets.Merge(figures.gets);
    report.sets.Merge(figures.sets);
    report.misses += figures.misses;
    report.never_sent += figures.never_sent;
    for (const auto& [text, count] : figures.errors) report.errors[text] += count;
  }
}

Result<Workers> MakeWorkers(const Shared& shared) {
  const RunOptions& options = shared.options;
  const auto choice = KeyChoice::Parse(options.distribution, options.keys);
  if (!choice.ok()) return choice.error();
  Workers workers;
  for (unsigned i = 0; i < options.threads; ++i) {
    KeyChoice keys = choice.value();
    keys.StartAt(options.keys / options.threads * i);
    workers.push_back(std::make_unique<LoadWorker>(
        options, shared.items, shared.leaders ? &*shared.leaders : nullptr, shared.sizes,
        CallSource(options.gets, options.sets, std::move(keys), shared.sizes, options.seed + i)));
  }
  return workers;
}

// Who leads, and whose processes are watched.
Result<Ok> AskServers(Shared& shared) {
  const RunOptions& options = shared.options;
  if (options.to_leaders) {
    auto leaders = Leaders::Of(options.servers, options.patience);
    if (!leaders.ok()) return leaders.error();
    shared.leaders = std::move(leaders).value();
  }
  if (!options.server_pids.empty()) {
    auto watch = ServerWatch::Of(options.server_pids);
    if (!watch.ok()) return watch.error();
    shared.watch = std::move(watch).value();
  }
  return Ok{};
}

Result<Ok> FillWatched(Workers& workers, const Shared& shared, RunReport& report) {
  const auto rss = [&shared] {
    const auto sample = shared.watch->Read();
    return sample.ok() ? sample.value().rss : 0;
  };
  if (shared.watch) {
    report.server.emplace();
    report.server->rss_before_fill = report.server->rss_after_fill = rss();
  }
  if (!shared.options.fill) return Ok{};
  const auto filled = FillIn(workers, shared, report);
  if (filled.ok() && shared.watch) {
    std::this_thread::sleep_for(kSettle);
    report.server->rss_after_fill = report.server->rss_at_end = rss();
  }
  return filled;
}

}  // namespace

Result<RunReport> RunOverSockets(const RunOptions& options) {
  const auto sizes = ValueSizes::Parse(options.value_size);
  if (!sizes.ok()) return sizes.error();
  const auto items =
      Items::Make(options.key_prefix, options.key_size, options.keys, sizes.value().most());
  if (!items.ok()) return items.error();
  Shared shared = {options, items.value(), sizes.value(), std::nullopt, std::nullopt};
  if (const auto asked = AskServers(shared); !asked.ok()) return asked.error();
  auto workers = MakeWorkers(shared);
  if (!workers.ok()) return workers.error();
  RunReport report;
  report.rate_wanted = options.rate;
  if (const auto filled = FillWatched(workers.value(), shared, report); !filled.ok()) {
    return filled.error();
  }
  if (options.duration.count() > 0) {
    const auto measured = Measure(workers.value(), shared, report);
    if (!measured.ok()) return measured.error();
  }
  Gather(workers.value(), report);
  return report;
}

}  // namespace aegis::bench
