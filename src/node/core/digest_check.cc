#include "node/core/digest_check.h"

#include <fmt/format.h>

#include <string>

#include "base/log.h"
#include "model/limits.h"
#include "replication/record.h"

namespace aegis::node {

using replication::PeerMessage;
using replication::PeerMessageType;
using replication::Record;
using replication::RecordType;

namespace {

// Every item of a repair. Errors: kMalformed: not what a repair may hold.
Result<std::vector<Record>> ItemsOf(const PeerMessage& message, const store::Table& table) {
  const HashRange range = message.ranges.front();
  std::vector<Record> items;
  ByteView rest = message.records;
  while (true) {
    const auto record = replication::TakeRecord(rest);
    if (!record.ok()) return record.error();
    if (!record.value()) return items;
    const Record& item = *record.value();
    if (item.type != RecordType::kSet && item.type != RecordType::kErase) {
      return Error{ErrorCode::kMalformed, "a repair with something that is no item"};
    }
    if (!range.Holds(static_cast<std::uint32_t>(table.Hash(item.key)))) {
      return Error{ErrorCode::kMalformed, "a repair with an item of elsewhere"};
    }
    items.push_back(item);
  }
}

}  // namespace

Result<Ok> DigestCheck::Take(const PeerMessage& message, DigestQuestion& question) {
  const VersionVector& history = replica_.history();
  if (history.empty() || history.reigns().back() != message.reigns.front()) return Ok{};
  switch (message.type) {
    case PeerMessageType::kDigest:
      Compare(message, question);
      return Ok{};
    case PeerMessageType::kDigestSums:
      CompareSums(message, question);
      return Ok{};
    default:
      return Repair(message);
  }
}

void DigestCheck::Compare(const PeerMessage& message, DigestQuestion& question) {
  ++counters_.digests_compared;
  store::Table& table = replica_.table();
  const store::Digest& digest = table.digest();
  if (digest.root() != message.root) {
    // The sums will say where. If the bytes of other items differ too, the next round shows that.
    question.sums = true;
    return;
  }
  const HashRange range = message.ranges.front();
  if (table.ContentSum(range) == message.content) return;
  ++counters_.differences_found;
  // What a damaged item will take from its bucket's sum as it goes must be what it is in it for.
  for (std::uint32_t bucket = digest.BucketOf(range.begin);
       bucket <= digest.BucketOf(range.end - 1); ++bucket) {
    table.Recount(bucket);
  }
  if (question.ranges.size() < limits::kDigestRangesMax) question.ranges.push_back(range);
  AEGIS_LOG(kWarn, "anti-entropy",
            "shard {}: items with hashes from {:#010x} to {:#010x} differ from the leader's at "
            "epoch {} seq {}: bad memory, or a bug; taking over the leader's",
            shard_.value(), range.begin, range.end - 1, message.epoch.value(),
            message.reigns.front().seq.value());
}

void DigestCheck::CompareSums(const PeerMessage& message, DigestQuestion& question) {
  store::Table& table = replica_.table();
  const store::Digest& digest = table.digest();
  if (message.sums.size() != digest.buckets()) return;
  std::size_t found = 0;
  std::string buckets;
  for (std::uint32_t bucket = 0; bucket < digest.buckets(); ++bucket) {
    if (digest.sum(bucket) == message.sums[bucket]) continue;
    if (question.ranges.size() >= limits::kDigestRangesMax) break;
    ++found;
    buckets += fmt::format("{}{}", buckets.empty() ? "" : ", ", bucket);
    // An item that was damaged, and then went, leaves nothing wrong but the sum.
    table.Recount(bucket);
    if (digest.sum(bucket) == message.sums[bucket]) {
      ++counters_.differences_repaired;
    } else {
      question.ranges.push_back(digest.RangeOf(bucket));
    }
  }
  if (found == 0) return;
  counters_.differences_found += found;
  AEGIS_LOG(
      kWarn, "anti-entropy",
      "shard {}: buckets {} of {} differ from the leader's at epoch {} seq {}: bad memory, or "
      "a bug; taking over the leader's",
      shard_.value(), buckets, digest.buckets(), message.epoch.value(),
      message.reigns.front().seq.value());
}

Result<Ok> DigestCheck::Repair(const PeerMessage& message) {
  const auto items = ItemsOf(message, replica_.table());
  if (!items.ok()) return items.error();
  journal_.RangeReplaced(message.ranges.front(), message.records);
  replica_.ReplaceRange(message.ranges.front(), items.value());
  if (message.last) ++counters_.differences_repaired;
  return Ok{};
}

}  // namespace aegis::node
