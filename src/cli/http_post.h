// HttpPost: one request to a node's --health-addr.

#pragma once

#include <chrono>
#include <string>

#include "base/result.h"
#include "model/endpoint.h"

namespace aegis::cli {

struct HttpAnswer {
  int status = 0;
  std::string body;
};

// POST without a body, on a connection of its own. Waits `timeout` for each step of it. Errors:
// kUnavailable: nobody answers there; kMalformed: whoever does speaks no HTTP.
Result<HttpAnswer> HttpPost(const Endpoint& address, const std::string& path,
                            std::chrono::milliseconds timeout);

}  // namespace aegis::cli
