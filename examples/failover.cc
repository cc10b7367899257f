// Keeps writing and reading while nodes come and go, and checks every answer.
//
//   failover [--seconds N] [host:port ...]     default: 10 s against the nodes of `make demo`
//
// Start it, kill a node (`kill -9`), and watch. Each worker owns a range of keys and remembers
// what it wrote. A read must give the last value whose write succeeded, or the value of a later
// write whose outcome is unknown. Exit status: 0, or 1 after a wrong value, a lost key or an error
// that aegis/client.h does not document for the call.

#include <aegis/client.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

constexpr int kWorkers = 8;
constexpr int kKeysPerWorker = 100;

struct Totals {
  std::atomic<std::uint64_t> writes_ok = 0;
  std::atomic<std::uint64_t> reads_ok = 0;
  std::atomic<std::uint64_t> wrong = 0;
  std::mutex mutex;
  std::map<std::string, std::uint64_t> errors;  // By name; guarded by mutex.
  std::atomic<std::uint64_t> undocumented = 0;
  std::atomic<std::int64_t> longest_ns = 0;  // The longest call.
};

// What a failover may show to a caller.
bool IsDocumented(aegis::Errc code, bool is_write) {
  switch (code) {
    case aegis::Errc::kTimeout:
    case aegis::Errc::kUnavailable:
    case aegis::Errc::kMaxRetries:
      return true;
    case aegis::Errc::kUnknownOutcome:
      return is_write;
    default:
      return false;
  }
}

void Count(Totals& totals, const aegis::ClientError& error, bool is_write) {
  const std::string name =
      std::string(is_write ? "write " : "read ") + std::string(aegis::NameOf(error.code));
  if (!IsDocumented(error.code, is_write)) {
    ++totals.undocumented;
    std::cerr << "undocumented: " << name << ": " << error.message << '\n';
  }
  const std::lock_guard lock(totals.mutex);
  ++totals.errors[name];
}

class Worker {
 public:
  Worker(aegis::Client& client, Totals& totals, int number)
      : client_(client), totals_(totals), prefix_("failover:" + std::to_string(number) + ":") {}

  void Run(Clock::time_point end) {
    for (std::uint64_t round = 1; Clock::now() < end; ++round) {
      const std::size_t index = round % kKeysPerWorker;
      Write(index, round);
      Read((round * 7) % kKeysPerWorker);
    }
  }

  // Every key once more, now that all is quiet.
  void CheckAll() {
    for (std::size_t index = 0; index < keys_.size(); ++index) Read(index);
  }

 private:
  struct Key {
    std::uint64_t written = 0;              // The last write that succeeded.
    std::vector<std::uint64_t> maybe = {};  // Later ones whose outcome is unknown.
  };

  void Write(std::size_t index, std::uint64_t value) {
    const auto start = Clock::now();
    const auto set = client_.Set(prefix_ + std::to_string(index), std::to_string(value));
    Note(start);
    Key& key = keys_[index];
    if (set.ok()) {
      key = {.written = value, .maybe = {}};
      ++totals_.writes_ok;
      return;
    }
    if (set.Is(aegis::Errc::kUnknownOutcome)) key.maybe.push_back(value);
    Count(totals_, set.error(), true);
  }

  void Read(std::size_t index) {
    const auto start = Clock::now();
    const auto got = client_.Get(prefix_ + std::to_string(index));
    Note(start);
    const Key& key = keys_[index];
    if (!got.ok() && !got.Is(aegis::Errc::kNotFound)) {
      return Count(totals_, got.error(), false);
    }
    const std::uint64_t value = got.ok() ? std::strtoull(got->value.c_str(), nullptr, 10) : 0;
    bool right = value == key.written || key.written == 0;
    for (const std::uint64_t maybe : key.maybe) right = right || value == maybe;
    if (right) {
      ++totals_.reads_ok;
      return;
    }
    ++totals_.wrong;
    std::cerr << "wrong: " << prefix_ << index << " is " << value << ", written was " << key.written
              << '\n';
  }

  void Note(Clock::time_point start) {
    const std::int64_t took = (Clock::now() - start).count();
    std::int64_t longest = totals_.longest_ns;
    while (took > longest && !totals_.longest_ns.compare_exchange_weak(longest, took)) {
    }
  }

  aegis::Client& client_;
  Totals& totals_;
  const std::string prefix_;
  std::array<Key, kKeysPerWorker> keys_;
};

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> seeds;
  int seconds = 10;
  for (int i = 1; i < argc; ++i) {
    if (std::string_view(argv[i]) == "--seconds" && i + 1 < argc) {
      seconds = std::atoi(argv[++i]);
    } else {
      seeds.emplace_back(argv[i]);
    }
  }
  if (seeds.empty()) seeds = {"localhost:7700", "localhost:7710", "localhost:7720"};

  auto opened = aegis::Client::Open({.seeds = seeds});
  if (!opened.ok()) {
    std::cerr << opened.error().message << '\n';
    return 1;
  }
  aegis::Client client = std::move(opened).value();

  Totals totals;
  std::vector<Worker> workers;
  for (int i = 0; i < kWorkers; ++i) workers.emplace_back(client, totals, i);
  const auto end = Clock::now() + std::chrono::seconds(seconds);
  std::vector<std::thread> threads;
  for (Worker& worker : workers) threads.emplace_back([&worker, end] { worker.Run(end); });
  for (std::thread& thread : threads) thread.join();
  for (Worker& worker : workers) worker.CheckAll();

  std::cout << "writes ok      " << totals.writes_ok << "\nreads ok       " << totals.reads_ok
            << "\nlongest call   " << totals.longest_ns / 1'000'000 << " ms\n";
  for (const auto& [name, count] : totals.errors) std::cout << name << "  " << count << '\n';
  std::cout << "wrong values   " << totals.wrong << "\nundocumented   " << totals.undocumented
            << '\n';
  const bool idle = totals.writes_ok == 0 || totals.reads_ok == 0;
  if (idle) std::cerr << "nothing succeeded\n";
  return totals.wrong != 0 || totals.undocumented != 0 || idle ? 1 : 0;
}
