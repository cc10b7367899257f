// NodeOrders: what an operator has one node do through its --health-addr.
//
// A node does not answer late: it says that an order is under way, and to whoever asks again, which
// changes nothing, how far it is. So each order is given until it is done or the time is over.

#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <utility>

#include "aegis/result.h"
#include "base/result.h"
#include "cli/http_post.h"

namespace aegis::cli {

class NodeOrders {
 public:
  using Deadline = std::chrono::steady_clock::time_point;
  // How the node is reached.
  struct Ways {
    std::function<Result<HttpAnswer>(const std::string& path)> post;
    std::function<bool(Deadline)> pause;  // Before asking again. False: it is too late for that.
  };
  // Whoever gives the order is told what it risks. False: it is not to be carried out.
  using Confirm = std::function<bool(const std::string& risks)>;

  // By HTTP. Errors: kInvalid: that is no address.
  static Expected<NodeOrders> To(const std::string& address, std::chrono::milliseconds timeout);
  NodeOrders(std::string address, std::chrono::milliseconds timeout, Ways ways)
      : address_(std::move(address)), timeout_(timeout), ways_(std::move(ways)) {}

  // Each returns what the node says when it is done. Errors: kUnavailable: nobody answers there;
  // kInvalid: whoever does is no node; kTimeout: it goes on, but is not done yet.

  // The node hands over all that it leads.
  Expected<std::string> Drain() const;
  // An order that may lose something. Asks twice: for what it risks, and, with `confirmation` added
  // to the path, to do it. Errors, besides: kInvalid: the node refuses, or it was not confirmed;
  // kUnknownOutcome: it may have been done; asking again, or /ready, tells.
  Expected<std::string> Give(const std::string& path, const std::string& confirmation,
                             const Confirm& confirm) const;

 private:
  Result<HttpAnswer> Post(const std::string& path) const;
  Deadline FromNow() const { return std::chrono::steady_clock::now() + timeout_; }
  ClientError NotDone(const HttpAnswer& answer) const;

  std::string address_;
  std::chrono::milliseconds timeout_;
  Ways ways_;
};

}  // namespace aegis::cli
