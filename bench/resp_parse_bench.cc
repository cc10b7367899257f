// How fast RESP commands are parsed, and replies written. One item is one command.
//
//     build/bench/resp_parse_bench

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "wire/resp.h"

namespace aegis::wire {
namespace {

constexpr int kDepth = 16;  // As redis-benchmark -P 16.

void AppendCommand(std::initializer_list<ByteView> argv, Bytes& out) {
  RespWriter writer(out, 2);
  writer.Array(argv.size());
  for (const ByteView argument : argv) writer.Bulk(argument);
}

// SET and GET in turn, keys as redis-benchmark writes them.
Bytes SetGetPipeline(std::size_t value_size) {
  const std::string value(value_size, 'x');
  Bytes pipeline;
  for (int i = 0; i < kDepth / 2; ++i) {
    const std::string key = "key:00000000" + std::to_string(1000 + i);
    AppendCommand({"SET", key, value}, pipeline);
    AppendCommand({"GET", key}, pipeline);
  }
  return pipeline;
}

void ParsePipeline(benchmark::State& state) {
  const Bytes pipeline = SetGetPipeline(static_cast<std::size_t>(state.range(0)));
  std::vector<ByteView> argv;
  Bytes scratch;
  for (auto _ : state) {
    ByteView rest = pipeline;
    while (!rest.empty()) {
      const auto parse = ParseRespCommand(rest, argv, scratch);
      if (!parse.ok()) std::abort();
      benchmark::DoNotOptimize(argv.data());
      rest.remove_prefix(parse.value().consumed);
    }
  }
  state.SetItemsProcessed(state.iterations() * kDepth);
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(pipeline.size()));
}
BENCHMARK(ParsePipeline)->ArgName("value_size")->Arg(3)->Arg(256)->Arg(4096);

void ParseInline(benchmark::State& state) {
  constexpr ByteView kLine = "GET key:000000001000\r\n";
  std::vector<ByteView> argv;
  Bytes scratch;
  for (auto _ : state) {
    benchmark::DoNotOptimize(ParseRespCommand(kLine, argv, scratch).ok());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(ParseInline);

void WriteReplies(benchmark::State& state) {
  const std::string value(static_cast<std::size_t>(state.range(0)), 'x');
  Bytes out;
  for (auto _ : state) {
    out.clear();
    RespWriter writer(out, 2);
    for (int i = 0; i < kDepth / 2; ++i) {
      writer.SimpleString("OK");
      writer.Bulk(value);
    }
    benchmark::DoNotOptimize(out.data());
  }
  state.SetItemsProcessed(state.iterations() * kDepth);
}
BENCHMARK(WriteReplies)->ArgName("value_size")->Arg(3)->Arg(256);

}  // namespace
}  // namespace aegis::wire
