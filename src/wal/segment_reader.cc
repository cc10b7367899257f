#include "wal/segment_reader.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "wal/little_endian.h"

namespace aegis::wal {

Result<SegmentReader> SegmentReader::Open(LogFiles& files, const SegmentFile& segment,
                                          std::size_t piece) {
  SegmentReader reader(files, SegmentName(segment.first), piece);
  if (auto done = reader.Fill(kSegmentHeadSize); !done.ok()) return done.error();
  const std::size_t there = std::min(reader.available(), kSegmentHeadSize);
  const auto head = DecodeSegmentHead({reader.buffer_.get(), there});
  if (!head.ok()) return head.error();
  if (head.value().first != segment.first) {
    return RefuseAt(kFileHeadSize, "begins elsewhere than its name says");
  }
  reader.head_ = head.value();
  reader.position_ = segment.first;
  reader.at_ = kSegmentHeadSize;
  return reader;
}

Result<Ok> SegmentReader::Fill(std::size_t size) {
  if (available() >= size || file_ended_) return Ok{};
  const std::size_t wanted = std::max(size, piece_);
  if (wanted > capacity_) {
    std::unique_ptr<char[]> larger(new char[wanted]);
    if (filled_ > at_) std::memcpy(larger.get(), buffer_.get() + at_, available());
    buffer_ = std::move(larger);
    capacity_ = wanted;
  } else if (filled_ > at_) {
    std::memmove(buffer_.get(), buffer_.get() + at_, available());
  }
  filled_ -= at_;
  at_ = 0;
  const std::size_t room = capacity_ - filled_;
  const auto read = files_->Read(name_, file_offset_, {buffer_.get() + filled_, room});
  if (!read.ok()) return read.error();
  file_ended_ = read.value() < room;
  filled_ += read.value();
  file_offset_ += read.value();
  return Ok{};
}

std::optional<Entry> SegmentReader::StopAt(Stop stop, const char* reason) {
  stop_ = stop;
  reason_ = reason;
  return std::nullopt;
}

Result<std::optional<Entry>> SegmentReader::Next() {
  if (auto done = Fill(kEntryHeadSize); !done.ok()) return done.error();
  const char* const from = buffer_.get() + at_;
  const bool ends = available() < sizeof(std::uint32_t)
                        ? std::all_of(from, from + available(), [](char c) { return c == 0; })
                        : LoadLittleEndian<std::uint32_t>(from) == 0;
  if (ends) return StopAt(Stop::kEnd);
  if (available() < kEntryHeadSize) return StopAt(Stop::kDamaged, "an entry is cut short");
  const auto head = ReadEntryHead(head_.identity.log, position_, from);
  if (!head) return StopAt(Stop::kDamaged, "no entry begins here");
  if (auto done = Fill(head->size); !done.ok()) return done.error();
  if (available() < head->size) return StopAt(Stop::kDamaged, "an entry is cut short");
  Entry entry{position_, head->type, head->shard, {}};
  entry.payload = {buffer_.get() + at_ + kEntryHeadSize, head->payload_size()};
  if (!IsPayloadOf(head_.identity.log, position_, *head, entry.payload)) {
    return StopAt(Stop::kDamaged, "an entry does not have its checksum");
  }
  if (entry.type == EntryType::kSealed) return StopAt(Stop::kSealed);
  at_ += entry.size();
  position_ = entry.end();
  return std::optional(entry);
}

}  // namespace aegis::wal
