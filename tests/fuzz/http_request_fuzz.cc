// Any bytes, in any split, are the same HTTP request, or none in all of them.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "invariant.h"
#include "node/runtime/http_message.h"

namespace aegis::node {
namespace {

struct Reading {
  std::size_t consumed = 0;
  std::optional<HttpRequest> request;
};

// Gives the first `cut` bytes, then all.
Reading Read(ByteView input, std::size_t cut) {
  HttpRequestParser parser;
  Reading reading;
  for (const ByteView seen : {input.substr(0, cut), input}) {
    const auto taken = parser.Take(seen.substr(reading.consumed));
    if (!taken.ok()) return reading;
    Require(taken.value().consumed <= seen.size() - reading.consumed);
    reading.consumed += taken.value().consumed;
    Require(reading.consumed <= kHttpHeaderSizeMax);
    if (!taken.value().complete) continue;
    reading.request = parser.request();
    return reading;
  }
  return reading;
}

void FuzzHttpRequest(ByteView input) {
  if (input.empty()) return;
  const std::size_t cut_at = static_cast<unsigned char>(input.front());
  input.remove_prefix(1);
  const Reading whole = Read(input, input.size());
  const Reading split = Read(input, std::min(cut_at, input.size()));
  // What is wrong may be found only at the end of the header, but never what is right.
  Require(whole.request.has_value() == split.request.has_value());
  if (!whole.request) return;
  Require(whole.consumed == split.consumed);
  Require(whole.request->path == split.request->path);
  Require(whole.request->keep_alive == split.request->keep_alive);
  Require(whole.request->has_body == split.request->has_body);
}

}  // namespace
}  // namespace aegis::node

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  aegis::node::FuzzHttpRequest({reinterpret_cast<const char*>(data), size});
  return 0;
}
