#include "node/runtime/posix_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "consensus/log_store.h"
#include "temporary_directory.h"

namespace aegis::node {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class PosixDirectoryTest : public testing::Test {
 protected:
  std::string path() const { return temporary_.File("control"); }
  std::string File(const std::string& name) const { return path() + '/' + name; }
  static std::unique_ptr<PosixDirectory> Open(const std::string& path) {
    auto opened = PosixDirectory::Open(path);
    if (!opened.ok()) {
      ADD_FAILURE() << opened.error().message;
      return nullptr;
    }
    return std::move(opened).value();
  }
  static unsigned ModeOf(const std::string& path) {
    struct stat status {};
    EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
    return status.st_mode & 0777U;
  }

  TemporaryDirectory temporary_;
};

TEST_F(PosixDirectoryTest, WhatItCreatesIsForItsOwnerAlone) {
  const auto directory = Open(path());
  ASSERT_TRUE(directory->Append("a", "x").ok());
  ASSERT_TRUE(directory->Replace("b", "x").ok());
  EXPECT_EQ(ModeOf(path()), 0700U);
  EXPECT_EQ(ModeOf(File("a")), 0600U);
  EXPECT_EQ(ModeOf(File("b")), 0600U);
}

TEST_F(PosixDirectoryTest, AppendedFilesGrowAndAreReadBack) {
  const auto directory = Open(path());
  EXPECT_EQ(directory->Read("f").value(), std::nullopt);
  ASSERT_TRUE(directory->Append("f", std::string("a\0b", 3)).ok());
  ASSERT_TRUE(directory->Append("f", "c").ok());
  ASSERT_TRUE(directory->Sync("f").ok());
  ASSERT_TRUE(directory->Append("f", "d").ok());
  EXPECT_EQ(directory->Read("f").value(), std::string("a\0bcd", 5));
  EXPECT_EQ(Open(path())->Read("f").value(), std::string("a\0bcd", 5));
}

TEST_F(PosixDirectoryTest, TruncatingCutsAndNeverExtends) {
  const auto directory = Open(path());
  ASSERT_TRUE(directory->Append("f", "abcd").ok());
  ASSERT_TRUE(directory->Truncate("f", 2).ok());
  ASSERT_TRUE(directory->Truncate("f", 3).ok());
  EXPECT_EQ(directory->Read("f").value(), "ab");
  ASSERT_TRUE(directory->Append("f", "x").ok());
  ASSERT_TRUE(directory->Sync("f").ok());
  EXPECT_EQ(directory->Read("f").value(), "abx");
}

TEST_F(PosixDirectoryTest, ReplacedFilesAreOtherFilesThatCanBeAppendedTo) {
  const auto directory = Open(path());
  ASSERT_TRUE(directory->Append("f", "old").ok());
  ASSERT_TRUE(directory->Replace("f", "new").ok());
  ASSERT_TRUE(directory->Append("f", "er").ok());
  EXPECT_EQ(directory->Read("f").value(), "newer");
}

TEST_F(PosixDirectoryTest, RemovedFilesAreGoneAndMayBeMissing) {
  const auto directory = Open(path());
  ASSERT_TRUE(directory->Append("f", "x").ok());
  ASSERT_TRUE(directory->Remove("f").ok());
  ASSERT_TRUE(directory->Remove("f").ok());
  EXPECT_EQ(directory->Read("f").value(), std::nullopt);
  ASSERT_TRUE(directory->Append("f", "y").ok());
  EXPECT_EQ(directory->Read("f").value(), "y");
}

TEST_F(PosixDirectoryTest, ItsListIsSortedAndHasFilesOnly) {
  const auto directory = Open(path());
  for (const char* name : {"b", "a", "c"}) ASSERT_TRUE(directory->Append(name, "x").ok());
  std::filesystem::create_directory(File("folder"));
  EXPECT_THAT(directory->List().value(), ElementsAre("a", "b", "c"));
}

TEST_F(PosixDirectoryTest, DraftsOfACrashAreRemoved) {
  ASSERT_TRUE(Open(path())->Append("f.new", "half a fi").ok());
  EXPECT_THAT(Open(path())->List().value(), ElementsAre());
}

TEST_F(PosixDirectoryTest, ErrorsNameThePathAndTheReason) {
  const auto message = [](const auto& result) {
    return result.ok() ? std::string("no error") : result.error().message;
  };
  EXPECT_THAT(message(PosixDirectory::Open(temporary_.File("no/control"))),
              HasSubstr("no/control: cannot be created: No such file or directory"));
  EXPECT_THAT(message(PosixDirectory::Open(temporary_.Write("file", ""))),
              HasSubstr("file: cannot be opened: Not a directory"));

  const auto directory = Open(path());
  std::filesystem::create_directory(File("f"));
  EXPECT_EQ(message(directory->Append("f", "x")), File("f") + ": cannot be opened: Is a directory");
  EXPECT_EQ(message(directory->Remove("f")), File("f") + ": cannot be removed: Is a directory");
  EXPECT_EQ(message(directory->Replace("f", "x")),
            File("f") + ": cannot be replaced: Is a directory");
  EXPECT_EQ(message(directory->Read("f")), File("f") + ": cannot be read: Is a directory");
  EXPECT_EQ(message(directory->Truncate("none", 0)),
            File("none") + ": cannot be opened: No such file or directory");
  EXPECT_EQ(message(directory->Sync("none")),
            File("none") + ": cannot be opened: No such file or directory");
  std::filesystem::remove_all(path());
  EXPECT_EQ(message(directory->List()), path() + ": cannot be listed: No such file or directory");
}

TEST_F(PosixDirectoryTest, AFullDiskIsSaidToBeFull) {
  const auto directory = Open(path());
  std::filesystem::create_symlink("/dev/full", File("f"));
  const auto appended = directory->Append("f", "x");
  ASSERT_FALSE(appended.ok());
  EXPECT_EQ(appended.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(appended.error().message, File("f") + ": cannot be written: No space left on device");
}

TEST_F(PosixDirectoryTest, KeepsAControlLog) {
  using consensus::Entry;
  using consensus::EntryType;
  using consensus::LogStore;
  const consensus::LogIdentity identity{ClusterId{1}, NodeId{2}, consensus::ServerId{3}};
  {
    const auto directory = Open(path());
    EXPECT_FALSE(LogStore::Exists(*directory).value());
    auto log = LogStore::Create(*directory, identity, {});
    ASSERT_TRUE(log.ok()) << log.error().message;
    ASSERT_TRUE(log.value().store->SaveHardState({1, identity.server}).ok());
    ASSERT_TRUE(log.value().store->Append({{{1, 1}, EntryType::kBarrier, ""}}).ok());
  }
  const auto directory = Open(path());
  EXPECT_TRUE(LogStore::Exists(*directory).value());
  const auto log = LogStore::Open(*directory, identity.node);
  ASSERT_TRUE(log.ok()) << log.error().message;
  EXPECT_EQ(log.value().identity, identity);
  EXPECT_EQ(log.value().torn_bytes, 0U);
  EXPECT_THAT(log.value().persisted.entries, ElementsAre(Entry{{1, 1}, EntryType::kBarrier, ""}));
}

}  // namespace
}  // namespace aegis::node
