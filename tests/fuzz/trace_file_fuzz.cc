// Any bytes, in any split, must read as a trace or as an error that does not depend on the split:
// never to a crash. The first byte chooses the format and its options, the second the split.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "bench/trace/csv.h"
#include "bench/trace/oracle_general.h"
#include "invariant.h"

namespace aegis::bench {
namespace {

struct Outcome {
  std::optional<std::string> error;
  Trace trace;
};

CsvOptions Options(unsigned choice) {
  constexpr std::array<const char*, 4> kColumns = {"", "1", "key", "none"};
  return {.key_column = kColumns[choice >> 2U & 3U],
          .size_column = kColumns[choice >> 4U & 3U],
          .separator = (choice >> 6U & 1U) != 0 ? ' ' : ','};
}

Outcome Read(unsigned choice, ByteView first, ByteView second) {
  TraceBuilder builder({.accesses = 100, .ignore_sizes = (choice & 2U) != 0});
  std::unique_ptr<TraceReader> reader;
  if ((choice & 1U) != 0) {
    reader = std::make_unique<OracleGeneralReader>(builder);
  } else {
    reader = std::make_unique<CsvReader>(builder, Options(choice));
  }
  for (const ByteView piece : {first, second}) {
    const auto fed = reader->Feed(piece);
    if (!fed.ok()) return {.error = fed.error().message, .trace = {}};
    if (builder.cut()) return {.error = {}, .trace = builder.Build("")};
  }
  const auto ended = reader->End();
  if (!ended.ok()) return {.error = ended.error().message, .trace = {}};
  return {.error = {}, .trace = builder.Build("")};
}

void RequireSound(const Trace& trace) {
  ObjectId next = 0;
  for (const ObjectId object : trace.accesses) {
    Require(object <= next);  // Numbered by first appearance.
    if (object == next) ++next;
  }
  Require(next == trace.objects && trace.accesses.size() <= 100);
  Require(trace.equal_sizes() || trace.sizes.size() == trace.objects);
  for (const std::uint32_t size : trace.sizes) Require(size > 0);
}

void FuzzTraceFile(ByteView input) {
  if (input.size() < 2) return;
  const unsigned choice = static_cast<unsigned char>(input[0]);
  const std::size_t cut_at = static_cast<unsigned char>(input[1]);
  input.remove_prefix(2);
  const Outcome whole = Read(choice, input, {});
  const std::size_t cut = std::min(cut_at, input.size());
  const Outcome split = Read(choice, input.substr(0, cut), input.substr(cut));
  Require(whole.error == split.error);
  Require(whole.trace.accesses == split.trace.accesses && whole.trace.sizes == split.trace.sizes);
  RequireSound(whole.trace);
}

}  // namespace
}  // namespace aegis::bench

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  aegis::bench::FuzzTraceFile({reinterpret_cast<const char*>(data), size});
  return 0;
}
