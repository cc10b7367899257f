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

void VersionVector::Begin(Epoch epoch, Session writer, Seq known) {
  AEGIS_CHECK(epoch > last().epoch, "an epoch never goes back");
  if (!reigns_.empty() && known > reigns_.back().seq) reigns_.back().known = known;
  if (reigns_.size() == limits::kVersionVectorEpochsMax) reigns_.erase(reigns_.begin());
  reigns_.push_back({.epoch = epoch, .writer = writer, .seq = Seq{1}});
}

bool VersionVector::IsPrefixOf(const VersionVector& other) const {
  if (reigns_.empty()) return true;
  // One line of reigns leads to each (epoch, writer): sharing the last one is sharing all before.
  const Reign& mine = reigns_.back();
  const Reign* theirs = other.Find(mine.epoch);
  return theirs != nullptr && theirs->writer == mine.writer && theirs->seq >= mine.seq;
}

std::uint64_t VersionVector::RecordsAfter(Version version) const {
  std::uint64_t after = 0;
  for (const Reign& reign : reigns_) {
    if (reign.epoch < version.epoch) continue;
    after += reign.seq.value();
    if (reign.epoch == version.epoch) after -= std::min(version.seq, reign.seq).value();
  }
  return after;
}

VersionVector::Holding VersionVector::HoldingOf(Version version) const {
  if (version == Version{} || SeqOf(version.epoch) >= version.seq) return Holding::kHeld;
  return version.epoch >= last().epoch ? Holding::kNotYet : Holding::kLost;
}

Seq VersionVector::SeqOf(Epoch epoch) const {
  const Reign* const reign = Find(epoch);
  return reign == nullptr ? Seq{} : reign->seq;
}

Version VersionVector::CommonWith(const VersionVector& other) const {
  for (auto mine = reigns_.rbegin(); mine != reigns_.rend(); ++mine) {
    const Reign* theirs = other.Find(mine->epoch);
    if (theirs == nullptr || theirs->writer != mine->writer) continue;
    return {mine->epoch, std::min(mine->seq, theirs->seq)};
  }
  return {};
}

std::uint64_t VersionVector::WritesBeyond(const VersionVector& other) const {
  // What came before is shared, even where `other` does not remember it any more.
  const Version common = CommonWith(other);
  std::uint64_t beyond = 0;
  for (const Reign& mine : reigns_) {
    if (mine.epoch < common.epoch) continue;
    const std::uint64_t shared = mine.epoch == common.epoch ? common.seq.value() : 0;
    // The first record of a reign only marks its beginning; it is not a client's write.
    beyond += mine.seq.value() - std::max<std::uint64_t>(shared, 1);
  }
  return beyond;
}

std::uint64_t VersionVector::UncountedBeyond(const VersionVector& other) const {
  std::uint64_t counted = 0;
  for (const Reign& mine : reigns_) {
    const Reign* theirs = other.Find(mine.epoch);
    if (theirs == nullptr || theirs->writer != mine.writer || mine.seq <= theirs->seq) continue;
    counted +=
        std::min(mine.seq, std::max(theirs->known, theirs->seq)).value() - theirs->seq.value();
  }
  return WritesBeyond(other) - counted;
}

const Reign* VersionVector::Find(Epoch epoch) const {
  const auto found =
      std::lower_bound(reigns_.begin(), reigns_.end(), epoch,
                       [](const Reign& reign, Epoch wanted) { return reign.epoch < wanted; });
  return found != reigns_.end() && found->epoch == epoch ? &*found : nullptr;
}

}  // namespace aegis
