#include "bench/trace/trace.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace aegis::bench {

std::uint64_t Trace::WorkingSet() const {
  if (sizes.empty()) return objects;
  return std::accumulate(sizes.begin(), sizes.end(), std::uint64_t{0});
}

std::uint64_t Trace::Traffic() const {
  if (sizes.empty()) return accesses.size();
  std::uint64_t bytes = 0;
  for (const ObjectId object : accesses) bytes += sizes[object];
  return bytes;
}

std::uint64_t CapacityOf(const Trace& trace, double fraction) {
  const double capacity = std::round(fraction * static_cast<double>(trace.WorkingSet()));
  return std::max<std::uint64_t>(1, static_cast<std::uint64_t>(capacity));
}

void TraceBuilder::Add(std::uint64_t key, std::uint32_t size) {
  if (full()) {
    trace_.cut = true;
    return;
  }
  Append(by_number_.try_emplace(key, trace_.objects).first->second, size);
}

void TraceBuilder::Add(ByteView key, std::uint32_t size) {
  if (full()) {
    trace_.cut = true;
    return;
  }
  auto known = by_text_.find(key);
  if (known == by_text_.end()) known = by_text_.emplace(key, trace_.objects).first;
  Append(known->second, size);
}

void TraceBuilder::Append(ObjectId object, std::uint32_t size) {
  if (!limits_.ignore_sizes) size = std::max(1U, size);
  if (object == trace_.objects) {
    ++trace_.objects;
    if (!limits_.ignore_sizes) trace_.sizes.push_back(size);
  } else if (!limits_.ignore_sizes && trace_.sizes[object] != size) {
    ++trace_.resized;
  }
  trace_.accesses.push_back(object);
}

Trace TraceBuilder::Build(std::string name) {
  trace_.name = std::move(name);
  const auto differs = [&](std::uint32_t size) { return size != trace_.sizes.front(); };
  if (std::ranges::none_of(trace_.sizes, differs)) trace_.sizes = {};
  return std::move(trace_);
}

}  // namespace aegis::bench
