// How fast memcached's requests are read and its values written, per request.

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <string>

#include "wire/memcached.h"
#include "working_set.h"

namespace aegis::wire {
namespace {

constexpr int kDepth = 16;

void Parse(benchmark::State& state, const std::string& request) {
  Bytes pipeline;
  for (int i = 0; i < kDepth; ++i) pipeline += request;
  MemcachedRequest parsed;
  while (state.KeepRunningBatch(kDepth)) {
    for (ByteView rest = pipeline; !rest.empty();) {
      const auto parse = ParseMemcachedRequest(rest, parsed);
      if (!parse.ok() || parse.value().consumed == 0) std::abort();
      benchmark::DoNotOptimize(parsed.words.data());
      rest.remove_prefix(parse.value().consumed);
    }
  }
}

const std::string kBlock = bench::kValue + "\r\n";
BENCHMARK_CAPTURE(Parse, get, std::string("get key:000000001000\r\n"));
BENCHMARK_CAPTURE(Parse, set, "set key:000000001000 0 0 100\r\n" + kBlock);
BENCHMARK_CAPTURE(Parse, meta_get, std::string("mg key:000000001000 v f t\r\n"));
BENCHMARK_CAPTURE(Parse, meta_set, "ms key:000000001000 100 T60\r\n" + kBlock);

void WriteValue(benchmark::State& state) {
  Bytes out;
  while (state.KeepRunningBatch(kDepth)) {
    out.clear();
    for (int i = 0; i < kDepth; ++i) {
      AppendMemcachedValue("key:000000001000", 0, bench::kValue, nullptr, out);
    }
    benchmark::DoNotOptimize(out.data());
  }
}
BENCHMARK(WriteValue);

}  // namespace
}  // namespace aegis::wire
