// The files of the operating system, in a temporary directory; and a log on them from its creation
// to its recovery.

#include "wal/runtime/posix_log_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "log_samples.h"
#include "wal/entry.h"
#include "wal/file_head.h"
#include "wal/history_sink.h"
#include "wal/log_names.h"

namespace aegis::wal {
namespace {

using testing::HasSubstr;
using Access = PosixLogFiles::Access;

class PosixLogFilesTest : public testing::Test {
 protected:
  PosixLogFilesTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "aegis-wal-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary directory");
    temporary_ = pattern;
  }
  ~PosixLogFilesTest() override { std::filesystem::remove_all(temporary_); }

  std::string path() const { return temporary_ + "/wal"; }
  std::unique_ptr<PosixLogFiles> Open(Access access = Access::kAlone) {
    return Require(PosixLogFiles::Open(path(), access));
  }
  unsigned ModeOf(const std::string& name) const {
    struct stat status {};
    EXPECT_EQ(::stat((path() + '/' + name).c_str(), &status), 0) << name;
    return status.st_mode & 0777U;
  }
  static void Append(LogFile& file, ByteView bytes) { Require(file.Append(std::array{bytes})); }
  static Bytes ReadAll(LogFiles& files, const std::string& name) {
    return Require(ReadWholeFile(files, name, 1 << 30));
  }

 private:
  std::string temporary_;
};

TEST_F(PosixLogFilesTest, WhatItCreatesIsForItsOwnerAlone) {
  const auto files = Open();
  Require(files->Create("f", 0));
  EXPECT_EQ(ModeOf(""), 0700U);
  EXPECT_EQ(ModeOf("f"), 0600U);
  ASSERT_EQ(Require(files->List()).size(), 1U) << "a lock is no file";
}

TEST_F(PosixLogFilesTest, OneProcessAtATimeHasItAndOthersMayLook) {
  auto files = Open();
  const auto second = PosixLogFiles::Open(path(), Access::kAlone);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().message, path() + ": is in use: a node runs on it");
  EXPECT_TRUE(Open(Access::kRead)->in_use());
  files.reset();
  const auto look = Open(Access::kRead);
  EXPECT_FALSE(look->in_use());
  Open();
}

TEST_F(PosixLogFilesTest, WhoOnlyLooksCreatesNothing) {
  const auto files = PosixLogFiles::Open(path(), Access::kRead);
  ASSERT_FALSE(files.ok());
  EXPECT_EQ(files.error().message, path() + ": cannot be opened: No such file or directory");
}

TEST_F(PosixLogFilesTest, ManyPiecesAreWrittenInOrderWhereTheFileStands) {
  const auto files = Open();
  const auto file = Require(files->Create("f", 0));
  std::vector<Bytes> owned;
  Bytes expected;
  for (int i = 0; i < 3000; ++i) {
    owned.emplace_back(static_cast<std::size_t>(i % 7), static_cast<char>('a' + i % 26));
    expected += owned.back();
  }
  const std::vector<ByteView> pieces(owned.begin(), owned.end());
  Require(file->Append(pieces));
  Append(*file, "end");
  Require(file->Sync());
  EXPECT_EQ(ReadAll(*files, "f"), expected + "end");
}

TEST_F(PosixLogFilesTest, RoomIsZerosThatAppendsFill) {
  const auto files = Open();
  const auto file = Require(files->Create("f", 10));
  Append(*file, "abc");
  EXPECT_EQ(ReadAll(*files, "f"), "abc" + Bytes(7, '\0'));
  Require(file->Cut(2));
  EXPECT_EQ(ReadAll(*files, "f"), "abc" + Bytes(2, '\0'));
  Append(*file, "defg");
  EXPECT_EQ(ReadAll(*files, "f"), "abcdefg");

  const auto again = Require(files->Open("f", 1));
  Append(*again, "x");
  EXPECT_EQ(ReadAll(*files, "f"), "axcdefg");
  Require(again->Cut(0));
  EXPECT_EQ(ReadAll(*files, "f"), "ax");
}

TEST_F(PosixLogFilesTest, CreatingReplacesAndReadingStopsAtTheEnd) {
  const auto files = Open();
  Append(*Require(files->Create("f", 0)), "longer");
  Append(*Require(files->Create("f", 0)), "abc");
  std::array<char, 8> into{};
  EXPECT_EQ(Require(files->Read("f", 1, into)), 2U);
  EXPECT_EQ(into[0], 'b');
  EXPECT_EQ(Require(files->Read("f", 3, into)), 0U);
  EXPECT_EQ(Require(files->Read("f", 100, into)), 0U);
}

TEST_F(PosixLogFilesTest, NamesAreListedRenamedAndRemoved) {
  const auto files = Open();
  Append(*Require(files->Create("b", 0)), "b");
  Append(*Require(files->Create("a", 5)), "");
  std::filesystem::create_directory(path() + "/directory");
  auto listed = Require(files->List());
  ASSERT_EQ(listed.size(), 2U);
  EXPECT_EQ(listed[0].name, "a");
  EXPECT_EQ(listed[0].size, 5U);
  EXPECT_EQ(listed[1].size, 1U);
  Require(files->Rename("b", "a"));
  Require(files->SyncDirectory());
  EXPECT_EQ(ReadAll(*files, "a"), "b");
  Require(files->Remove("a"));
  Require(files->Remove("a"));
  EXPECT_TRUE(Require(files->List()).empty());
}

TEST_F(PosixLogFilesTest, ErrorsNameTheFileAndTheReason) {
  const auto files = Open();
  std::array<char, 8> into{};
  EXPECT_EQ(files->Read("f", 0, into).error().message,
            path() + "/f: cannot be opened: No such file or directory");
  EXPECT_EQ(files->Open("f", 0).error().message,
            path() + "/f: cannot be opened: No such file or directory");
  EXPECT_EQ(files->Rename("f", "g").error().message,
            path() + "/f: cannot be renamed: No such file or directory");
  std::filesystem::create_directory(path() + "/directory");
  EXPECT_EQ(files->Create("directory", 0).error().message,
            path() + "/directory: cannot be created: Is a directory");
  EXPECT_THAT(files->Remove("directory").error().message, HasSubstr("cannot be removed"));
}

TEST_F(PosixLogFilesTest, ReplacedFilesAreReplacedAsAWhole) {
  const auto files = Open();
  Require(ReplaceFile(*files, "f", "old"));
  Require(ReplaceFile(*files, "f", "new"));
  EXPECT_EQ(ReadAll(*files, "f"), "new");
  EXPECT_EQ(Require(files->List()).size(), 1U);
}

TEST_F(PosixLogFilesTest, ALogIsWrittenAndRecovered) {
  Lsn end;
  {
    const auto files = Open();
    EXPECT_FALSE(Require(LogExists(*files)));
    WrittenLog log(Require(LogWriter::Create(*files, kIdentity, Options(4096))));
    log.Write(EntryType::kRecords, ShardId{1}, EncodedBegin(At(1, 1), {}));
    for (std::uint64_t i = 2; i < 200; ++i) {
      log.Write(EntryType::kRecords, ShardId{1}, EncodedSet(At(1, i), "key", Bytes(90, 'v')));
    }
    end = log.writer().end();
  }
  const auto files = Open();
  HistorySink sink;
  const Recovered recovered = Require(Recover(*files, RecoveryAt(), sink));
  EXPECT_EQ(recovered.end, end);
  EXPECT_FALSE(recovered.torn);
  EXPECT_GT(recovered.segments.size(), 5U);
  EXPECT_EQ(sink.histories().at(ShardId{1}).last(), At(1, 199));
  WrittenLog log(Require(LogWriter::Resume(*files, recovered, Options(4096))));
  log.Write(EntryType::kRecords, ShardId{1}, EncodedSet(At(1, 200), "key", "more"));
  HistorySink again;
  EXPECT_EQ(Require(Recover(*files, RecoveryAt(), again)).counts.records, 200U);
}

TEST(BootIdTest, ThisSystemHasOneAndItStays) {
  EXPECT_TRUE(ReadBootId().known());
  EXPECT_EQ(ReadBootId(), ReadBootId());
}

}  // namespace
}  // namespace aegis::wal
