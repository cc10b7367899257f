#include "support/memory_log_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <set>
#include <string>

namespace aegis::wal {
namespace {

using testing::Contains;
using testing::ElementsAre;

void Append(LogFile& file, ByteView bytes) { ASSERT_TRUE(file.Append(std::array{bytes}).ok()); }

// A durable file "f" of these bytes, open behind them.
std::unique_ptr<LogFile> DurableFile(MemoryLogFiles& files, ByteView bytes) {
  auto file = std::move(files.Create("f", 0)).value();
  Append(*file, bytes);
  EXPECT_TRUE(file->Sync().ok());
  EXPECT_TRUE(files.SyncDirectory().ok());
  return file;
}

// What "f" may hold after power failures; "-": it is gone.
std::set<std::string> Survivors(const std::function<void(MemoryLogFiles&)>& run) {
  std::set<std::string> survivors;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    MemoryLogFiles files(/*sector=*/2);
    run(files);
    Rng rng(seed);
    files.Crash(rng);
    const auto contents = files.contents();
    survivors.insert(contents.contains("f") ? contents.at("f") : "-");
  }
  return survivors;
}

TEST(MemoryLogFilesTest, WhatIsSyncedWithItsDirectorySurvives) {
  EXPECT_THAT(Survivors([](MemoryLogFiles& files) { DurableFile(files, "abcd"); }),
              ElementsAre("abcd"));
}

TEST(MemoryLogFilesTest, AFileWhoseDirectoryIsNotSyncedMayBeGone) {
  EXPECT_THAT(Survivors([](MemoryLogFiles& files) {
                const auto file = std::move(files.Create("f", 0)).value();
                Append(*file, "abcd");
                ASSERT_TRUE(file->Sync().ok());
              }),
              ElementsAre("-", "abcd"));
}

TEST(MemoryLogFilesTest, UnsyncedSectorsAreLostInAnyOrderAndNowAndThenTorn) {
  const auto survivors = Survivors([](MemoryLogFiles& files) {
    const auto file = DurableFile(files, "....");
    const auto again = std::move(files.Open("f", 0)).value();
    Append(*again, "abcd");
  });
  for (const char* expected : {"....", "ab..", "..cd", "abcd", "a..."}) {
    EXPECT_THAT(survivors, Contains(expected));
  }
}

TEST(MemoryLogFilesTest, ACutHappensOrNot) {
  const auto survivors = Survivors([](MemoryLogFiles& files) {
    DurableFile(files, "abcd");
    ASSERT_TRUE(std::move(files.Open("f", 2)).value()->Cut(4).ok());
  });
  EXPECT_THAT(survivors, Contains("abcd"));
  EXPECT_THAT(survivors, Contains(std::string("ab\0\0\0\0", 6)));
}

TEST(MemoryLogFilesTest, WhatAFailedSyncDidNotWriteNoLaterOneWrites) {
  const auto survivors = Survivors([](MemoryLogFiles& files) {
    const auto file = DurableFile(files, "..");
    Append(*file, "ab");
    files.FailSync(0);
    EXPECT_FALSE(file->Sync().ok());
    EXPECT_EQ(files.contents().at("f"), "..ab") << "the system shows it still";
    Append(*file, "cd");
    ASSERT_TRUE(file->Sync().ok());
  });
  EXPECT_THAT(survivors, ElementsAre(std::string("..\0\0cd", 6)));
}

TEST(MemoryLogFilesTest, WrittenOnceMoreItIsWritten) {
  EXPECT_THAT(Survivors([](MemoryLogFiles& files) {
                const auto file = DurableFile(files, "..");
                Append(*file, "ab");
                files.FailSync(0);
                EXPECT_FALSE(file->Sync().ok());
                const auto again = std::move(files.Open("f", 2)).value();
                Append(*again, "ab");
                ASSERT_TRUE(again->Sync().ok());
              }),
              ElementsAre("..ab"));
}

TEST(MemoryLogFilesTest, ARenameHappensOrNot) {
  EXPECT_THAT(Survivors([](MemoryLogFiles& files) {
                DurableFile(files, "old");
                const auto file = std::move(files.Create("g", 0)).value();
                Append(*file, "new");
                ASSERT_TRUE(file->Sync().ok());
                ASSERT_TRUE(files.Rename("g", "f").ok());
              }),
              ElementsAre("new", "old"));
}

TEST(MemoryLogFilesTest, AFullDiskTakesNoMore) {
  MemoryLogFiles files;
  files.SetCapacity(10);
  EXPECT_FALSE(files.Create("f", 11).ok());
  const auto file = std::move(files.Create("f", 0)).value();
  Append(*file, "12345678");
  EXPECT_FALSE(file->Append(std::array{ByteView("abcd")}).ok());
  EXPECT_EQ(files.contents().at("f"), "12345678ab");
}

TEST(MemoryLogFilesTest, AnyCallCanBeMadeToFail) {
  MemoryLogFiles files;
  files.FailCall(1, 0.5);
  const auto file = std::move(files.Create("f", 0)).value();
  EXPECT_FALSE(file->Append(std::array{ByteView("abcd")}).ok());
  EXPECT_TRUE(files.failed());
  EXPECT_EQ(files.contents().at("f"), "ab");
  Append(*file, "z");
  EXPECT_EQ(files.contents().at("f"), "abz");
}

}  // namespace
}  // namespace aegis::wal
