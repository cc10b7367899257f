#include "support/memory_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <set>
#include <string>

namespace aegis {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::Pair;

// What a file may hold after power failures; "-": it is gone.
std::set<std::string> Survivors(const std::function<void(MemoryDirectory&)>& run,
                                const std::string& name) {
  std::set<std::string> survivors;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    MemoryDirectory directory;
    run(directory);
    Rng rng(seed);
    directory.Crash(rng);
    const auto file = directory.Read(name);
    survivors.insert(file.value().value_or("-"));
  }
  return survivors;
}

TEST(MemoryDirectoryTest, SyncedFilesSurvive) {
  EXPECT_THAT(Survivors(
                  [](MemoryDirectory& directory) {
                    ASSERT_TRUE(directory.Append("f", "ab").ok());
                    ASSERT_TRUE(directory.Sync("f").ok());
                  },
                  "f"),
              ElementsAre("ab"));
}

TEST(MemoryDirectoryTest, AnUnsyncedFileMayBeGoneCutShortTornOrWhole) {
  const auto survivors = Survivors(
      [](MemoryDirectory& directory) { ASSERT_TRUE(directory.Append("f", "ab").ok()); }, "f");
  for (const char* expected : {"-", "", "a", "ab"}) EXPECT_THAT(survivors, Contains(expected));
  EXPECT_THAT(survivors, Contains(std::string("a\0", 2)));
  EXPECT_GT(survivors.size(), 10U) << "no garbage";
}

TEST(MemoryDirectoryTest, WhatWasSyncedOfAFileStaysWhenItsEndIsTorn) {
  const auto survivors = Survivors(
      [](MemoryDirectory& directory) {
        ASSERT_TRUE(directory.Append("f", "ab").ok());
        ASSERT_TRUE(directory.Sync("f").ok());
        ASSERT_TRUE(directory.Append("f", "cd").ok());
      },
      "f");
  for (const char* expected : {"ab", "abc", "abcd"}) EXPECT_THAT(survivors, Contains(expected));
  for (const std::string& file : survivors) EXPECT_TRUE(file.starts_with("ab")) << file;
}

TEST(MemoryDirectoryTest, AnUnsyncedTruncationHappenedOrDidNot) {
  EXPECT_THAT(Survivors(
                  [](MemoryDirectory& directory) {
                    ASSERT_TRUE(directory.Append("f", "abcd").ok());
                    ASSERT_TRUE(directory.Sync("f").ok());
                    ASSERT_TRUE(directory.Truncate("f", 1).ok());
                  },
                  "f"),
              ElementsAre("a", "abcd"));
}

TEST(MemoryDirectoryTest, ReplacingAndRemovingAreDurable) {
  MemoryDirectory directory;
  ASSERT_TRUE(directory.Replace("f", "old").ok());
  ASSERT_TRUE(directory.Replace("g", "x").ok());
  ASSERT_TRUE(directory.Replace("f", "new").ok());
  ASSERT_TRUE(directory.Remove("g").ok());
  ASSERT_TRUE(directory.Remove("none").ok());
  Rng rng(1);
  directory.Crash(rng);
  EXPECT_THAT(directory.files(), ElementsAre(Pair("f", "new")));
}

TEST(MemoryDirectoryTest, AFailedReplacementIsSeenWithoutBeingDurable) {
  const auto replace = [](MemoryDirectory& directory) {
    ASSERT_TRUE(directory.Replace("f", "old").ok());
    directory.FailCall(0, 1);
    ASSERT_FALSE(directory.Replace("f", "new").ok());
    EXPECT_EQ(directory.files().at("f"), "new");
  };
  EXPECT_THAT(Survivors(replace, "f"), ElementsAre("new", "old"));
  EXPECT_THAT(Survivors(
                  [&](MemoryDirectory& directory) {
                    replace(directory);
                    ASSERT_TRUE(directory.Sync("f").ok());
                  },
                  "f"),
              ElementsAre("new"));
}

TEST(MemoryDirectoryTest, TheCallThatWasChosenFailsOnce) {
  MemoryDirectory directory("dir");
  directory.FailCall(1, 0.5);
  ASSERT_TRUE(directory.Append("f", "ab").ok());
  EXPECT_FALSE(directory.failed());
  const auto full = directory.Append("f", "cd");
  ASSERT_FALSE(full.ok());
  EXPECT_EQ(full.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(full.error().message, "dir/f: cannot be written: No space left on device");
  EXPECT_TRUE(directory.failed());
  EXPECT_EQ(directory.files().at("f"), "abc");

  directory.FailCall(0);
  EXPECT_EQ(directory.Sync("f").error().message, "dir/f: cannot be synced: Input/output error");
  EXPECT_TRUE(directory.Sync("f").ok());
}

}  // namespace
}  // namespace aegis
