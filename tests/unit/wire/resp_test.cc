#include "wire/resp.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "model/limits.h"

namespace aegis::wire {
namespace {

using Argv = std::vector<std::string>;

struct Parsed {
  std::string error;  // Empty: none.
  RespParse parse;
  Argv argv;
};

Parsed Parse(ByteView input) {
  // An exact copy on the heap, so that ASan sees a read past the end.
  const std::vector<char> exact(input.begin(), input.end());
  std::vector<ByteView> argv = {"left over"};
  Bytes scratch;
  const auto result = ParseRespCommand(ByteView(exact.data(), exact.size()), argv, scratch);
  Parsed parsed;
  if (!result.ok()) {
    EXPECT_EQ(result.error().code, ErrorCode::kMalformed);
    parsed.error = result.error().message;
    return parsed;
  }
  parsed.parse = result.value();
  if (parsed.parse.consumed > 0) parsed.argv.assign(argv.begin(), argv.end());
  return parsed;
}

Bytes Command(const Argv& argv) {
  Bytes out;
  RespWriter writer(out, 2);
  writer.Array(argv.size());
  for (const std::string& argument : argv) writer.Bulk(argument);
  return out;
}

Bytes Repeat(ByteView what, std::size_t times) {
  Bytes out;
  out.reserve(what.size() * times);
  for (std::size_t i = 0; i < times; ++i) out += what;
  return out;
}

TEST(RespParseTest, ACommandIsRead) {
  const Bytes command = Command({"SET", "k", std::string("v\r\n\0w", 5)});
  const Parsed parsed = Parse(command);
  EXPECT_EQ(parsed.error, "");
  EXPECT_EQ(parsed.parse.consumed, command.size());
  EXPECT_EQ(parsed.argv, (Argv{"SET", "k", std::string("v\r\n\0w", 5)}));
}

TEST(RespParseTest, ArgumentsAreViewsIntoTheInput) {
  const Bytes input = Command({"GET", "key"});
  std::vector<ByteView> argv;
  Bytes scratch;
  ASSERT_TRUE(ParseRespCommand(input, argv, scratch).ok());
  ASSERT_EQ(argv.size(), 2U);
  EXPECT_EQ(argv[0].data(), input.data() + 8);
  EXPECT_EQ(argv[1].data(), input.data() + 17);
  EXPECT_TRUE(scratch.empty());
}

TEST(RespParseTest, EveryTruncationIsIncompleteAndNeverAsksForTooMuch) {
  for (const Bytes& input : {Command({"SET", "key", "value"}), Command({""}),
                             Command(Argv(200, "")), Bytes("SET \"a b\" c\r\n")}) {
    for (std::size_t size = 0; size < input.size(); ++size) {
      const Parsed parsed = Parse(ByteView(input).substr(0, size));
      EXPECT_EQ(parsed.error, "") << size;
      EXPECT_EQ(parsed.parse.consumed, 0U) << size;
      EXPECT_GT(parsed.parse.needed, size);
      EXPECT_LE(parsed.parse.needed, input.size()) << size;
    }
    EXPECT_EQ(Parse(input).parse.consumed, input.size());
  }
}

TEST(RespParseTest, APipelineIsTheSameAtEverySplit) {
  const std::vector<Argv> commands = {{"SET", "k", "v"}, {"PING"}, {"GET", "k"}, {"", ""}};
  Bytes stream;
  for (const Argv& argv : commands) stream += Command(argv);
  stream += "INLINE 'x y'\n";
  for (std::size_t split = 0; split <= stream.size(); ++split) {
    std::vector<Argv> seen;
    std::size_t at = 0;
    for (const std::size_t end : {split, stream.size()}) {
      for (;;) {
        const Parsed parsed = Parse(ByteView(stream).substr(at, end - at));
        ASSERT_EQ(parsed.error, "") << split;
        if (parsed.parse.consumed == 0) break;
        seen.push_back(parsed.argv);
        at += parsed.parse.consumed;
      }
    }
    ASSERT_EQ(seen.size(), 5U) << split;
    EXPECT_TRUE(std::equal(commands.begin(), commands.end(), seen.begin())) << split;
    EXPECT_EQ(seen.back(), (Argv{"INLINE", "x y"}));
    EXPECT_EQ(at, stream.size());
  }
}

TEST(RespParseTest, AKnownBulkLengthIsAskedForExactly) {
  const Bytes whole = Command({"SET", "k", std::string(100'000, 'v')});
  for (const std::size_t size : {31U, 32U, 50'000U}) {
    EXPECT_EQ(Parse(ByteView(whole).substr(0, size)).parse.needed, whole.size()) << size;
  }
}

TEST(RespParseTest, ALongArgumentListArrivingInPiecesIsScannedAFewTimes) {
  const Bytes whole = Command(Argv(20'000, "argument"));
  std::size_t scanned = 0;  // Bytes, if the sender lets us wait for each one that we ask for.
  std::size_t size = 1;
  while (true) {
    scanned += size;
    const Parsed parsed = Parse(ByteView(whole).substr(0, size));
    ASSERT_EQ(parsed.error, "");
    if (parsed.parse.consumed > 0) break;
    ASSERT_LE(parsed.parse.needed, whole.size());
    size = parsed.parse.needed;
  }
  EXPECT_LT(scanned, 20 * whole.size());
}

TEST(RespParseTest, CommandsWithoutArgumentsAreConsumed) {
  for (const char* input : {"*0\r\n", "*-1\r\n", "*-10\r\n", "\r\n", "\n", "  \r\n"}) {
    const Parsed parsed = Parse(input);
    EXPECT_EQ(parsed.error, "") << input;
    EXPECT_EQ(parsed.parse.consumed, ByteView(input).size()) << input;
    EXPECT_TRUE(parsed.argv.empty()) << input;
  }
}

TEST(RespParseTest, ErrorsAreRedisOwnWords) {
  const struct {
    const char* input;
    const char* error;
  } cases[] = {
      {"*x\r\n", "Protocol error: invalid multibulk length"},
      {"*\r\n", "Protocol error: invalid multibulk length"},
      {"*+1\r\n", "Protocol error: invalid multibulk length"},
      {"*01\r\n", "Protocol error: invalid multibulk length"},
      {"*-0\r\n", "Protocol error: invalid multibulk length"},
      {"*1 \r\n", "Protocol error: invalid multibulk length"},
      {"*3000000000\r\n", "Protocol error: invalid multibulk length"},
      {"*99999999999999999999999\r\n", "Protocol error: invalid multibulk length"},
      {"*1\rx", "Protocol error: invalid multibulk length"},
      {"*1\r\nfoo\r\n", "Protocol error: expected '$', got 'f'"},
      {"*2\r\n$1\r\nx\r\n:1\r\n", "Protocol error: expected '$', got ':'"},
      {"*1\r\n$-1\r\n", "Protocol error: invalid bulk length"},
      {"*1\r\n$x\r\n", "Protocol error: invalid bulk length"},
      {"*1\r\n$\r\n", "Protocol error: invalid bulk length"},
      {"*1\r\n$2000000000\r\n", "Protocol error: invalid bulk length"},
      {"*1\r\n$1\r\nabc", "Protocol error: expected CRLF behind a bulk"},
      {"*1\r\n$1\r\nab\n", "Protocol error: expected CRLF behind a bulk"},
      {"*1\r\n$1\r\na\r\r", "Protocol error: expected CRLF behind a bulk"},
      {"GET \"k\r\n", "Protocol error: unbalanced quotes in request"},
  };
  for (const auto& c : cases) EXPECT_EQ(Parse(c.input).error, c.error) << c.input;
}

TEST(RespParseTest, AnErrorStaysTheSameWhateverFollows) {
  for (const Bytes input : {"*x\r\n", "*2\r\n$1\r\nx\r\nfoo\r\n", "*1\r\n$-1\r\n", "a 'b\r\n"}) {
    std::string first_error;
    for (std::size_t size = 0; size <= input.size(); ++size) {
      const Parsed parsed = Parse(ByteView(input).substr(0, size));
      EXPECT_EQ(parsed.parse.consumed, 0U);
      if (first_error.empty()) first_error = parsed.error;
      EXPECT_EQ(parsed.error, first_error) << size;
    }
    EXPECT_NE(first_error, "") << input;
  }
}

TEST(RespParseTest, TheArgumentCountIsLimited) {
  const std::string at_limit = "*" + std::to_string(limits::kRespArgumentsMax) + "\r\n";
  EXPECT_EQ(Parse(at_limit).error, "");
  const std::string over = "*" + std::to_string(limits::kRespArgumentsMax + 1) + "\r\n";
  EXPECT_EQ(Parse(over).error, "Protocol error: invalid multibulk length");
}

TEST(RespParseTest, ABulkLengthIsLimited) {
  const auto with_bulk = [](std::size_t size) { return "*1\r\n$" + std::to_string(size) + "\r\n"; };
  const std::size_t overhead = with_bulk(limits::kRespCommandSizeMax).size() + 2;
  EXPECT_EQ(Parse(with_bulk(limits::kRespCommandSizeMax - overhead)).error, "");
  EXPECT_EQ(Parse(with_bulk(limits::kRespCommandSizeMax - overhead + 1)).error,
            "Protocol error: command too large");
  EXPECT_EQ(Parse(with_bulk(limits::kRespCommandSizeMax + 1)).error,
            "Protocol error: invalid bulk length");
}

TEST(RespParseTest, AWholeCommandIsLimitedHoweverItIsCut) {
  const Bytes half(limits::kValueSizeMax, 'v');
  Bytes input = "*3\r\n$" + std::to_string(half.size()) + "\r\n" + half + "\r\n$" +
                std::to_string(half.size()) + "\r\n";
  EXPECT_EQ(Parse(input).error, "Protocol error: command too large");
}

TEST(RespParseTest, AHeaderWithoutEndIsLimited) {
  const Bytes digits = Repeat("1", limits::kRespInlineSizeMax - 1);
  EXPECT_EQ(Parse("*" + digits).error, "");
  EXPECT_EQ(Parse("*" + digits + "1").error, "Protocol error: too big mbulk count string");
  EXPECT_EQ(Parse("*1\r\n$" + digits).error, "");
  EXPECT_EQ(Parse("*1\r\n$" + digits + "1").error, "Protocol error: too big bulk count string");
}

TEST(RespParseTest, AnInlineLineIsLimited) {
  const Bytes at_limit(limits::kRespInlineSizeMax, 'a');
  EXPECT_EQ(Parse(at_limit).error, "");
  EXPECT_EQ(Parse(at_limit + "\n").parse.consumed, at_limit.size() + 1);
  EXPECT_EQ(Parse(at_limit + "a").error, "Protocol error: too big inline request");
  EXPECT_EQ(Parse(at_limit + "a\n").error, "Protocol error: too big inline request");
}

TEST(RespParseTest, InlineCommandsEndWithLfOrCrLf) {
  EXPECT_EQ(Parse("GET k\n").argv, (Argv{"GET", "k"}));
  EXPECT_EQ(Parse("GET k\r\nrest").argv, (Argv{"GET", "k"}));
  EXPECT_EQ(Parse("GET k\r\nrest").parse.consumed, 7U);
}

}  // namespace
}  // namespace aegis::wire
