#include "bench/trace/oracle_general.h"

#include <gtest/gtest.h>

#include <string>

namespace aegis::bench {
namespace {

void AppendLittleEndian(std::uint64_t value, unsigned bytes, Bytes& out) {
  for (unsigned i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i) & 0xffU);
}

Bytes Record(std::uint64_t object, std::uint32_t size) {
  Bytes record;
  AppendLittleEndian(1'700'000'000, 4, record);
  AppendLittleEndian(object, 8, record);
  AppendLittleEndian(size, 4, record);
  AppendLittleEndian(~std::uint64_t{0}, 8, record);
  return record;
}

// Fed in two pieces.
Result<Trace> Read(ByteView file, std::size_t cut_at = 0, TraceLimits limits = {}) {
  TraceBuilder builder(limits);
  OracleGeneralReader reader(builder);
  for (const ByteView piece : {file.substr(0, cut_at), file.substr(cut_at)}) {
    if (auto fed = reader.Feed(piece); !fed.ok()) return fed.error();
  }
  if (auto ended = reader.End(); !ended.ok()) return ended.error();
  return builder.Build("");
}

std::string ErrorOf(const Result<Trace>& trace) {
  return trace.ok() ? "none" : trace.error().message;
}

const Bytes kThree =
    Record(0xfedcba9876543210, 70'000) + Record(5, 10) + Record(0xfedcba9876543210, 70'000);

TEST(OracleGeneralTest, RecordsAreReadAtEverySplit) {
  for (std::size_t cut_at = 0; cut_at <= kThree.size(); ++cut_at) {
    const Result<Trace> trace = Read(kThree, cut_at);
    ASSERT_TRUE(trace.ok()) << cut_at;
    EXPECT_EQ(trace.value().accesses, (std::vector<ObjectId>{0, 1, 0})) << cut_at;
    EXPECT_EQ(trace.value().sizes, (std::vector<std::uint32_t>{70'000, 10})) << cut_at;
  }
}

TEST(OracleGeneralTest, ObjectsDifferInEachOfTheir64Bits) {
  Bytes file = Record(0, 1);
  for (unsigned bit = 0; bit < 64; ++bit) file += Record(std::uint64_t{1} << bit, 1);
  EXPECT_EQ(Read(file).value().objects, 65U);
}

TEST(OracleGeneralTest, FileThatEndsWithinARecordIsRefusedWithThePlace) {
  for (std::size_t size = 1; size < kThree.size(); ++size) {
    const Result<Trace> trace = Read(ByteView(kThree).substr(0, size));
    if (size % 24 == 0) {
      EXPECT_TRUE(trace.ok()) << size;
    } else {
      EXPECT_EQ(ErrorOf(trace), "byte " + std::to_string(size / 24 * 24) + ": the file ends " +
                                    std::to_string(size % 24) +
                                    " bytes into a record of 24; is it in the format "
                                    "oracleGeneral?");
    }
  }
}

TEST(OracleGeneralTest, CompressedFilesAreRefusedByName) {
  const Bytes rest(100, 'x');
  EXPECT_EQ(ErrorOf(Read("\x28\xb5\x2f\xfd" + rest, 2)),
            "this is compressed: unpack it first, with `zstd -d`");
  EXPECT_EQ(ErrorOf(Read("\x1f\x8b\x08" + rest, 2)),
            "this is compressed: unpack it first, with `gunzip`");
}

TEST(OracleGeneralTest, SizesThatNoValueCanHaveAreRefusedWithThePlace) {
  const Bytes file = Record(1, 10) + Record(2, 67'108'864) + Record(3, 67'108'865);
  EXPECT_EQ(ErrorOf(Read(file)),
            "byte 48: an object of 67108865 bytes; a value has at most 67108864 (--ignore-sizes "
            "counts each object as 1)");
  EXPECT_TRUE(Read(ByteView(file).substr(0, 48)).ok());
  EXPECT_EQ(Read(file, 0, {.ignore_sizes = true}).value().objects, 3U);
}

TEST(OracleGeneralTest, ReadingEndsAtTheLimitOfAccesses) {
  TraceBuilder builder({.accesses = 2});
  OracleGeneralReader reader(builder);
  EXPECT_TRUE(reader.Feed(kThree + "and anything").ok());
  const Trace trace = builder.Build("");
  EXPECT_EQ(trace.accesses.size(), 2U);
  EXPECT_TRUE(trace.cut);
}

}  // namespace
}  // namespace aegis::bench
