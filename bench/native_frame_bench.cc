// How fast native frames are read and written: a SET and a GET of a 100-byte value by turns, per
// frame.

#include <benchmark/benchmark.h>

#include <cstdlib>

#include "wire/native.h"
#include "working_set.h"

namespace aegis::wire {
namespace {

constexpr int kFrames = 16;
constexpr ByteView kKey = "key:000000001000";

RequestFrame Request(int i) {
  RequestFrame frame;
  frame.command = static_cast<std::uint8_t>(i % 2 == 0 ? Command::kSet : Command::kGet);
  frame.id = static_cast<std::uint64_t>(i);
  frame.key = kKey;
  if (i % 2 == 0) frame.value = bench::kValue;
  return frame;
}

ReplyFrame Reply(int i) {
  ReplyFrame frame;
  frame.id = static_cast<std::uint64_t>(i);
  frame.version = 12345;
  if (i % 2 != 0) frame.value = bench::kValue;
  return frame;
}

void DecodeRequests(benchmark::State& state) {
  Bytes bytes;
  for (int i = 0; i < kFrames; ++i) AppendRequest(Request(i), bytes);
  while (state.KeepRunningBatch(kFrames)) {
    for (ByteView rest = bytes; !rest.empty();) {
      std::size_t consumed = 0;
      const auto frame = DecodeRequest(rest, consumed);
      if (!frame.ok() || !frame.value()) std::abort();
      benchmark::DoNotOptimize(frame.value()->key.data());
      rest.remove_prefix(consumed);
    }
  }
}
BENCHMARK(DecodeRequests);

void DecodeReplies(benchmark::State& state) {
  Bytes bytes;
  for (int i = 0; i < kFrames; ++i) AppendReply(Reply(i), bytes);
  while (state.KeepRunningBatch(kFrames)) {
    for (ByteView rest = bytes; !rest.empty();) {
      std::size_t consumed = 0;
      const auto frame = DecodeReply(rest, consumed);
      if (!frame.ok() || !frame.value()) std::abort();
      benchmark::DoNotOptimize(frame.value()->value.data());
      rest.remove_prefix(consumed);
    }
  }
}
BENCHMARK(DecodeReplies);

void EncodeRequests(benchmark::State& state) {
  Bytes out;
  while (state.KeepRunningBatch(kFrames)) {
    out.clear();
    for (int i = 0; i < kFrames; ++i) AppendRequest(Request(i), out);
    benchmark::DoNotOptimize(out.data());
  }
}
BENCHMARK(EncodeRequests);

void EncodeReplies(benchmark::State& state) {
  Bytes out;
  while (state.KeepRunningBatch(kFrames)) {
    out.clear();
    for (int i = 0; i < kFrames; ++i) AppendReply(Reply(i), out);
    benchmark::DoNotOptimize(out.data());
  }
}
BENCHMARK(EncodeReplies);

}  // namespace
}  // namespace aegis::wire
