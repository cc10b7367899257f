#include "bench/trace/csv.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace aegis::bench {
namespace {

// Fed in two pieces.
Result<Trace> Read(ByteView text, CsvOptions options = {}, std::size_t cut_at = 0,
                   TraceLimits limits = {}) {
  TraceBuilder builder(limits);
  CsvReader reader(builder, std::move(options));
  for (const ByteView piece : {text.substr(0, cut_at), text.substr(cut_at)}) {
    if (auto fed = reader.Feed(piece); !fed.ok()) return fed.error();
  }
  if (auto ended = reader.End(); !ended.ok()) return ended.error();
  return builder.Build("");
}

std::string ErrorOf(const Result<Trace>& trace) {
  return trace.ok() ? "none" : trace.error().message;
}

const std::vector<ObjectId> kAba = {0, 1, 0};
const std::vector<std::uint32_t> kSizes = {10, 20};

TEST(CsvTest, WithoutAHeaderFieldsAreTimeKeySize) {
  const Result<Trace> trace = Read("1,a,10\n2,b,20\n3,a,10\n");
  EXPECT_EQ(trace.value().accesses, kAba);
  EXPECT_EQ(trace.value().sizes, kSizes);
}

TEST(CsvTest, HeaderSaysWhereKeyAndSizeAre) {
  for (const char* header : {"size,time,key", "obj_size,foo,obj_id", "Bytes,Time,ID"}) {
    const Result<Trace> trace = Read(std::string(header) + "\n10,1,a\n20,2,b\n10,3,a\n");
    ASSERT_TRUE(trace.ok()) << header << ErrorOf(trace);
    EXPECT_EQ(trace.value().accesses, kAba);
    EXPECT_EQ(trace.value().sizes, kSizes);
  }
}

TEST(CsvTest, HeaderWithoutASizeMakesObjectsAlike) {
  const Result<Trace> trace = Read("time,key\n1,a\n2,b\n3,a\n");
  EXPECT_EQ(trace.value().accesses, kAba);
  EXPECT_TRUE(trace.value().equal_sizes());
}

TEST(CsvTest, FirstLineWithANumberIsNoHeader) {
  EXPECT_EQ(Read("1,key,10\n2,b,20\n3,key,10\n").value().accesses, kAba);
  EXPECT_EQ(Read("key,1,10\n").value().accesses.size(), 1U);
}

TEST(CsvTest, OneFieldIsAKeyAndTwoAreTimeAndKey) {
  EXPECT_EQ(Read("a\nb\na\n").value().accesses, kAba);
  EXPECT_EQ(Read("1,a\n2,b\n3,a\n").value().accesses, kAba);
  EXPECT_TRUE(Read("1,a\n2,b\n3,a\n").value().equal_sizes());
}

TEST(CsvTest, ColumnsCanBeChosenByNumberOrName) {
  const std::string text = "x,y,z\na,1,10\nb,2,20\na,3,10\n";
  for (const CsvOptions& options : {CsvOptions{.key_column = "x", .size_column = "z"},
                                    CsvOptions{.key_column = "X", .size_column = "3"},
                                    CsvOptions{.key_column = "1", .size_column = "Z"}}) {
    EXPECT_EQ(Read(text, options).value().accesses, kAba);
    EXPECT_EQ(Read(text, options).value().sizes, kSizes);
  }
  const std::string without_header = text.substr(text.find('\n') + 1);
  const Result<Trace> numbered = Read(without_header, {.key_column = "1", .size_column = "3"});
  EXPECT_EQ(numbered.value().accesses, kAba);
  EXPECT_EQ(numbered.value().sizes, kSizes);
  EXPECT_TRUE(Read(text, {.key_column = "x", .size_column = "none"}).value().equal_sizes());
}

TEST(CsvTest, LinesAreReadAtEverySplit) {
  const std::string text =
      "\xef\xbb\xbftime;key;size\r\n1;a;10\r\n\r\n2;b;20\n\n3;a;10";  // Ends without an end.
  for (std::size_t cut_at = 0; cut_at <= text.size(); ++cut_at) {
    const Result<Trace> trace = Read(text, {.separator = ';'}, cut_at);
    ASSERT_TRUE(trace.ok()) << cut_at << ErrorOf(trace);
    EXPECT_EQ(trace.value().accesses, kAba) << cut_at;
    EXPECT_EQ(trace.value().sizes, kSizes) << cut_at;
  }
}

TEST(CsvTest, EveryTruncationIsReadOrRefusedWithItsLine) {
  const std::string text = "time,key,size\n1,a,10\n2,b,20\n3,a,10\n";
  for (std::size_t size = 1; size < text.size(); ++size) {
    const Result<Trace> trace = Read(ByteView(text).substr(0, size));
    if (trace.ok()) continue;
    const auto line =
        1 + std::count(text.begin(), text.begin() + static_cast<long>(size) - 1, '\n');
    EXPECT_TRUE(ErrorOf(trace).starts_with("line " + std::to_string(line) + ": "))
        << size << ErrorOf(trace);
  }
}

TEST(CsvTest, WrongLinesAreRefusedWithTheirNumber) {
  EXPECT_EQ(ErrorOf(Read("1,a,10\n2,b\n")), "line 2: 2 fields, but field 3 is needed");
  EXPECT_EQ(ErrorOf(Read("1,a,10\n\n2,,10\n")), "line 3: the key is empty");
  EXPECT_EQ(ErrorOf(Read("1,a,10\n2,b,1x\n")),
            "line 2: the size '1x' is not a number of bytes (--size-column says where it is, or "
            "none)");
  EXPECT_EQ(ErrorOf(Read("1,a,-5\n")).substr(0, 21), "line 1: the size '-5'");
  EXPECT_EQ(ErrorOf(Read("1,a,99999999999999999999\n")).substr(0, 26),
            "line 1: the size '99999999");
  EXPECT_EQ(ErrorOf(Read("1,a,67108865\n")),
            "line 1: a size of 67108865 bytes; a value has at most 67108864 (--ignore-sizes counts "
            "each object as 1)");
  EXPECT_EQ(ErrorOf(Read("1,\"a\",10\n")), "line 1: quoted fields are not read");
  EXPECT_EQ(ErrorOf(Read("foo,bar,baz\n1,a,10\n")).substr(0, 22), "line 1: the size 'baz'");
}

TEST(CsvTest, ColumnsThatAreNotThereAreRefused) {
  EXPECT_EQ(ErrorOf(Read("time,size\n1,10\n")),
            "line 1: no column is called key, obj_id, object_id, object, id: say which has the "
            "key, with --key-column");
  EXPECT_EQ(ErrorOf(Read("time,key\n1,a\n", {.key_column = "keys"})),
            "line 1: no column 'keys' for the key");
  EXPECT_EQ(ErrorOf(Read("time,key\n1,a\n", {.size_column = "sizes"})),
            "line 1: no column 'sizes' for the size");
  EXPECT_EQ(ErrorOf(Read("1,a\n", {.key_column = "0"})), "line 1: no column '0' for the key");
  EXPECT_EQ(ErrorOf(Read("1,a\n", {.key_column = "7"})), "line 1: 2 fields, but field 7 is needed");
}

TEST(CsvTest, LinesAreAtMostSoLong) {
  const std::string longest(CsvReader::kLineBytesMax, 'k');
  EXPECT_EQ(Read("a\n" + longest + "\n", {}, 100).value().objects, 2U);
  EXPECT_EQ(ErrorOf(Read("a\n" + longest + "k\n", {}, 100)),
            "line 2: longer than 131072 bytes; is this a CSV file?");
}

TEST(CsvTest, SizesThatAreIgnoredMayBeAnything) {
  EXPECT_EQ(Read("1,a,x\n2,b,67108865\n", {}, 0, {.ignore_sizes = true}).value().objects, 2U);
}

}  // namespace
}  // namespace aegis::bench
