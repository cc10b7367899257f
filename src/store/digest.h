// Digest: what a table holds, as one 64-bit sum for each of a number of equal ranges of the hash.
//
// Kept at every change of the table: what an item contributes is added when it comes and taken
// back when it goes. Sums, because items come in any order, and a sum can be taken back. Tables
// with equal items have equal digests, whatever their history; tables that differ almost surely
// do not.
//
// An item contributes its header: place, version, expiry, client flags, tombstone, sizes. Not the
// bytes of its key and value: a version names one write, so they can differ under one version only
// if memory failed or a record was altered, and memory fails when no sum is being kept. Hashing
// every value when it comes and again when it goes made overwriting 1 KiB 1.7 times as dear;
// headers cost about 15 ns (bench/store_put_bench). All bytes are compared at leisure, a small
// range at a time: Table::ContentSum().
//
// Since the contribution that is taken back is computed from the item as it lies in memory, an
// item that was damaged meanwhile leaves its bucket's sum wrong for good. That is one way in which
// damage is noticed, and what Table::Recount() is for.
//
// Nodes compare these numbers: to change what goes into them is to change the peer protocol.

#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <vector>

#include "base/check.h"
#include "model/hash_range.h"
#include "model/limits.h"

namespace aegis::store {

// How many buckets each shard's digest has, on every node of the cluster alike: as many as all
// shards together can have within limits::kDigestSumsMax.
constexpr std::uint32_t DigestBuckets(std::uint32_t num_shards) {
  std::uint32_t buckets = limits::kDigestBucketsMax;
  while (buckets > 1 && std::uint64_t{buckets} * num_shards > limits::kDigestSumsMax) buckets /= 2;
  return buckets;
}

class Digest {
 public:
  // REQUIRES: a power of two, at most 65,536.
  explicit Digest(std::uint32_t buckets)
      : buckets_(buckets), shift_(32U - static_cast<unsigned>(std::countr_zero(buckets))) {
    AEGIS_CHECK(std::has_single_bit(buckets) && buckets <= 65'536,
                "a digest's buckets are a power of two");
  }

  std::uint32_t buckets() const { return buckets_; }
  std::uint32_t BucketOf(std::uint64_t hash) const {
    return static_cast<std::uint32_t>(hash >> shift_);
  }
  HashRange RangeOf(std::uint32_t bucket) const {
    return {std::uint64_t{bucket} << shift_, (std::uint64_t{bucket} + 1) << shift_};
  }

  std::uint64_t sum(std::uint32_t bucket) const { return sums_.empty() ? 0 : sums_[bucket]; }
  // Over all buckets.
  std::uint64_t root() const {
    return std::accumulate(sums_.begin(), sums_.end(), std::uint64_t{0});
  }

  // Takes the memory for the sums. REQUIRES, of what changes them: this was done before.
  void Allocate() { sums_.assign(buckets_, 0); }
  void Clear() { std::vector<std::uint64_t>().swap(sums_); }

  void Add(std::uint32_t hash, std::uint64_t item) { sums_[BucketOf(hash)] += item; }
  void Remove(std::uint32_t hash, std::uint64_t item) { sums_[BucketOf(hash)] -= item; }
  // True iff that is another sum than before.
  bool Replace(std::uint32_t bucket, std::uint64_t sum) {
    const bool differs = sums_[bucket] != sum;
    sums_[bucket] = sum;
    return differs;
  }

 private:
  std::uint32_t buckets_;
  unsigned shift_;                   // Of a hash, to get its bucket.
  std::vector<std::uint64_t> sums_;  // Empty: all 0.
};

}  // namespace aegis::store
