#include "model/version_vector.h"

#include <algorithm>

#include "base/check.h"
#include "model/limits.h"

namespace aegis {

VersionVector::VersionVector(std::vector<Reign> reigns) : reigns_(std::move(reigns)) {
  const auto out_of_order = [](const Reign& a, const Reign& b) { return a.epoch >= b.epoch; };
  AEGIS_CHECK(std::adjacent_find(reigns_.begin(), reigns_.end(), out_of_order) == reigns_.end(),
              "reigns must ascend");
}

Version VersionVector::last() const {
  if (reigns_.empty()) return {};
  return {reigns_.back().epoch, reigns_.back().seq};
}

Session VersionVector::last_writer() const {
  return reigns_.empty() ? Session{} : reigns_.back().writer;
}

void VersionVector::Advance(Version version) {
  AEGIS_CHECK(!reigns_.empty() && version.epoch == reigns_.back().epoch &&
                  version.seq.value() == reigns_.back().seq.value() + 1,
              "a replica's history has no gaps");
  reigns_.back().seq = version.seq;
}

void VersionVector::Begin(Epoch epoch, Session writer) {
  AEGIS_CHECK(epoch > last().epoch, "an epoch never goes back");
  if (reigns_.size() == limits::kVersionVectorEpochsMax) reigns_.erase(reigns_.begin());
  reigns_.push_back({epoch, writer, Seq{1}});
}

bool VersionVector::IsPrefixOf(const VersionVector& other) const {
  if (reigns_.empty()) return true;
  // One line of reigns leads to each (epoch, writer): sharing the last one is sharing all before.
  const Reign& mine = reigns_.back();
  const Reign* theirs = other.Find(mine.epoch);
  return theirs != nullptr && theirs->writer == mine.writer && theirs->seq >= mine.seq;
}

std::uint64_t VersionVector::WritesBeyond(const VersionVector& other) const {
  if (!other.empty() && IsPrefixOf(other)) return 0;
  std::uint64_t beyond = 0;
  for (const Reign& mine : reigns_) {
    const Reign* theirs = other.Find(mine.epoch);
    const bool shared = theirs != nullptr && theirs->writer == mine.writer;
    const std::uint64_t common = shared ? std::min(theirs->seq, mine.seq).value() : 0;
    // The first record of a reign only marks its beginning; it is not a client's write.
    beyond += mine.seq.value() - std::max<std::uint64_t>(common, 1);
  }
  return beyond;
}

const Reign* VersionVector::Find(Epoch epoch) const {
  const auto found =
      std::lower_bound(reigns_.begin(), reigns_.end(), epoch,
                       [](const Reign& reign, Epoch wanted) { return reign.epoch < wanted; });
  return found != reigns_.end() && found->epoch == epoch ? &*found : nullptr;
}

}  // namespace aegis
