#include "node/runtime/join_watch.h"

#include <algorithm>
#include <chrono>
#include <utility>
#include <variant>

#include "base/log.h"
#include "gossip/codec.h"
#include "gossip/options.h"
#include "node/runtime/clocks.h"

namespace aegis::node {

namespace {

constexpr auto kLookInterval = std::chrono::seconds(1);

// Why an exchange with `with` did not make this node a member; empty if it may have.
std::string WhatIsWrong(const Endpoint& with, const Result<Bytes>& reply, const Member& self) {
  if (!reply.ok()) return reply.error().message;
  const auto answer = gossip::DecodeAnswer(reply.value());
  if (!answer.ok()) return with.ToString() + ": what answers there is not a gossip port";
  const gossip::Sender& sender = answer.value().sender;
  if (sender.id == self.id && sender.session == self.session) {
    return with.ToString() + ": this node itself answers there";
  }
  const auto* const refusal = std::get_if<gossip::Refusal>(&answer.value().body);
  return refusal == nullptr ? "" : with.ToString() + ": " + refusal->message;
}

}  // namespace

JoinWatch::JoinWatch(ControlLoop& control, std::vector<Endpoint> seeds,
                     std::uint32_t bootstrap_expect)
    : control_(control), report_(std::move(seeds), bootstrap_expect), timer_(control.io()) {}

void JoinWatch::Start() {
  control_.SetExchangeListener([this](const Endpoint& with, const Result<Bytes>& reply) {
    if (!report_.over()) OnExchange(with, reply);
  });
  // Every seed that was asked at once has answered by then, or has been given up.
  LookIn(gossip::Options().stream_timeout + std::chrono::milliseconds(200));
}

void JoinWatch::OnExchange(const Endpoint& with, const Result<Bytes>& reply) {
  std::string wrong = WhatIsWrong(with, reply, control_.control().swim().self());
  if (wrong.empty()) {
    report_.OnAnswer(with);
  } else {
    report_.OnFailure(with, std::move(wrong), SteadyNow());
  }
}

void JoinWatch::LookIn(Duration delay) {
  timer_.expires_after(delay);
  timer_.async_wait([this](const asio::error_code& error) {
    if (!error) Look();
  });
}

void JoinWatch::Look() {
  const gossip::Swim& swim = control_.control().swim();
  const std::vector<Member> members = swim.members();
  const JoinState state{.joined = swim.joined(),
                        .born = control_.control().born(),
                        .live = static_cast<std::size_t>(
                            std::count_if(members.begin(), members.end(), gossip::IsLive))};
  for (const JoinReport::Line& line : report_.Look(state, SteadyNow())) {
    if (line.level == LogLevel::kWarn) {
      AEGIS_LOG(kWarn, "node", "{}", line.text);
    } else {
      AEGIS_LOG(kInfo, "node", "{}", line.text);
    }
  }
  if (!report_.over()) LookIn(kLookInterval);
}

}  // namespace aegis::node
