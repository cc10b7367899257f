// What is written to disk in one go.

#include "node/core/disk_write.h"

#include <gtest/gtest.h>

namespace aegis::node {
namespace {

using consensus::Entry;
using consensus::EntryType;

DiskWrite Entries(std::uint64_t number, std::vector<consensus::Index> indexes) {
  DiskWrite write;
  write.number = number;
  for (const consensus::Index index : indexes) {
    write.append.push_back({{index, 1}, EntryType::kCommand, "command"});
  }
  return write;
}

TEST(DiskWriteTest, EntriesThatFollowEntriesAreWrittenWithThem) {
  DiskWrite step = Entries(7, {4, 5});
  DiskWrite next = Entries(8, {6});
  ASSERT_TRUE(Merge(step, next));
  EXPECT_EQ(step.number, 8U);
  ASSERT_EQ(step.append.size(), 3U);
  EXPECT_EQ(step.append.back().at.index, 6U);
}

TEST(DiskWriteTest, EntriesThatFollowATermAreWrittenBehindIt) {
  DiskWrite step;
  step.number = 7;
  step.hard_state = consensus::HardState{3, {}};
  DiskWrite next = Entries(8, {4});
  ASSERT_TRUE(Merge(step, next));
  EXPECT_EQ(step.hard_state->term, 3U);
  EXPECT_EQ(step.append.size(), 1U);
}

// The parts of a step are carried out in another order than those would be.
TEST(DiskWriteTest, ATermASnapshotAndACutEachBeginAStep) {
  for (int part = 0; part < 3; ++part) {
    DiskWrite step = Entries(7, {4});
    DiskWrite next = Entries(8, {5});
    if (part == 0) next.hard_state = consensus::HardState{3, {}};
    if (part == 1) next.snapshot = consensus::Snapshot{};
    if (part == 2) next.truncate_from = 4;
    EXPECT_FALSE(Merge(step, next)) << part;
    EXPECT_EQ(step.number, 7U);
    EXPECT_EQ(step.append.size(), 1U);
    EXPECT_EQ(next.append.size(), 1U);
  }
}

}  // namespace
}  // namespace aegis::node
