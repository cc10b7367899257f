// Any bytes, in any split, must parse to requests or to an error: never to a crash.

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "invariant.h"
#include "model/limits.h"
#include "wire/memcached.h"

namespace aegis::wire {
namespace {

bool IsWithin(ByteView part, ByteView whole) {
  return part.empty() ||
         (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

void RequireSound(const MemcachedRequest& request, ByteView taken) {
  for (const ByteView word : request.words) {
    Require(!word.empty() && word.find(' ') == ByteView::npos && IsWithin(word, taken));
    Require(word.find('\n') == ByteView::npos);
  }
  Require(IsWithin(request.data, taken));
  Require(request.data.empty() || request.data_state == MemcachedData::kWhole);
}

bool Same(const MemcachedRequest& a, const MemcachedRequest& b) {
  return a.verb == b.verb && a.words == b.words && a.data_state == b.data_state && a.data == b.data;
}

void FuzzMemcached(ByteView input) {
  if (input.empty()) return;
  const std::size_t cut_at = static_cast<unsigned char>(input.front());
  MemcachedRequest request;
  for (ByteView stream = input.substr(1); !stream.empty();) {
    const auto whole = ParseMemcachedRequest(stream, request);

    // A parser that has seen less may ask for more, but never says anything else.
    const ByteView prefix = stream.substr(0, std::min(cut_at, stream.size()));
    MemcachedRequest prefix_request;
    const auto cut = ParseMemcachedRequest(prefix, prefix_request);
    if (!cut.ok()) {
      Require(!whole.ok() && whole.error().message == cut.error().message);
    } else if (cut.value().consumed > 0) {
      Require(whole.ok() && whole.value().consumed == cut.value().consumed &&
              whole.value().skip == cut.value().skip && Same(prefix_request, request));
    } else {
      Require(cut.value().needed > prefix.size());
      const bool complete = whole.ok() && whole.value().consumed > 0;
      if (complete) Require(cut.value().needed <= whole.value().consumed);
    }

    if (!whole.ok() || whole.value().consumed == 0) return;
    Require(whole.value().consumed <= stream.size());
    RequireSound(request, stream.substr(0, whole.value().consumed));
    stream.remove_prefix(whole.value().consumed);
    stream.remove_prefix(std::min(whole.value().skip, stream.size()));
  }
}

}  // namespace
}  // namespace aegis::wire

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  aegis::wire::FuzzMemcached({reinterpret_cast<const char*>(data), size});
  return 0;
}
