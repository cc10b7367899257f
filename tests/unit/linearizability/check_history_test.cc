// aegis-check-history as a program: its exit status and what it prints.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

namespace aegis::linearizability {
namespace {

using testing::HasSubstr;

struct Ended {
  int status = -1;
  std::string output{};
};

Ended RunTool(const std::string& arguments) {
  const std::string command =
      "'" AEGIS_BINARY_DIR "/tests/aegis-check-history' " + arguments + " 2>&1";
  FILE* const pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return {};
  Ended ended;
  std::array<char, 4096> buffer{};
  while (const std::size_t size = fread(buffer.data(), 1, buffer.size(), pipe)) {
    ended.output.append(buffer.data(), size);
  }
  ended.status = WEXITSTATUS(pclose(pipe));
  return ended;
}

class CheckHistoryTest : public testing::Test {
 protected:
  void SetUp() override {
    path_ = testing::TempDir() + "aegis-history-" + std::to_string(getpid()) + ".jsonl";
  }
  void TearDown() override { std::filesystem::remove(path_); }

  Ended Check(const std::string& lines, const std::string& flags = "") {
    std::ofstream(path_) << lines;
    return RunTool("'" + path_ + "' " + flags);
  }

  std::string path_{};
};

const std::string kSet =
    R"({"client":1,"key":"k","op":"set","arg":"a","ok":"ok","start_ns":1,"end_ns":2})"
    "\n";

TEST_F(CheckHistoryTest, ALinearizableHistoryIsZero) {
  const Ended ended = Check(
      kSet + R"({"client":1,"key":"k","op":"get","ok":"ok","result":"a","start_ns":3,"end_ns":4})");
  EXPECT_EQ(ended.status, 0) << ended.output;
  EXPECT_THAT(ended.output, HasSubstr("linearizable: 2 operations on 1 keys"));
}

TEST_F(CheckHistoryTest, AnEmptyHistoryIsZero) { EXPECT_EQ(Check("").status, 0); }

TEST_F(CheckHistoryTest, AViolationIsOneAndExplained) {
  const Ended ended =
      Check(kSet + R"({"client":1,"key":"k","op":"get","ok":"not_found","start_ns":3,"end_ns":4})");
  EXPECT_EQ(ended.status, 1) << ended.output;
  EXPECT_THAT(ended.output, HasSubstr("NOT linearizable"));
  EXPECT_THAT(ended.output, HasSubstr("get -> not_found"));
}

TEST_F(CheckHistoryTest, NoVerdictIsTwo) {
  EXPECT_EQ(Check("nonsense").status, 2);
  EXPECT_EQ(Check(kSet + kSet, "--states-per-key-max 1").status, 2);
  EXPECT_EQ(RunTool("no-such-file").status, 2);
  EXPECT_EQ(RunTool("").status, 2);
  EXPECT_EQ(RunTool("--no-such-flag").status, 2);
}

}  // namespace
}  // namespace aegis::linearizability
