#include "wal/segment_tail.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "base/bytes.h"
#include "wal/entry.h"
#include "wal/payloads.h"

namespace aegis::wal {
namespace {

constexpr std::size_t kPiece = 256 * 1024;

bool AllZeros(ByteView bytes) {
  return bytes.empty() ||
         (bytes[0] == 0 && std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0);
}

// Up to where the log was durable when this entry was written, if it says so.
std::optional<Lsn> DurableBefore(const Entry& entry) {
  switch (entry.type) {
    case EntryType::kOpened:
    case EntryType::kSealed:
      return entry.lsn;
    case EntryType::kSynced: {
      const auto lsn = DecodeLsn(entry.payload);
      return lsn.ok() ? std::optional(lsn.value()) : std::nullopt;
    }
    default:
      return std::nullopt;
  }
}

class TailReader {
 public:
  TailReader(LogFiles& files, const std::string& name, LogId log, Lsn end, std::uint64_t offset,
             const std::function<void(const Entry&)>& visit)
      : files_(files), name_(name), log_(log), end_(end), offset_(offset), visit_(visit) {}

  Result<SegmentTail> Run() {
    Bytes window;
    while (true) {
      const std::size_t kept = window.size();
      window.resize(kept + kPiece);
      const auto read = files_.Read(name_, scanned_ + offset_ + kept,
                                    {window.data() + kept, window.size() - kept});
      if (!read.ok()) return read.error();
      window.resize(kept + read.value());
      if (auto done = Scan(window); !done.ok()) return done.error();
      if (read.value() < kPiece) return tail_;
      // A head may lie across two pieces.
      const std::size_t rest = kEntryHeadSize - 1;
      scanned_ += window.size() - rest;
      window.erase(0, window.size() - rest);
    }
  }

 private:
  // `window` stands `scanned_` bytes behind the end.
  Result<Ok> Scan(ByteView window) {
    if (AllZeros(window)) return Ok{};
    tail_.bytes = scanned_ + window.find_last_not_of('\0') + 1;
    for (std::size_t at = 0; at + kEntryHeadSize <= window.size(); ++at) {
      // At the very beginning no whole entry stands, that much is known.
      if (scanned_ + at < next_ || !MayBeEntryHead(window.data() + at)) continue;
      const Lsn lsn = Behind(end_, scanned_ + at);
      const auto head = ReadEntryHead(log_, lsn, window.data() + at);
      if (!head) continue;
      if (auto done = Take(lsn, scanned_ + at, *head); !done.ok()) return done;
    }
    return Ok{};
  }

  // There is a head; counts the entry if it is whole.
  Result<Ok> Take(Lsn lsn, std::uint64_t at, const EntryHead& head) {
    Bytes payload(head.payload_size(), '\0');
    const auto read =
        files_.Read(name_, offset_ + at + kEntryHeadSize, {payload.data(), payload.size()});
    if (!read.ok()) return read.error();
    if (read.value() < payload.size() || !IsPayloadOf(log_, lsn, head, payload)) return Ok{};
    ++tail_.entries;
    if (!tail_.first_entry) tail_.first_entry = lsn;
    const Entry entry{lsn, head.type, head.shard, payload};
    if (const auto durable = DurableBefore(entry)) {
      tail_.durable = std::max(tail_.durable.value_or(Lsn{}), *durable);
    }
    next_ = at + entry.size();
    if (visit_) visit_(entry);
    return Ok{};
  }

  LogFiles& files_;
  const std::string& name_;
  const LogId log_;
  const Lsn end_;
  const std::uint64_t offset_;
  const std::function<void(const Entry&)>& visit_;
  std::uint64_t scanned_ = 0;
  std::uint64_t next_ = 1;  // Where the next entry may begin, behind the end.
  SegmentTail tail_;
};

}  // namespace

Result<SegmentTail> ReadSegmentTail(LogFiles& files, const std::string& name, LogId log, Lsn end,
                                    std::uint64_t offset,
                                    const std::function<void(const Entry&)>& visit) {
  return TailReader(files, name, log, end, offset, visit).Run();
}

std::optional<std::string> WhyNoCrash(const SegmentTail& tail, Lsn end, bool same_boot) {
  if (tail.durable > end) {
    return fmt::format("though the log was durable up to {}, as an entry behind it says",
                       tail.durable->value());
  }
  if (tail.entries > 0 && same_boot) {
    return fmt::format("but whole entries follow, from {} on, and there was no power failure",
                       tail.first_entry->value());
  }
  return std::nullopt;
}

}  // namespace aegis::wal
