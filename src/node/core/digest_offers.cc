#include "node/core/digest_offers.h"

#include <algorithm>

#include "base/log.h"
#include "replication/record.h"

namespace aegis::node {

using replication::PeerMessage;
using replication::PeerMessageType;

namespace {

// What one frame can carry of a repair.
constexpr std::size_t kPieceBytesMax = limits::kPeerFrameSizeMax - 64 * 1024;

}  // namespace

bool DigestOffers::IsTime() {
  if (--visits_left_ > 0) return false;
  visits_left_ = visits_;
  return true;
}

void DigestOffers::OnQuestion(Due& due, std::span<const HashRange> ranges) {
  if (ranges.empty()) due.sums = true;
  for (const HashRange& range : ranges) {
    if (due.ranges.size() >= limits::kDigestRangesMax) return;
    due.ranges.push_back(range);
  }
}

bool DigestOffers::Pump(Due& due, std::size_t bytes_max, Bytes& out) {
  const std::size_t start = out.size();
  if (due.sums) AppendSums(out);
  due.sums = false;
  while (!due.ranges.empty() && out.size() - start < bytes_max) AppendPiece(due, out);
  if (!due.ranges.empty()) return true;  // A digest now would show what is being repaired.
  if (due.digest) AppendDigest(due, out);
  due.digest = false;
  return false;
}

void DigestOffers::AppendDigest(Due& due, Bytes& out) const {
  const store::Table& table = replica_.table();
  if (due.walked >= HashRange::kEnd) due.walked = 0;
  HashRange range{due.walked, HashRange::kEnd};
  range.end = table.VisitRange(range, limits::kDigestWalkBytes, [](const store::ItemView&) {});
  due.walked = range.end;

  PeerMessage message = Message(PeerMessageType::kDigest);
  message.root = table.digest().root();
  message.content = table.ContentSum(range);
  message.ranges = {range};
  replication::AppendPeerFrame(message, out);
}

void DigestOffers::AppendSums(Bytes& out) const {
  const store::Digest& digest = replica_.table().digest();
  PeerMessage message = Message(PeerMessageType::kDigestSums);
  for (std::uint32_t bucket = 0; bucket < digest.buckets(); ++bucket) {
    message.sums.push_back(digest.sum(bucket));
  }
  replication::AppendPeerFrame(message, out);
}

void DigestOffers::AppendPiece(Due& due, Bytes& out) {
  HashRange& asked = due.ranges.front();
  store::Table& table = replica_.table();
  const std::uint32_t bucket = table.digest().BucketOf(asked.begin);
  const HashRange whole = table.digest().RangeOf(bucket);
  // A bucket that differs may do so because its sum here is wrong.
  if (asked.begin == whole.begin && !table.Recount(bucket)) {
    AEGIS_LOG(kWarn, "anti-entropy",
              "shard {}: bucket {} was not the sum of its items here, at the leader, at epoch {} "
              "seq {}: bad memory, or a bug",
              shard_.value(), bucket, epoch_.value(), replica_.history().last().seq.value());
  }
  const HashRange piece{asked.begin, EndOfPiece({asked.begin, std::min(asked.end, whole.end)})};
  table.EraseMisplaced(piece);  // Nobody is shown them.
  Bytes items;
  table.VisitRange(piece, store::Table::kEverything, [&](const store::ItemView& item) {
    replication::AppendRecord(RecordOf(item), items);
  });
  PeerMessage message = Message(PeerMessageType::kDigestRepair);
  message.ranges = {piece};
  message.records = items;
  message.last = piece.end == asked.end;
  // Items of 32 MiB whose hashes collide fit no frame together. They stay as they are.
  if (items.size() <= kPieceBytesMax) replication::AppendPeerFrame(message, out);
  asked.begin = piece.end;
  if (message.last) due.ranges.pop_front();
}

// Where to end a piece that begins as `most` does, and is no more.
std::uint64_t DigestOffers::EndOfPiece(HashRange most) const {
  std::size_t bytes = 0;
  const auto measure = [&](const store::ItemView& item) {
    bytes += replication::kRecordHeaderSize + item.key.size() + item.value.size();
  };
  HashRange piece = most;
  piece.end = replica_.table().VisitRange(most, limits::kRepairPieceBytes, measure);
  // One slot may be the home of several large items.
  while (bytes > kPieceBytesMax && piece.end - piece.begin > 1) {
    piece.end = piece.begin + (piece.end - piece.begin) / 2;
    bytes = 0;
    replica_.table().VisitRange(piece, store::Table::kEverything, measure);
  }
  return piece.end;
}

PeerMessage DigestOffers::Message(PeerMessageType type) const {
  PeerMessage message;
  message.type = type;
  message.shard = shard_;
  message.epoch = epoch_;
  message.reigns = {replica_.history().reigns().back()};
  return message;
}

}  // namespace aegis::node
