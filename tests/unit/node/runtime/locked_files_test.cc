// What one process holds at a time: locks, pid files, data directories. flock() belongs to the open
// file, so a second open in this process stands for another process.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <optional>

#include "node/runtime/data_dir.h"
#include "node/runtime/file_lock.h"
#include "node/runtime/files.h"
#include "node/runtime/pid_file.h"
#include "temporary_directory.h"

namespace aegis::node {
namespace {

using testing::HasSubstr;

std::string OwnPid() { return std::to_string(::getpid()); }

TEST(FileLockTest, IsHeldOnceAndFreedWithItsOwner) {
  const TemporaryDirectory directory;
  {
    const auto held = FileLock::TryAcquire(directory.File("lock"));
    ASSERT_TRUE(held.ok() && held.value());
    const auto second = FileLock::TryAcquire(directory.File("lock"));
    ASSERT_TRUE(second.ok());
    EXPECT_FALSE(second.value());
  }
  EXPECT_TRUE(FileLock::TryAcquire(directory.File("lock")).value());
}

TEST(FileLockTest, OfAKilledProcessIsFree) {
  const TemporaryDirectory directory;
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const auto held = FileLock::TryAcquire(directory.File("lock"));
    const char result = held.ok() && held.value() ? 'y' : 'n';
    if (::write(ready[1], &result, 1) != 1) ::_exit(1);
    for (;;) ::pause();
  }
  char result = 0;
  ASSERT_EQ(::read(ready[0], &result, 1), 1);
  EXPECT_EQ(result, 'y');
  EXPECT_FALSE(FileLock::TryAcquire(directory.File("lock")).value());
  ::kill(child, SIGKILL);
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  EXPECT_TRUE(FileLock::TryAcquire(directory.File("lock")).value());
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST(PidFileTest, HoldsTheProcessIdAndGoesWithItsOwner) {
  const TemporaryDirectory directory;
  const std::string path = directory.File("pid");
  {
    const auto pid_file = PidFile::Create(path);
    ASSERT_TRUE(pid_file.ok()) << pid_file.error().message;
    EXPECT_EQ(ReadFile(path, 100).value(), OwnPid() + "\n");
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(PidFileTest, MovingDoesNotRemoveTheFile) {
  const TemporaryDirectory directory;
  std::optional<PidFile> moved;
  {
    auto created = PidFile::Create(directory.File("pid"));
    moved.emplace(std::move(created).value());
  }
  EXPECT_TRUE(std::filesystem::exists(directory.File("pid")));
}

TEST(PidFileTest, OfARunningProcessIsRefusedWithItsId) {
  const TemporaryDirectory directory;
  const auto first = PidFile::Create(directory.File("pid"));
  const auto second = PidFile::Create(directory.File("pid"));
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().message, directory.File("pid") + ": is held by process " + OwnPid() +
                                        ", which is still running");
  EXPECT_TRUE(std::filesystem::exists(directory.File("pid")));
}

// In a container the same small ids come back: that the process lives says nothing.
TEST(PidFileTest, LeftByACrashIsTakenOverEvenIfItsIdRunsAgain) {
  const TemporaryDirectory directory;
  const std::string path = directory.Write("pid", "1\n");
  const auto pid_file = PidFile::Create(path);
  ASSERT_TRUE(pid_file.ok()) << pid_file.error().message;
  EXPECT_EQ(ReadFile(path, 100).value(), OwnPid() + "\n");
}

TEST(PidFileTest, NeverOverwritesWhatIsNoPidFile) {
  const TemporaryDirectory directory;
  for (const char* contents : {"key: value\n", "12 monkeys", "-1", "0x1", "4294967296"}) {
    const std::string path = directory.Write("f", contents);
    const auto pid_file = PidFile::Create(path);
    ASSERT_FALSE(pid_file.ok());
    EXPECT_THAT(pid_file.error().message, HasSubstr("exists and is not a pid file"));
    EXPECT_EQ(ReadFile(path, 1000).value(), contents);
  }
}

TEST(PidFileTest, ThatCannotBeCreatedIsAnError) {
  const TemporaryDirectory directory;
  EXPECT_THAT(PidFile::Create(directory.File("no/pid")).error().message,
              HasSubstr("no/pid: cannot be created: No such file"));
}

TEST(DataDirTest, IsCreatedWithItsParents) {
  const TemporaryDirectory directory;
  const auto data_dir = DataDir::Open(directory.File("a/b"));
  ASSERT_TRUE(data_dir.ok()) << data_dir.error().message;
  EXPECT_TRUE(std::filesystem::is_directory(directory.File("a/b")));
  EXPECT_EQ(data_dir.value().path(), directory.File("a/b"));
}

TEST(DataDirTest, IsFoundHoweverItIsWritten) {
  const TemporaryDirectory directory;
  for (const char* path : {"a/b/c", "a//b/d", "a/./b/e", "a/b/../f"}) {
    for (int time = 0; time < 2; ++time) {
      const auto data_dir = DataDir::Open(directory.File(path));
      ASSERT_TRUE(data_dir.ok()) << data_dir.error().message;
      EXPECT_TRUE(std::filesystem::is_directory(directory.File(path)));
    }
  }
}

TEST(DataDirTest, EveryNodeHasAFolderOfItsOwnWhateverItsName) {
  EXPECT_EQ(HomeOf("./data", "node-1.example"), "./data/node-1.example");
  EXPECT_EQ(HomeOf("./data", "../x"), "./data/%2E.%2Fx");
  EXPECT_EQ(HomeOf("./data", "a b%"), "./data/a%20b%25");
}

TEST(DataDirTest, IsNeverShared) {
  const TemporaryDirectory directory;
  {
    const auto first = DataDir::Open(directory.path());
    ASSERT_TRUE(first.ok());
    const auto second = DataDir::Open(directory.path());
    ASSERT_FALSE(second.ok());
    EXPECT_EQ(second.error().message, directory.path() + ": is the data directory of process " +
                                          OwnPid() +
                                          ", which is still running; every node needs its own");
  }
  EXPECT_TRUE(DataDir::Open(directory.path()).ok());
}

TEST(DataDirTest, WhereAFileIsInTheWayIsRefused) {
  const TemporaryDirectory directory;
  const std::string file = directory.Write("f", "");
  EXPECT_THAT(DataDir::Open(file).error().message, HasSubstr(file));
  EXPECT_THAT(DataDir::Open(file + "/below").error().message, HasSubstr("Not a directory"));
}

TEST(DataDirTest, ThatCannotBeWrittenIsRefused) {
  // Nothing can be created in /proc, not even by root.
  EXPECT_THAT(DataDir::Open("/proc/self").error().message,
              HasSubstr("/proc/self/lock: cannot be created: "));
}

}  // namespace
}  // namespace aegis::node
