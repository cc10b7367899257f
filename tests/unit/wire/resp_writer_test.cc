#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>

#include "wire/resp.h"

namespace aegis::wire {
namespace {

template <class Write>
std::string Written(int version, const Write& write) {
  Bytes out;
  RespWriter writer(out, version);
  write(writer);
  return out;
}

// Expects `write` to give `resp2` and `resp3`.
template <class Write>
void ExpectWritten(const std::string& resp2, const std::string& resp3, const Write& write) {
  EXPECT_EQ(Written(2, write), resp2);
  EXPECT_EQ(Written(3, write), resp3);
}

TEST(RespWriterTest, TypesThatBothVersionsShare) {
  ExpectWritten("+OK\r\n", "+OK\r\n", [](auto& w) { w.SimpleString("OK"); });
  ExpectWritten("-ERR no\r\n", "-ERR no\r\n", [](auto& w) { w.Error("ERR no"); });
  ExpectWritten(":-7\r\n", ":-7\r\n", [](auto& w) { w.Integer(-7); });
  ExpectWritten("$5\r\na\r\nb\xff\r\n", "$5\r\na\r\nb\xff\r\n",
                [](auto& w) { w.Bulk("a\r\nb\xff"); });
  ExpectWritten("$0\r\n\r\n", "$0\r\n\r\n", [](auto& w) { w.Bulk(""); });
  ExpectWritten("*2\r\n", "*2\r\n", [](auto& w) { w.Array(2); });
}

TEST(RespWriterTest, Resp2WritesWhatRedisWritesThere) {
  ExpectWritten("$-1\r\n", "_\r\n", [](auto& w) { w.Null(); });
  ExpectWritten("*-1\r\n", "_\r\n", [](auto& w) { w.NullArray(); });
  ExpectWritten("$4\r\ntext\r\n", "=8\r\ntxt:text\r\n", [](auto& w) { w.Verbatim("text"); });
  ExpectWritten(":1\r\n", "#t\r\n", [](auto& w) { w.Boolean(true); });
  ExpectWritten(":0\r\n", "#f\r\n", [](auto& w) { w.Boolean(false); });
  ExpectWritten("*6\r\n", "%3\r\n", [](auto& w) { w.Map(3); });
  ExpectWritten("*3\r\n", "~3\r\n", [](auto& w) { w.Set(3); });
  ExpectWritten("*3\r\n", ">3\r\n", [](auto& w) { w.Push(3); });
  ExpectWritten("$3\r\n1.5\r\n", ",1.5\r\n", [](auto& w) { w.Double(1.5); });
}

TEST(RespWriterTest, ErrorsStayOnOneLine) {
  ExpectWritten("-ERR a  b c\r\n", "-ERR a  b c\r\n", [](auto& w) { w.Error("ERR a\r\nb\nc"); });
}

TEST(RespWriterTest, ExtremeNumbersAreWhole) {
  EXPECT_EQ(Written(2, [](auto& w) { w.Integer(std::numeric_limits<std::int64_t>::min()); }),
            ":-9223372036854775808\r\n");
  EXPECT_EQ(Written(3, [](auto& w) { w.Double(-std::numeric_limits<double>::max()); }),
            ",-1.7976931348623157e+308\r\n");
  EXPECT_EQ(Written(3, [](auto& w) { w.Double(std::numeric_limits<double>::infinity()); }),
            ",inf\r\n");
  EXPECT_EQ(Written(3, [](auto& w) { w.Double(-std::numeric_limits<double>::infinity()); }),
            ",-inf\r\n");
  EXPECT_EQ(Written(3, [](auto& w) { w.Double(-std::nan("")); }), ",nan\r\n");
  EXPECT_EQ(Written(3, [](auto& w) { w.Double(0.1); }), ",0.1\r\n");
}

TEST(RespWriterTest, RepliesAppend) {
  Bytes out = "before";
  RespWriter writer(out, 2);
  writer.Integer(1);
  writer.Error("ERR x");
  EXPECT_EQ(out, "before:1\r\n-ERR x\r\n");
}

}  // namespace
}  // namespace aegis::wire
