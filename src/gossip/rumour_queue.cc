#include "gossip/rumour_queue.h"

#include <cmath>
#include <utility>
#include <vector>

namespace aegis::gossip {

int RumourQueue::TransmitLimit(int retransmit_mult, std::size_t members) {
  const double scale = std::ceil(std::log10(static_cast<double>(members) + 1.0));
  return retransmit_mult * static_cast<int>(scale);
}

void RumourQueue::Add(NodeId subject, Bytes encoded) {
  Remove(subject);
  const Rank rank{.sent = 0, .age = next_age_--};
  entries_.emplace(rank, Entry{subject, std::move(encoded)});
  by_subject_.emplace(subject, rank);
}

void RumourQueue::Remove(NodeId subject) {
  const auto found = by_subject_.find(subject);
  if (found == by_subject_.end()) return;
  entries_.erase(found->second);
  by_subject_.erase(found);
}

void RumourQueue::Take(std::size_t space, int limit, NodeId except, Bytes& out) {
  // No rumour is shorter: a tag, a length, id, session and incarnation.
  constexpr std::size_t kRumourSizeMin = 20;

  std::vector<Rank> taken;
  for (const auto& [rank, entry] : entries_) {
    if (space < kRumourSizeMin) break;
    if (entry.subject == except || entry.encoded.size() > space) continue;
    out += entry.encoded;
    space -= entry.encoded.size();
    taken.push_back(rank);
  }
  for (const Rank& rank : taken) {
    auto node = entries_.extract(rank);
    if (rank.sent + 1 >= limit) {
      by_subject_.erase(node.mapped().subject);
      continue;
    }
    ++node.key().sent;
    by_subject_[node.mapped().subject] = node.key();
    entries_.insert(std::move(node));
  }
}

}  // namespace aegis::gossip
