// HTTP/1.x messages as bytes: requests without a body in, responses out.
//
// The parsing and serializing is Boost.Beast's; nothing of Boost shows outside http_message.cc.

#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/result.h"

namespace aegis::node {

inline constexpr std::size_t kHttpHeaderSizeMax = 8 * 1024;  // Larger: 431, close.

struct HttpRequest {
  std::string method;
  std::string path;  // Without the query; not percent-decoded.
  std::string query;
  unsigned version = 11;
  bool keep_alive = false;
  bool has_host = false;
  bool has_body = false;  // Its bytes follow and were not taken.
  bool by_page = false;   // A browser says that a page sends it.
};

struct HttpResponse {
  unsigned status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
  std::string allow = {};  // The methods that exist, for 405.
};

// Parses one request, in whatever pieces it comes.
class HttpRequestParser {
 public:
  HttpRequestParser();
  ~HttpRequestParser();
  HttpRequestParser(HttpRequestParser&&) noexcept;
  HttpRequestParser& operator=(HttpRequestParser&&) noexcept;

  struct Taken {
    std::size_t consumed = 0;  // From the front of the input; what is left is to be given again.
    bool complete = false;     // request() may be asked; parse no more with this object.
  };
  // Errors: kMalformed (400), kTooLarge (431); the connection is of no use any more.
  Result<Taken> Take(ByteView input);

  // REQUIRES: Take() said complete.
  HttpRequest request() const;

 private:
  struct Beast;
  std::unique_ptr<Beast> beast_;
  std::size_t taken_ = 0;
};

// For HTTP/1.0 and 1.1. `head`: without the body, but with its length.
Bytes SerializeHttpResponse(const HttpResponse& response, bool head, bool keep_alive);

}  // namespace aegis::node
