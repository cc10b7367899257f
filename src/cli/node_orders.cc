#include "cli/node_orders.h"

#include <thread>
#include <utility>

#include "model/endpoint.h"

namespace aegis::cli {
namespace {

constexpr int kDone = 200;
constexpr int kUnderWay = 202;
constexpr int kRefused = 409;
constexpr int kAsksForConfirmation = 428;

bool PauseBefore(NodeOrders::Deadline deadline) {
  constexpr auto kAskAgain = std::chrono::milliseconds(100);
  if (std::chrono::steady_clock::now() + kAskAgain > deadline) return false;
  std::this_thread::sleep_for(kAskAgain);
  return true;
}

bool IsUnderWay(const Result<HttpAnswer>& answer) {
  return answer.ok() && answer.value().status == kUnderWay;
}

}  // namespace

Expected<NodeOrders> NodeOrders::To(const std::string& address, std::chrono::milliseconds timeout) {
  const Result<Endpoint> endpoint = ParseEndpoint(address);
  if (!endpoint.ok()) return ClientError{Errc::kInvalid, endpoint.error().message};
  const auto post = [to = endpoint.value(), timeout](const std::string& path) {
    return HttpPost(to, path, timeout);
  };
  return NodeOrders(address, timeout, {.post = post, .pause = PauseBefore});
}

Result<HttpAnswer> NodeOrders::Post(const std::string& path) const {
  Result<HttpAnswer> answer = ways_.post(path);
  if (answer.ok()) {
    std::string& said = answer.value().body;
    while (said.ends_with('\n')) said.pop_back();
  }
  return answer;
}

ClientError NodeOrders::NotDone(const HttpAnswer& answer) const {
  if (answer.status == kUnderWay) {
    return {Errc::kTimeout, "it goes on, but is not done yet: " + answer.body};
  }
  return {Errc::kInvalid, address_ + " is no node's --health-addr: " +
                              std::to_string(answer.status) + " " + answer.body};
}

Expected<std::string> NodeOrders::Drain() const {
  const Deadline deadline = FromNow();
  Result<HttpAnswer> answer = Post("/drain");
  while (IsUnderWay(answer) && ways_.pause(deadline)) answer = Post("/drain");
  if (!answer.ok()) return ClientError{Errc::kUnavailable, answer.error().message};
  if (answer.value().status != kDone) return NotDone(answer.value());
  return std::move(answer.value().body);
}

Expected<std::string> NodeOrders::Give(const std::string& path, const std::string& confirmation,
                                       const Confirm& confirm) const {
  Result<HttpAnswer> answer = Post(path);
  if (answer.ok() && answer.value().status == kAsksForConfirmation) {
    if (!confirm(answer.value().body)) {
      return ClientError{Errc::kInvalid, "not confirmed: nothing was done"};
    }
    const Deadline deadline = FromNow();
    do {
      answer = Post(path + confirmation);
    } while (IsUnderWay(answer) && ways_.pause(deadline));
    if (!answer.ok()) return ClientError{Errc::kUnknownOutcome, answer.error().message};
  }
  if (!answer.ok()) return ClientError{Errc::kUnavailable, answer.error().message};
  HttpAnswer& last = answer.value();
  if (last.status == kRefused) return ClientError{Errc::kInvalid, std::move(last.body)};
  if (last.status != kDone) return NotDone(last);
  return std::move(last.body);
}

}  // namespace aegis::cli
