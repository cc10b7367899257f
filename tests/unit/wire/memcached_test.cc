#include "wire/memcached.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "model/limits.h"

namespace aegis::wire {
namespace {

using Words = std::vector<std::string>;
using Verb = MemcachedVerb;

struct Parsed {
  std::string error;  // Empty: none.
  MemcachedParse parse;
  Verb verb = Verb::kUnknown;
  Words words;
  MemcachedData state = MemcachedData::kNone;
  std::string data;

  bool operator==(const Parsed& other) const {
    return error == other.error && parse.consumed == other.parse.consumed &&
           parse.skip == other.parse.skip && verb == other.verb && words == other.words &&
           state == other.state && data == other.data;
  }
};

Parsed Parse(ByteView input) {
  // An exact copy on the heap, so that ASan sees a read past the end.
  const std::vector<char> exact(input.begin(), input.end());
  MemcachedRequest request;
  request.words = {"left over"};
  request.data = "left over";
  const auto result = ParseMemcachedRequest(ByteView(exact.data(), exact.size()), request);
  Parsed parsed;
  if (!result.ok()) {
    EXPECT_EQ(result.error().code, ErrorCode::kMalformed);
    parsed.error = result.error().message;
    return parsed;
  }
  parsed.parse = result.value();
  if (parsed.parse.consumed == 0) return parsed;
  parsed.verb = request.verb;
  parsed.words.assign(request.words.begin(), request.words.end());
  parsed.state = request.data_state;
  parsed.data = request.data;
  return parsed;
}

// What a connection makes of `stream` when it comes in two pieces.
std::vector<Parsed> ParseAll(ByteView stream, std::size_t cut_at) {
  std::vector<Parsed> all;
  std::size_t begin = 0;
  std::size_t skip = 0;
  for (const std::size_t end : {cut_at, stream.size()}) {
    while (begin < end) {
      if (skip > 0) {
        const std::size_t skipped = std::min(skip, end - begin);
        begin += skipped;
        skip -= skipped;
        continue;
      }
      const Parsed parsed = Parse(stream.substr(begin, end - begin));
      if (parsed.error.empty() && parsed.parse.consumed == 0) {
        EXPECT_GT(parsed.parse.needed, end - begin);
        EXPECT_LE(begin + parsed.parse.needed, stream.size()) << "asks for too much";
        break;
      }
      all.push_back(parsed);
      if (!parsed.error.empty()) return all;
      begin += parsed.parse.consumed;
      skip = parsed.parse.skip;
    }
  }
  EXPECT_EQ(begin, stream.size());
  return all;
}

TEST(MemcachedParseTest, ALineIsItsWords) {
  const Parsed parsed = Parse("get a  bb \r\nget c\r\n");
  EXPECT_EQ(parsed.verb, Verb::kGet);
  EXPECT_EQ(parsed.words, (Words{"get", "a", "bb"}));
  EXPECT_EQ(parsed.parse.consumed, 12U);
  EXPECT_EQ(parsed.state, MemcachedData::kNone);
}

TEST(MemcachedParseTest, ALineMayEndWithoutACarriageReturn) {
  EXPECT_EQ(Parse("get a\n").words, (Words{"get", "a"}));
  EXPECT_EQ(Parse("set a 0 0 1\nx\r\n").data, "x");
}

TEST(MemcachedParseTest, AnEmptyLineHasNoWords) {
  EXPECT_EQ(Parse("\r\n").parse.consumed, 2U);
  EXPECT_EQ(Parse("  \n").words, Words{});
}

TEST(MemcachedParseTest, CommandsAreInLowerCaseOnly) {
  EXPECT_EQ(Parse("GET a\r\n").verb, Verb::kUnknown);
  EXPECT_EQ(Parse("flush_all\r\n").verb, Verb::kFlushAll);
}

TEST(MemcachedParseTest, ADataBlockMayHoldAnything) {
  const ByteView input("set k 0 0 6\r\nv\r\n\0w\n\r\n", 21);
  const Parsed parsed = Parse(input);
  EXPECT_EQ(parsed.state, MemcachedData::kWhole);
  EXPECT_EQ(parsed.data, std::string("v\r\n\0w\n", 6));
  EXPECT_EQ(parsed.parse.consumed, input.size());
  EXPECT_EQ(Parse("ms k 0 T0\r\n\r\n").state, MemcachedData::kWhole);
}

TEST(MemcachedParseTest, WordsAndDataAreViewsIntoTheInput) {
  const Bytes input = "set key 0 0 2\r\nvv\r\n";
  MemcachedRequest request;
  ASSERT_TRUE(ParseMemcachedRequest(input, request).ok());
  EXPECT_EQ(request.words[1].data(), input.data() + 4);
  EXPECT_EQ(request.data.data(), input.data() + 15);
}

TEST(MemcachedParseTest, ABlockThatDoesNotEndWhereItShouldIsBadAndTakenAllTheSame) {
  const Parsed parsed = Parse("set a 0 0 3\r\nabcde\r\n");
  EXPECT_EQ(parsed.state, MemcachedData::kBad);
  EXPECT_EQ(parsed.data, "");
  EXPECT_EQ(parsed.parse.consumed, 18U);
}

TEST(MemcachedParseTest, ALineThatDoesNotTellTheSizeHasNoBlock) {
  for (const char* line :
       {"set a 0 0\r\n", "set a 0 0 x\r\n", "set a 0 0 -1\r\n", "set a 0 0 1 x y\r\n",
        "set a 0 0 2147483646\r\n", "cas a 0 0 1\r\n", "ms a\r\n", "ms a S1\r\n", "set\r\n"}) {
    const Parsed parsed = Parse(line);
    EXPECT_EQ(parsed.state, MemcachedData::kNone) << line;
    EXPECT_EQ(parsed.parse.consumed, ByteView(line).size());
  }
}

TEST(MemcachedParseTest, ABlockOverTheLimitIsSkippedWithoutBeingKept) {
  const std::string size = std::to_string(limits::kValueSizeMax + 1);
  const Parsed parsed = Parse("set a 0 0 " + size + "\r\n");
  EXPECT_EQ(parsed.state, MemcachedData::kTooLarge);
  EXPECT_EQ(parsed.parse.skip, limits::kValueSizeMax + 3);
  const std::string largest = std::to_string(limits::kValueSizeMax);
  EXPECT_EQ(Parse("set a 0 0 " + largest + "\r\n").parse.needed, limits::kValueSizeMax + 22);
}

TEST(MemcachedParseTest, EveryTruncationIsIncompleteAndTheBlockIsAskedForExactly) {
  const Bytes input = "cas key 1 2 5 77 noreply\r\nvalue\r\n";
  const std::size_t line_size = input.find('\n') + 1;
  for (std::size_t size = 0; size < input.size(); ++size) {
    const Parsed parsed = Parse(ByteView(input).substr(0, size));
    EXPECT_EQ(parsed.error, "");
    EXPECT_EQ(parsed.parse.consumed, 0U) << size;
    EXPECT_EQ(parsed.parse.needed, size < line_size ? size + 1 : input.size()) << size;
  }
  EXPECT_EQ(Parse(input).parse.consumed, input.size());
}

TEST(MemcachedParseTest, AStreamIsTheSameAtEverySplit) {
  const Bytes stream =
      "set a 1 0 3\r\nx\ny\r\nget a b\nms k 2 T9 F1\r\nhi\r\n\r\nset b 0 0 1\r\nxyz\r\n"
      "foo  bar\r\nset c 0 0 70000000 noreply\r\n";
  const auto whole = ParseAll(stream, stream.size());
  EXPECT_EQ(whole.size(), 8U);
  for (std::size_t cut = 0; cut < stream.size(); ++cut) {
    EXPECT_TRUE(ParseAll(stream, cut) == whole) << cut;
  }
}

TEST(MemcachedParseTest, ALineOverItsLimitIsAnErrorHoweverItComes) {
  const Bytes fits = "touch " + std::string(limits::kMemcachedLineSizeMax - 7, 'k') + "\n";
  EXPECT_EQ(Parse(fits).parse.consumed, limits::kMemcachedLineSizeMax);
  const Bytes over = "touch " + std::string(limits::kMemcachedLineSizeMax - 6, 'k') + "\n";
  EXPECT_EQ(Parse(over).error, "line is too long");
  EXPECT_EQ(Parse(ByteView(over).substr(0, limits::kMemcachedLineSizeMax)).error,
            "line is too long");
  EXPECT_EQ(Parse(ByteView(over).substr(0, limits::kMemcachedLineSizeMax - 1)).error, "");
  EXPECT_EQ(Parse(std::string(limits::kMemcachedLineSizeMax, ' ')).error, "line is too long");
}

TEST(MemcachedParseTest, ALineOfManyKeysMayBeLongerUpToItsLimit) {
  Bytes line = "get";
  while (line.size() < limits::kMemcachedKeysLineSizeMax - 1) line += " k";
  line.resize(limits::kMemcachedKeysLineSizeMax - 1);
  EXPECT_EQ(Parse(line).error, "");
  EXPECT_EQ(Parse(line).parse.needed, line.size() + 1);
  EXPECT_EQ(Parse(line + "\n").parse.consumed, limits::kMemcachedKeysLineSizeMax);
  EXPECT_EQ(Parse(line + "k").error, "line is too long");
  EXPECT_EQ(Parse(line + "k\n").error, "line is too long");
}

TEST(MemcachedNumberTest, NumbersAreDigitsThatFit) {
  std::uint64_t number = 7;
  EXPECT_TRUE(ReadMemcachedNumber("18446744073709551615", number));
  EXPECT_EQ(number, ~std::uint64_t{0});
  for (const char* bad : {"", "-1", "+1", " 1", "1 ", "18446744073709551616", "x", "1x", "0x1"}) {
    EXPECT_FALSE(ReadMemcachedNumber(bad, number)) << bad;
  }
  EXPECT_EQ(number, ~std::uint64_t{0}) << "left alone";
  std::uint32_t small = 0;
  EXPECT_TRUE(ReadMemcachedNumber("4294967295", small));
  EXPECT_FALSE(ReadMemcachedNumber("4294967296", small));
  std::int64_t negative = 0;
  EXPECT_TRUE(ReadMemcachedNumber("-5", negative));
  EXPECT_EQ(negative, -5);
}

TEST(MemcachedWriterTest, AValueHasItsCasOnlyIfThereIsOne) {
  Bytes out;
  AppendMemcachedValue("k", 7, "a\r\nb", nullptr, out);
  const std::uint64_t cas = ~std::uint64_t{0};
  AppendMemcachedValue("key", 4294967295U, "", &cas, out);
  EXPECT_EQ(out,
            "VALUE k 7 4\r\na\r\nb\r\n"
            "VALUE key 4294967295 0 18446744073709551615\r\n\r\n");
}

TEST(MemcachedWriterTest, AStatIsALine) {
  Bytes out;
  AppendMemcachedStat("pid", "12", out);
  EXPECT_EQ(out, "STAT pid 12\r\n");
}

}  // namespace
}  // namespace aegis::wire
