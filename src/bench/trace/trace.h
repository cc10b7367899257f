// Trace: the accesses that caches are compared by, in order; of generators or of a file.
//
// Objects are numbered by their first appearance, 0, 1, ..., so that what is known of each lies in
// arrays. An object has one size, that of its first access: what an object is worth to a cache
// would otherwise depend on which of its accesses brought it in, and no bound could be computed.

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/bytes.h"

namespace aegis::bench {

using ObjectId = std::uint32_t;

struct Trace {
  std::string name;
  std::vector<ObjectId> accesses;
  ObjectId objects = 0;
  std::vector<std::uint32_t> sizes;  // Of each object, in bytes. Empty: all alike, each counts 1.
  std::uint64_t resized = 0;         // Accesses that named another size than their object has.
  bool cut = false;                  // The source has more accesses than were to be taken.

  bool equal_sizes() const { return sizes.empty(); }
  std::uint32_t SizeOf(ObjectId object) const { return sizes.empty() ? 1 : sizes[object]; }
  std::uint64_t WorkingSet() const;  // The sizes of all objects.
  std::uint64_t Traffic() const;     // The sizes of all accesses.
};

// How much a cache holds that is to hold this part of the working set, at least 1.
// REQUIRES: 0 < fraction <= 1.
std::uint64_t CapacityOf(const Trace& trace, double fraction);

struct TraceLimits {
  // Of any trace. Time is a u32 in the bounds, and a run of this many takes some gigabytes.
  static constexpr std::size_t kAccessesMax = 100'000'000;

  std::size_t accesses = kAccessesMax;  // The rest is left out.
  bool ignore_sizes = false;            // Each object counts 1.
};

class TraceBuilder {
 public:
  explicit TraceBuilder(TraceLimits limits) : limits_(limits) {}

  // Nothing more is taken: what is added now only marks the trace as cut.
  bool full() const { return trace_.accesses.size() >= limits_.accesses; }
  bool cut() const { return trace_.cut; }
  const TraceLimits& limits() const { return limits_; }

  // A size of 0 counts as 1: what takes no room is never evicted. One trace has keys of one kind.
  void Add(std::uint64_t key, std::uint32_t size);
  void Add(ByteView key, std::uint32_t size);

  // REQUIRES: nothing is added afterwards.
  Trace Build(std::string name);

 private:
  struct HashOfText {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };

  void Append(ObjectId object, std::uint32_t size);

  TraceLimits limits_;
  Trace trace_;
  std::unordered_map<std::uint64_t, ObjectId> by_number_;
  std::unordered_map<std::string, ObjectId, HashOfText, std::equal_to<>> by_text_;
};

}  // namespace aegis::bench
