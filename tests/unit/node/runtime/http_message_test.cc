#include "node/runtime/http_message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace aegis::node {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr char kRequest[] =
    "GET /metrics?name=up HTTP/1.1\r\nHost: node1:8080\r\nAccept: text/plain\r\n\r\n";

Result<HttpRequest> Parsed(std::string_view text) {
  HttpRequestParser parser;
  const auto taken = parser.Take(text);
  if (!taken.ok()) return taken.error();
  if (!taken.value().complete) return Error{ErrorCode::kInvalid, "not complete"};
  return parser.request();
}

TEST(HttpRequestParserTest, SplitsTheTarget) {
  const HttpRequest request = Parsed(kRequest).value();
  EXPECT_EQ(request.method, "GET");
  EXPECT_EQ(request.path, "/metrics");
  EXPECT_EQ(request.query, "name=up");
  EXPECT_EQ(request.version, 11U);
  EXPECT_TRUE(request.keep_alive);
  EXPECT_TRUE(request.has_host);
  EXPECT_FALSE(request.has_body);
}

TEST(HttpRequestParserTest, ReadsTheSameInEverySplit) {
  const std::string_view text = kRequest;
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    HttpRequestParser parser;
    auto taken = parser.Take(text.substr(0, cut));
    ASSERT_TRUE(taken.ok()) << cut;
    ASSERT_EQ(taken.value().complete, cut == text.size()) << cut;
    if (taken.value().complete) continue;
    const auto rest = text.substr(taken.value().consumed);
    taken = parser.Take(rest);
    ASSERT_TRUE(taken.ok() && taken.value().complete) << cut;
    EXPECT_EQ(taken.value().consumed, rest.size());
    EXPECT_EQ(parser.request().path, "/metrics");
  }
}

TEST(HttpRequestParserTest, ReadsTheSameByteByByte) {
  HttpRequestParser parser;
  std::string input;
  bool complete = false;
  for (const char c : std::string_view(kRequest)) {
    ASSERT_FALSE(complete);
    input += c;
    const auto taken = parser.Take(input);
    ASSERT_TRUE(taken.ok());
    input.erase(0, taken.value().consumed);
    complete = taken.value().complete;
  }
  EXPECT_TRUE(complete);
  EXPECT_TRUE(input.empty());
}

TEST(HttpRequestParserTest, LeavesWhatFollows) {
  HttpRequestParser parser;
  const auto taken = parser.Take(std::string(kRequest) + "GET / HTTP/1.1\r\n");
  EXPECT_EQ(taken.value().consumed, std::string_view(kRequest).size());
}

TEST(HttpRequestParserTest, KeepsAliveAsTheVersionAndTheClientSay) {
  EXPECT_FALSE(Parsed("GET / HTTP/1.0\r\n\r\n").value().keep_alive);
  EXPECT_TRUE(Parsed("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").value().keep_alive);
  EXPECT_FALSE(Parsed("GET / HTTP/1.1\r\nConnection: close\r\n\r\n").value().keep_alive);
}

TEST(HttpRequestParserTest, SeesABodyWhateverItsForm) {
  EXPECT_TRUE(Parsed("POST / HTTP/1.1\r\nContent-Length: 1\r\n\r\n").value().has_body);
  EXPECT_TRUE(Parsed("POST / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n").value().has_body);
  EXPECT_TRUE(Parsed("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n").value().has_body);
  EXPECT_FALSE(Parsed("POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n").value().has_body);
}

TEST(HttpRequestParserTest, ReadsTheAbsoluteFormOfATarget) {
  EXPECT_EQ(Parsed("GET http://a:1/health?x HTTP/1.1\r\n\r\n").value().path, "/health");
  EXPECT_EQ(Parsed("GET http://a:1 HTTP/1.1\r\n\r\n").value().path, "/");
  EXPECT_EQ(Parsed("GET /a://b HTTP/1.1\r\n\r\n").value().path, "/a://b");
}

TEST(HttpRequestParserTest, RefusesWhatIsNotHttp) {
  for (const std::string_view text :
       {"\x16\x03\x01\x02\r\n\r\n", "GET\r\n\r\n", "GET /\r\n\r\n", "GET / HTTP/9.9\r\n\r\n",
        "GET / HTTP/1.1\r\nno colon\r\n\r\n", "GET / HTTP/1.1\r\n: no name\r\n\r\n",
        "GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        "GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "*2\r\n$4\r\nPING\r\n\r\n"}) {
    const auto request = Parsed(text);
    ASSERT_FALSE(request.ok()) << text;
    EXPECT_EQ(request.error().code, ErrorCode::kMalformed) << text;
  }
}

TEST(HttpRequestParserTest, HeaderIsLimitedHoweverItComes) {
  const auto header_of = [](std::size_t size) {
    const std::string start = "GET / HTTP/1.1\r\n";
    return start + "A: " + std::string(size - start.size() - 7, 'a') + "\r\n\r\n";
  };
  EXPECT_TRUE(Parsed(header_of(kHttpHeaderSizeMax)).ok());
  EXPECT_EQ(Parsed(header_of(kHttpHeaderSizeMax + 1)).error().code, ErrorCode::kTooLarge);

  // Many short lines, one at a time.
  HttpRequestParser parser;
  std::string input = "GET / HTTP/1.1\r\n";
  std::size_t sent = 0;
  for (;;) {
    const auto taken = parser.Take(input);
    if (!taken.ok()) {
      EXPECT_EQ(taken.error().code, ErrorCode::kTooLarge);
      break;
    }
    ASSERT_LE(sent, 2 * kHttpHeaderSizeMax);
    input.erase(0, taken.value().consumed);
    input += "a: b\r\n";
    sent += 6;
  }
}

TEST(HttpRequestParserTest, EndlessLineIsRefused) {
  HttpRequestParser parser;
  EXPECT_EQ(parser.Take("GET /" + std::string(kHttpHeaderSizeMax, 'a')).error().code,
            ErrorCode::kTooLarge);
}

TEST(HttpResponseTest, IsWholeAndToldItsLength) {
  const Bytes bytes = SerializeHttpResponse({200, "text/plain", "ok\n", {}}, false, true);
  EXPECT_THAT(bytes, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(bytes, HasSubstr("\r\nContent-Type: text/plain\r\n"));
  EXPECT_THAT(bytes, HasSubstr("\r\nContent-Length: 3\r\n"));
  EXPECT_THAT(bytes, HasSubstr("\r\nConnection: keep-alive\r\n"));
  EXPECT_THAT(bytes, EndsWith("\r\n\r\nok\n"));
}

TEST(HttpResponseTest, ToHeadHasTheLengthButNotTheBody) {
  const Bytes bytes = SerializeHttpResponse({200, "text/plain", "ok\n", {}}, true, true);
  EXPECT_THAT(bytes, AllOf(HasSubstr("\r\nContent-Length: 3\r\n"), EndsWith("\r\n\r\n")));
}

TEST(HttpResponseTest, SaysThatTheConnectionClosesAndWhichMethodsThereAre) {
  EXPECT_THAT(SerializeHttpResponse({405, "text/plain", "", "GET"}, false, false),
              AllOf(StartsWith("HTTP/1.1 405 Method Not Allowed\r\n"),
                    HasSubstr("\r\nAllow: GET\r\n"), HasSubstr("\r\nConnection: close\r\n")));
  EXPECT_THAT(SerializeHttpResponse({}, false, true), Not(HasSubstr("Allow:")));
}

TEST(HttpResponseTest, LargeBodiesAreWhole) {
  const std::string body(3 << 20, 'b');
  EXPECT_THAT(SerializeHttpResponse({200, "text/plain", body, {}}, false, true).size(),
              testing::Gt(body.size()));
}

}  // namespace
}  // namespace aegis::node
