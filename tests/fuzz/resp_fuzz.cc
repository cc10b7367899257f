// Any bytes, in any split, must parse to commands or to a protocol error: never to a crash.

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "invariant.h"
#include "model/limits.h"
#include "wire/resp.h"

namespace aegis::wire {
namespace {

// A command that was read must read the same when it is written as an array of bulks.
void RequireRewritable(const std::vector<ByteView>& argv) {
  if (argv.empty()) return;
  Bytes rewritten;
  RespWriter writer(rewritten, 2);
  writer.Array(argv.size());
  for (const ByteView argument : argv) writer.Bulk(argument);
  std::vector<ByteView> again;
  Bytes scratch;
  const auto parse = ParseRespCommand(rewritten, again, scratch);
  Require(parse.ok() && parse.value().consumed == rewritten.size() && again == argv);
}

void FuzzResp(ByteView input) {
  if (input.empty()) return;
  const std::size_t cut_at = static_cast<unsigned char>(input.front());
  std::vector<ByteView> argv;
  Bytes scratch;
  for (ByteView stream = input.substr(1); !stream.empty();) {
    const auto whole = ParseRespCommand(stream, argv, scratch);

    // A parser that has seen less may ask for more, but never says anything else.
    const ByteView prefix = stream.substr(0, std::min(cut_at, stream.size()));
    std::vector<ByteView> prefix_argv;
    Bytes prefix_scratch;
    const auto cut = ParseRespCommand(prefix, prefix_argv, prefix_scratch);
    if (!cut.ok()) {
      Require(!whole.ok() && whole.error().message == cut.error().message);
    } else if (cut.value().consumed > 0) {
      Require(whole.ok() && whole.value().consumed == cut.value().consumed && prefix_argv == argv);
    } else {
      Require(cut.value().needed > prefix.size());
      const bool complete = whole.ok() && whole.value().consumed > 0;
      if (complete) Require(cut.value().needed <= whole.value().consumed);
    }

    if (!whole.ok() || whole.value().consumed == 0) return;
    Require(whole.value().consumed <= stream.size());
    RequireRewritable(argv);
    stream.remove_prefix(whole.value().consumed);
  }
}

}  // namespace
}  // namespace aegis::wire

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  aegis::wire::FuzzResp({reinterpret_cast<const char*>(data), size});
  return 0;
}
