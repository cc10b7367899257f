#include "node/core/copy_sender.h"

#include <algorithm>

#include "model/limits.h"
#include "replication/record.h"

namespace aegis::node {

using replication::PeerMessage;
using replication::PeerMessageType;

void CopySender::Start(Progress& progress) {
  progress.state = Progress::State::kCopying;
  progress.copy_id = next_id_++;
  progress.copy_cursor = 0;
  progress.copy_begun = false;
  progress.copy_ticket = 0;
  progress.copy_waits = false;
  progress.sent = replica_.history().last();
  progress.acked = {};
  progress.pressure = false;  // Of what it no longer has.
  progress.question = 0;
  progress.told = {};
  progress.tell = false;
}

void CopySender::Begin(Progress& progress, OutgoingTail out) {
  if (progress.copy_begun) return;
  replication::AppendPeerFrame(Message(PeerMessageType::kCopyBegin, progress), out);
  ++counters_.copies_started;
  progress.copy_begun = true;
}

void CopySender::Pump(Progress& progress, std::size_t bytes_max, const CommitPoint& commit,
                      OutgoingTail out) {
  const std::size_t start = out.size();
  const std::size_t allowance = Allowance(progress, bytes_max);
  if (progress.copy_waits) return;
  AppendChunks(progress, allowance, out);
  if (budget_ != nullptr) {
    budget_->Spend(out.size() - start);
    if (progress.copy_cursor == 0) budget_->EndTurn(progress.copy_ticket);
  }
  if (progress.copy_cursor != 0) return;
  PeerMessage end = Message(PeerMessageType::kCopyEnd, progress);
  end.reigns = replica_.history().reigns();
  end.version = replica_.vanished();
  end.quorum_used = commit.matters();
  replication::AppendPeerFrame(end, out);
  progress.state = Progress::State::kTailing;
  ++counters_.copies_sent;
}

std::size_t CopySender::Allowance(Progress& progress, std::size_t bytes_max) {
  if (budget_ == nullptr) return bytes_max;
  if (progress.copy_ticket == 0) progress.copy_ticket = budget_->NewTicket();
  std::size_t left = std::min(budget_->left(), bytes_max);
  if (progress.copy_cursor == 0) {
    left = std::min(left, limits::kCopyChunkBytes);
    progress.copy_waits = left == 0;
  } else {
    progress.copy_waits = left == 0 || !budget_->TakeTurn(progress.copy_ticket);
  }
  return left;
}

void CopySender::AppendChunks(Progress& progress, std::size_t bytes_max, OutgoingTail out) const {
  Bytes items;
  const auto flush = [&](ByteView value, const Block* block) {
    if (items.empty()) return;
    PeerMessage chunk = Message(PeerMessageType::kCopyChunk, progress);
    chunk.records = items;
    chunk.records_end = value;
    chunk.block = block;
    replication::AppendPeerFrame(chunk, out);
    items.clear();
  };
  const std::size_t start = out.size();
  do {
    progress.copy_cursor =
        replica_.table().Scan(progress.copy_cursor, /*homes=*/1, [&](const store::ItemView& item) {
          if (item.block != nullptr) {
            replication::AppendRecordHead(RecordOf(item), items);
            flush(item.value, item.block);
            return;
          }
          replication::AppendRecord(RecordOf(item), items);
          if (items.size() >= limits::kCopyChunkBytes) flush({}, nullptr);
        });
  } while (progress.copy_cursor != 0 && out.size() - start + items.size() < bytes_max);
  flush({}, nullptr);
}

bool CopySender::Resume(Progress& progress) const {
  if (!progress.copy_waits) return false;
  const bool begins = progress.copy_cursor == 0 && budget_->left() > 0;
  if (!begins && !budget_->MayGoOn(progress.copy_ticket)) return false;
  progress.copy_waits = false;
  return true;
}

PeerMessage CopySender::Message(PeerMessageType type, const Progress& progress) const {
  PeerMessage message;
  message.type = type;
  message.shard = shard_;
  message.epoch = epoch_;
  message.copy_id = progress.copy_id;
  return message;
}

}  // namespace aegis::node
