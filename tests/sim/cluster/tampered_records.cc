#include "tampered_records.h"

#include "replication/peer_message.h"

namespace aegis::sim {

namespace {

constexpr std::size_t kLengthSize = 4;

}  // namespace

Bytes WithRecords(const Bytes& frame, const std::function<void(replication::Record&)>& change) {
  auto message = replication::DecodePeerMessage(frame);
  if (!message.ok() || message.value().type != replication::PeerMessageType::kRecords) {
    return frame;
  }
  Bytes records;
  while (auto record = replication::TakeRecord(message.value().records).value()) {
    change(*record);
    replication::AppendRecord(*record, records);
  }
  message.value().records = records;
  Bytes changed;
  replication::AppendPeerFrame(message.value(), changed);
  return changed.substr(kLengthSize);
}

Bytes WithRecordsOfAll(const Bytes& frames,
                       const std::function<void(replication::Record&)>& change) {
  Bytes all;
  for (std::size_t at = 0; at < frames.size();) {
    const std::size_t size = replication::PeerFrameSize(ByteView(frames).substr(at)).value();
    const Bytes frame = WithRecords(frames.substr(at + kLengthSize, size - kLengthSize), change);
    for (int shift = 24; shift >= 0; shift -= 8) {
      all.push_back(static_cast<char>(frame.size() >> shift));
    }
    all += frame;
    at += size;
  }
  return all;
}

}  // namespace aegis::sim
