#include "node/runtime/http_message.h"

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/buffers_range.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/serializer.hpp>
#include <boost/beast/http/string_body.hpp>
#include <string_view>
#include <utility>

namespace aegis::node {

namespace http = boost::beast::http;

struct HttpRequestParser::Beast {
  http::request_parser<http::empty_body> parser;
};

HttpRequestParser::HttpRequestParser() : beast_(std::make_unique<Beast>()) {
  beast_->parser.header_limit(kHttpHeaderSizeMax);
}

HttpRequestParser::~HttpRequestParser() = default;
HttpRequestParser::HttpRequestParser(HttpRequestParser&&) noexcept = default;
HttpRequestParser& HttpRequestParser::operator=(HttpRequestParser&&) noexcept = default;

Result<HttpRequestParser::Taken> HttpRequestParser::Take(ByteView input) {
  const auto too_large = [] {
    return Error{ErrorCode::kTooLarge, "a request's header may have at most " +
                                           std::to_string(kHttpHeaderSizeMax) + " bytes"};
  };
  Taken taken;
  // Beast limits only what it sees at once, and it may take the header line by line.
  const ByteView allowed = input.substr(0, kHttpHeaderSizeMax - taken_);
  boost::beast::error_code error;
  taken.consumed = beast_->parser.put(boost::asio::buffer(allowed.data(), allowed.size()), error);
  taken_ += taken.consumed;
  if (error == http::error::header_limit) return too_large();
  if (error && error != http::error::need_more) {
    // A body that is announced is refused by the server; here only the header matters.
    if (error != http::error::body_limit) {
      return Error{ErrorCode::kMalformed, "not an HTTP request: " + error.message()};
    }
  }
  taken.complete = beast_->parser.is_header_done() || error == http::error::body_limit;
  if (!taken.complete && allowed.size() < input.size()) return too_large();
  return taken;
}

HttpRequest HttpRequestParser::request() const {
  const auto& parser = beast_->parser;
  const auto& header = parser.get();
  HttpRequest request;
  request.method = std::string(header.method_string());
  request.by_page = header.count("Origin") > 0 || header.count("Sec-Fetch-Site") > 0;
  request.version = header.version();
  request.keep_alive = header.keep_alive();
  request.has_host = header.count(http::field::host) == 1;
  request.has_body = parser.chunked() || header.count(http::field::content_length) > 0;
  if (request.has_body && !parser.chunked()) {
    request.has_body = header[http::field::content_length] != "0";
  }
  std::string target(header.target());
  if (const auto scheme = target.find("://"); scheme != std::string::npos && target[0] != '/') {
    // The absolute form, as sent to proxies (RFC 9112, 3.2.2).
    const auto path = target.find('/', scheme + 3);
    target = path == std::string::npos ? "/" : target.substr(path);
  }
  const auto question = target.find('?');
  request.path = target.substr(0, question);
  if (question != std::string::npos) request.query = target.substr(question + 1);
  return request;
}

Bytes SerializeHttpResponse(const HttpResponse& response, bool head, bool keep_alive) {
  http::response<http::string_body> message(static_cast<http::status>(response.status), 11,
                                            response.body);
  message.set(http::field::content_type, response.content_type);
  message.set(http::field::cache_control, "no-store");
  message.set("X-Content-Type-Options", "nosniff");
  if (!response.allow.empty()) message.set(http::field::allow, response.allow);
  message.keep_alive(keep_alive);
  // Clients that speak HTTP/1.0 need to be told; for the others it is what they expect anyway.
  if (keep_alive) message.set(http::field::connection, "keep-alive");
  message.content_length(response.body.size());

  http::response_serializer<http::string_body> serializer(message);
  serializer.split(true);
  Bytes bytes;
  const auto append = [&](auto& error, const auto& buffers) {
    error = {};
    std::size_t size = 0;
    for (const auto buffer : boost::beast::buffers_range_ref(buffers)) {
      bytes.append(static_cast<const char*>(buffer.data()), buffer.size());
      size += buffer.size();
    }
    serializer.consume(size);
  };
  boost::beast::error_code error;
  while (!error && !serializer.is_done() && !(head && serializer.is_header_done())) {
    serializer.next(error, append);
  }
  return bytes;
}

}  // namespace aegis::node
