#include "node/runtime/files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "temporary_directory.h"

namespace aegis::node {
namespace {

using testing::HasSubstr;

TEST(FilesTest, WrittenFileIsReadBackAndPrivate) {
  const TemporaryDirectory directory;
  const std::string path = directory.File("f");
  ASSERT_TRUE(WriteFileAtomically(path, std::string("a\0b", 3)).ok());
  EXPECT_EQ(ReadFile(path, 3).value(), std::string("a\0b", 3));
  struct stat status {};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST(FilesTest, ReplacingLeavesNothingElseBehind) {
  const TemporaryDirectory directory;
  const std::string path = directory.File("f");
  ASSERT_TRUE(WriteFileAtomically(path, "a longer text").ok());
  ASSERT_TRUE(WriteFileAtomically(path, "new").ok());
  EXPECT_EQ(ReadFile(path, 100).value(), "new");
  const std::filesystem::directory_iterator files(directory.path());
  EXPECT_EQ(std::distance(begin(files), end(files)), 1);
}

TEST(FilesTest, DraftOfACrashIsOverwritten) {
  const TemporaryDirectory directory;
  directory.Write("f.new", "half a fi");
  ASSERT_TRUE(WriteFileAtomically(directory.File("f"), "x").ok());
  EXPECT_EQ(ReadFile(directory.File("f"), 100).value(), "x");
}

TEST(FilesTest, FailedWriteKeepsWhatWasThere) {
  const TemporaryDirectory directory;
  const std::string path = directory.Write("f", "old");
  std::filesystem::create_directory(path + ".new");  // The draft cannot be created.
  const auto written = WriteFileAtomically(path, "new");
  ASSERT_FALSE(written.ok());
  EXPECT_THAT(written.error().message, HasSubstr(path + ".new: cannot be created: "));
  EXPECT_EQ(ReadFile(path, 100).value(), "old");
}

TEST(FilesTest, ReadingNamesThePathAndTheReason) {
  const TemporaryDirectory directory;
  EXPECT_THAT(ReadFile(directory.File("none"), 1).error().message,
              HasSubstr(directory.File("none") + ": cannot be opened: No such file"));
  EXPECT_THAT(ReadFile(directory.Write("f", "four"), 3).error().message, HasSubstr("too large"));
}

}  // namespace
}  // namespace aegis::node
