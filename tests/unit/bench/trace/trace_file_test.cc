#include "bench/trace/trace_file.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace aegis::bench {
namespace {

class TraceFileTest : public testing::Test {
 protected:
  TraceFileTest() { std::filesystem::create_directories(folder_); }
  ~TraceFileTest() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path Write(const std::string& name, const std::string& content) {
    std::ofstream(folder_ / name, std::ios::binary) << content;
    return folder_ / name;
  }

  static std::string ErrorOf(const Result<Trace>& trace) {
    return trace.ok() ? "none" : trace.error().message;
  }

  const std::filesystem::path folder_ =
      std::filesystem::path(testing::TempDir()) /
      ("trace_file_test_" +
       std::string(testing::UnitTest::GetInstance()->current_test_info()->name()) + "_" +
       std::to_string(::getpid()));
};

TEST_F(TraceFileTest, NameTellsTheFormat) {
  const auto csv = Write("web.csv", "1,a,10\n2,b,20\n");
  const auto tsv = Write("web.tsv", "1\ta\t10\n2\tb\t20\n");
  const auto binary = Write("web.oracleGeneral", std::string(48, 'x'));
  const Result<Trace> trace = ReadTraceFile(csv, TraceFormat::kByName, {}, {});
  EXPECT_EQ(trace.value().name, "web");
  EXPECT_EQ(trace.value().objects, 2U);
  EXPECT_EQ(ReadTraceFile(tsv, TraceFormat::kByName, {}, {}).value().objects, 2U);
  EXPECT_EQ(ReadTraceFile(binary, TraceFormat::kByName, {}, {.ignore_sizes = true})
                .value()
                .accesses.size(),
            2U);
}

TEST_F(TraceFileTest, FormatCanBeSaid) {
  const auto file = Write("web", "1,a,10\n2,b,20\n");
  EXPECT_EQ(ReadTraceFile(file, TraceFormat::kCsv, {}, {}).value().objects, 2U);
  EXPECT_EQ(ErrorOf(ReadTraceFile(file, TraceFormat::kByName, {}, {})),
            file.string() +
                ": byte 0: the file ends 14 bytes into a record of 24; is it in the format "
                "oracleGeneral?");
}

TEST_F(TraceFileTest, LongFilesAreReadInPieces) {
  std::string text;
  for (int i = 0; i < 300'000; ++i) text += std::to_string(i) + ",key" + std::to_string(i) + "\n";
  const auto file = Write("long.csv", text);
  EXPECT_EQ(ReadTraceFile(file, TraceFormat::kByName, {}, {}).value().objects, 300'000U);
  const Result<Trace> cut = ReadTraceFile(file, TraceFormat::kByName, {}, {.accesses = 1000});
  EXPECT_EQ(cut.value().accesses.size(), 1000U);
  EXPECT_TRUE(cut.value().cut);
}

TEST_F(TraceFileTest, FilesThatCannotBeReadAreNamedWithTheReason) {
  const auto missing = folder_ / "missing.csv";
  EXPECT_EQ(ErrorOf(ReadTraceFile(missing, TraceFormat::kByName, {}, {})),
            missing.string() + ": cannot be read: No such file or directory");
  EXPECT_EQ(ErrorOf(ReadTraceFile(folder_, TraceFormat::kByName, {}, {})),
            folder_.string() + ": cannot be read: Is a directory");
  const auto empty = Write("empty.csv", "time,key,size\n");
  EXPECT_EQ(ErrorOf(ReadTraceFile(empty, TraceFormat::kByName, {}, {})),
            empty.string() + ": there are no accesses in it");
  const auto wrong = Write("wrong.csv", "1,a,10\n2,b,x\n");
  EXPECT_TRUE(ErrorOf(ReadTraceFile(wrong, TraceFormat::kByName, {}, {}))
                  .starts_with(wrong.string() + ": line 2: "));
}

}  // namespace
}  // namespace aegis::bench
