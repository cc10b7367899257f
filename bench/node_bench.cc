// The way of a command through a node, without the kernel: node_bench. First its pieces, then all
// of it: from the bytes that were received to those that would be sent.

#include <benchmark/benchmark.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>

#include "client_test_support.h"
#include "node/runtime/client_connection.h"
#include "node/runtime/latency_recorder.h"
#include "node/runtime/metrics.h"
#include "node/runtime/resp_look_ahead.h"
#include "wire/native.h"
#include "wire/operation_codec.h"
#include "working_set.h"

namespace aegis::node {
namespace {

using bench::kCached;
using bench::Keys;
using bench::kMany;

constexpr std::size_t kDepth = RespLookAhead::kCommands;
constexpr std::size_t kPipeline = 32;

void AppendCommand(std::initializer_list<ByteView> argv, Bytes& out) {
  wire::RespWriter writer(out, 2);
  writer.Array(argv.size());
  for (const ByteView argument : argv) writer.Bulk(argument);
}

// A node that leads all shards of a cluster of one.
struct Node {
  Node() {
    shards.Create();
    shards.Lead(1);
    shards.BeAlone(1);
    auto table = std::make_shared<RoutingTable>();
    table->version = 1;
    table->self = kSelf;
    table->settings.id = kCluster;
    table->settings.num_shards = TestShards::kShards;
    ShardRoute route;
    route.leader = kSelf;
    route.epoch = Epoch{1};
    table->shards.assign(TestShards::kShards, route);
    board.Publish(std::move(table));
  }
  // With so many items.
  Node(std::int64_t items, bool expiring) : Node() {
    Keys keys(items);
    for (std::size_t i = 0; i < keys.size(); ++i) {
      Operation set = SetOf(keys.Next(), bench::kValue);
      if (expiring) set.expiry = ExpiryKind::kRelative;
      set.expiry_ms = kLifetime;
      shards.Execute(set);
    }
  }
  static constexpr std::int64_t kLifetime = 1'000'000'000;

  Loop loop;
  TestShards shards{kSelf};
  RoutingBoard board{kSelf};
  WorkerCounters counters;
  Forwarder forwarder{loop, shards.host, board, shards.held, counters};
  TestWorker worker{shards.host, board, forwarder, counters};
};

// One at a time, kept for the next benchmark that wants the same.
Node& NodeOf(std::int64_t items, bool expiring = false) {
  static std::unique_ptr<Node> node;
  static std::pair<std::int64_t, bool> present;
  if (!node || present != std::pair(items, expiring)) {
    node.reset();
    node = std::make_unique<Node>(items, expiring);
    present = {items, expiring};
  }
  return *node;
}

// Which node a key's command goes to.
void KeyToLeader(benchmark::State& state) {
  Node node;
  RoutingReader routing(node.board);
  Keys keys(kCached);
  for (auto _ : state) {
    const RoutingTable& table = routing.Table();
    const ShardId shard = ring::ShardOf(keys.Next(), table.settings.num_shards);
    benchmark::DoNotOptimize(table.shards[shard.value()].leader == table.self);
  }
}
BENCHMARK(KeyToLeader);

// GETs, parsed ahead and taken one by one; compare ParsePipeline of resp_parse_bench.
void LookAheadParse(benchmark::State& state) {
  Keys keys(kCached);
  Bytes pipeline;
  for (std::size_t i = 0; i < kDepth; ++i) AppendCommand({"GET", keys.Next()}, pipeline);
  RespLookAhead ahead;
  std::vector<ByteView> argv;
  while (state.KeepRunningBatch(kDepth)) {
    ahead.Fill(pipeline);
    for (ByteView rest = pipeline; !rest.empty();) {
      const std::size_t size = ahead.Take(rest, argv);
      if (size == 0) std::abort();
      benchmark::DoNotOptimize(argv.data());
      rest.remove_prefix(size);
    }
  }
}
BENCHMARK(LookAheadParse);

void LatencyRecord(benchmark::State& state) {
  const auto recorder = std::make_unique<LatencyRecorder>();
  std::int64_t nanos = 1;
  for (auto _ : state) {
    recorder->Add(std::chrono::nanoseconds(nanos));
    nanos = nanos * 7 % 1'000'003;
  }
  LatencyDistribution seen;
  recorder->AddTo(seen);
  if (seen.count() != static_cast<std::uint64_t>(state.iterations())) std::abort();
}
BENCHMARK(LatencyRecord);

// What a scrape adds up for each worker and class of commands.
void LatencySum(benchmark::State& state) {
  const auto recorder = std::make_unique<LatencyRecorder>();
  recorder->Add(std::chrono::microseconds(30));
  for (auto _ : state) {
    LatencyDistribution seen;
    recorder->AddTo(seen);
    benchmark::DoNotOptimize(&seen);
    benchmark::ClobberMemory();
  }
}
BENCHMARK(LatencySum);

void MetricsPage(benchmark::State& state) {
  const MetricsSnapshot snapshot = SampleMetrics();
  for (auto _ : state) benchmark::DoNotOptimize(RenderMetrics(snapshot).data());
}
BENCHMARK(MetricsPage);

// Operations, from being asked of the router to their outcome being shown: routed, the shard
// locked, executed, counted.
void RouteAndRun(benchmark::State& state, bool write, bool fetch) {
  Node& node = NodeOf(state.range(0));
  Keys keys(state.range(0));
  std::array<ByteView, kDepth> batch;
  while (state.KeepRunningBatch(kDepth)) {
    for (ByteView& key : batch) key = keys.Next();
    if (fetch) {
      for (const ByteView key : batch) node.worker.router.Expect(key);
      node.worker.router.FetchExpected();
    }
    for (const ByteView key : batch) {
      const Operation operation = write ? SetOf(key, bench::kValue) : GetOf(key);
      const bool ran =
          node.worker.router.RunHere(operation, true, UnixMs{1}, [](const Outcome& outcome) {
            if (outcome.status != Status::kOk) std::abort();
            if (outcome.has_value) benchmark::DoNotOptimize(outcome.value.back());
          });
      if (!ran) std::abort();
    }
  }
}
BENCHMARK_CAPTURE(RouteAndRun, get, false, false)->ArgName("items")->Arg(kCached)->Arg(kMany);
BENCHMARK_CAPTURE(RouteAndRun, get_fetched_ahead, false, true)
    ->ArgName("items")
    ->Arg(kCached)
    ->Arg(kMany);
BENCHMARK_CAPTURE(RouteAndRun, set, true, false)->ArgName("items")->Arg(kCached)->Arg(kMany);
BENCHMARK_CAPTURE(RouteAndRun, set_fetched_ahead, true, true)
    ->ArgName("items")
    ->Arg(kCached)
    ->Arg(kMany);

// Ten operations as one, already encoded, as EXEC and MULTI frames have them; per batch.
void BatchOf10(benchmark::State& state) {
  Node node;
  const ByteView key = "{tag}key";
  std::vector<Operation> operations;
  for (int i = 0; i < 5; ++i) {
    operations.push_back(SetOf(key, bench::kValue));
    operations.push_back(GetOf(key));
  }
  Bytes encoded;
  wire::AppendMultiRequest(operations, encoded);
  const Operation batch{.code = OpCode::kBatch, .key = key, .value = encoded};
  for (auto _ : state) {
    const bool ran = node.worker.router.RunHere(batch, true, UnixMs{1}, [](const Outcome& outcome) {
      if (outcome.status != Status::kOk) std::abort();
      benchmark::DoNotOptimize(outcome.value.data());
    });
    if (!ran) std::abort();
  }
}
BENCHMARK(BatchOf10);

// Looks at 128 items, as each visit of the sweep does, of which none is due; per item.
void SweepNothingDue(benchmark::State& state) {
  constexpr std::size_t kVisit = 128;
  Node& node = NodeOf(state.range(0), /*expiring=*/true);
  std::uint32_t shard = 0;
  const UnixMs now = UnixNow();
  while (state.KeepRunningBatch(kVisit)) {
    ShardGuard guard(node.shards.host, ShardId{shard}, node.shards.effects);
    if (guard->Maintain(now, kVisit, node.shards.effects)) std::abort();
    shard = (shard + 1) % TestShards::kShards;
  }
}
BENCHMARK(SweepNothingDue)->ArgName("items")->Arg(kCached)->Arg(kMany);

// Until all of so many are gone; per item.
void SweepAllDue(benchmark::State& state) {
  constexpr std::size_t kVisit = 128;
  while (state.KeepRunningBatch(state.range(0))) {
    state.PauseTiming();
    auto node = std::make_unique<Node>(state.range(0), /*expiring=*/true);
    const UnixMs later{UnixNow().value + Node::kLifetime + 1};
    state.ResumeTiming();
    for (std::uint32_t id = 0; id < TestShards::kShards; ++id) {
      ShardGuard shard(node->shards.host, ShardId{id}, node->shards.effects);
      while (shard->replica().table().items() > 0) {
        shard->Maintain(later, kVisit, node->shards.effects);
      }
    }
    state.PauseTiming();
    node.reset();
    state.ResumeTiming();
  }
}
BENCHMARK(SweepAllDue)->ArgName("items")->Arg(kCached);
BENCHMARK(SweepAllDue)->ArgName("items")->Arg(kMany)->Iterations(kMany);

// --- All of it -----------------------------------------------------------------------------------

// Gives a connection one chunk of input whenever it is told to, and takes what it sends.
class FeedStream final : public ByteStream {
 public:
  struct Feed {
    ByteView input;
    std::size_t sent = 0;
    std::shared_ptr<Listener> reader;
  };

  explicit FeedStream(Feed& feed) : feed_(feed) {}

  Transfer Receive(std::span<char> room) override {
    const std::size_t size = std::min(room.size(), feed_.input.size());
    if (size == 0) return {State::kWouldBlock, 0};
    feed_.input.copy(room.data(), size);
    feed_.input.remove_prefix(size);
    return {State::kMoved, size};
  }
  Transfer Send(ByteView bytes) override {
    feed_.sent += bytes.size();
    return {State::kMoved, bytes.size()};
  }
  void AwaitReadable(std::shared_ptr<Listener> listener) override {
    feed_.reader = std::move(listener);
  }
  void AwaitWritable(std::shared_ptr<Listener>) override { std::abort(); }
  void EndSending() override {}
  void Close() override { feed_.reader.reset(); }
  std::string PeerAddress() const override { return {}; }
  std::string LocalAddress() const override { return {}; }

 private:
  Feed& feed_;
};

class Client {
 public:
  Client(Node& node, ClientPort port)
      : connection_(std::make_shared<ClientConnection>(
            node.loop, std::make_unique<FeedStream>(feed_), node.worker.services, 1, port)) {
    connection_->Start();
  }
  ~Client() { connection_->Close("done"); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // One turn of the connection. Returns the size of the replies.
  std::size_t Turn(ByteView input) {
    feed_.input = input;
    feed_.sent = 0;
    while (!feed_.input.empty()) std::exchange(feed_.reader, nullptr)->OnReadable();
    return feed_.sent;
  }

 private:
  FeedStream::Feed feed_;
  std::shared_ptr<ClientConnection> connection_;
};

enum class Speaks : std::uint8_t { kResp, kMemcached, kNative };

enum class Mix : std::uint8_t { kGets, kSets };

void Append(Speaks protocol, Mix mix, ByteView key, Bytes& out) {
  const bool get = mix == Mix::kGets;
  switch (protocol) {
    case Speaks::kResp:
      return get ? AppendCommand({"GET", key}, out)
                 : AppendCommand({"SET", key, bench::kValue}, out);
    case Speaks::kMemcached:
      out.append(get ? "get " : "set ").append(key);
      out.append(get ? "\r\n" : " 0 0 100\r\n" + bench::kValue + "\r\n");
      return;
    case Speaks::kNative: {
      wire::RequestFrame frame;
      frame.command = static_cast<std::uint8_t>(get ? wire::Command::kGet : wire::Command::kSet);
      frame.key = key;
      if (!get) frame.value = bench::kValue;
      wire::AppendRequest(frame, out);
    }
  }
}

// 32 commands come in one piece, and their replies go in one; per command.
void Pipeline(benchmark::State& state, Speaks protocol, Mix mix) {
  Node& node = NodeOf(state.range(0));
  Keys keys(state.range(0));
  Client client(node, protocol == Speaks::kMemcached ? ClientPort::kMemcached : ClientPort::kMain);
  Bytes input;
  std::array<std::size_t, kPipeline> at;  // Where the keys go, which is timed: 3 ns.
  for (std::size_t& place : at) {
    Append(protocol, mix, keys.at(0), input);
    place = input.rfind(keys.at(0));
  }
  while (state.KeepRunningBatch(kPipeline)) {
    for (const std::size_t place : at) keys.Next().copy(input.data() + place, Keys::kSize);
    if (client.Turn(input) < kPipeline * 5) std::abort();
  }
}
#define AEGIS_PIPELINE(name, protocol, mix) \
  BENCHMARK_CAPTURE(Pipeline, name, protocol, mix)->ArgName("items")->Arg(kCached)->Arg(kMany)

AEGIS_PIPELINE(resp_get, Speaks::kResp, Mix::kGets);
AEGIS_PIPELINE(resp_set, Speaks::kResp, Mix::kSets);
AEGIS_PIPELINE(memcached_get, Speaks::kMemcached, Mix::kGets);
AEGIS_PIPELINE(memcached_set, Speaks::kMemcached, Mix::kSets);
AEGIS_PIPELINE(native_get, Speaks::kNative, Mix::kGets);
AEGIS_PIPELINE(native_set, Speaks::kNative, Mix::kSets);

// MULTI, 5 SETs and 5 GETs, EXEC; per transaction.
void TransactionOf10(benchmark::State& state) {
  Node node;
  Client client(node, ClientPort::kMain);
  Bytes input;
  AppendCommand({"MULTI"}, input);
  for (int i = 0; i < 5; ++i) {
    AppendCommand({"SET", "{tag}key", bench::kValue}, input);
    AppendCommand({"GET", "{tag}key"}, input);
  }
  AppendCommand({"EXEC"}, input);
  for (auto _ : state) {
    if (client.Turn(input) < 5 * bench::kValue.size()) std::abort();
  }
}
BENCHMARK(TransactionOf10);

}  // namespace
}  // namespace aegis::node
