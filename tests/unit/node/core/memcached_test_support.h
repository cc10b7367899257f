// A connection for the tests of memcached's commands.

#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "model/limits.h"
#include "node/core/memcached_commands.h"
#include "resp_test_support.h"

namespace aegis::node {

// Commands in, replies or plans out.
class MemcachedTest : public ::testing::Test {
 protected:
  // Translates the request at the front of `input`; its reply, if there is one at once, is in
  // `out`.
  Translation Send(std::string input) {
    input_ = std::move(input);
    const auto parse = wire::ParseMemcachedRequest(input_, request);
    EXPECT_TRUE(parse.ok() && parse.value().consumed > 0) << input_;
    out.clear();
    return TranslateMemcached(request, node, now, unix_now, plan, out);
  }

  // The reply of a command that is answered at once.
  std::string Reply(std::string input) {
    EXPECT_NE(Send(std::move(input)), Translation::kPlanned) << input_;
    return out;
  }

  // The only operation of a command.
  Operation Only(std::string input, MemcachedForm form) {
    EXPECT_EQ(Send(std::move(input)), Translation::kPlanned) << input_ << out;
    EXPECT_EQ(plan.form, form) << input_;
    EXPECT_EQ(plan.operations.size(), 1U) << input_;
    EXPECT_EQ(out, "");
    return plan.operations.empty() ? Operation{} : plan.operations.front();
  }

  // The reply once the operations of the last command had these outcomes.
  std::string Answer(std::vector<Outcome> outcomes) {
    out.clear();
    WriteMemcachedReply(plan, outcomes, unix_now, out);
    return out;
  }
  std::string Answer(std::string input, Outcome outcome) {
    EXPECT_EQ(Send(std::move(input)), Translation::kPlanned) << input_ << out;
    return Answer(std::vector<Outcome>{std::move(outcome)});
  }

  static Outcome Item(ByteView value, std::uint32_t flags = 0, std::uint64_t cas = 9) {
    Outcome outcome;
    outcome.has_value = true;
    outcome.value = value;
    outcome.number = static_cast<std::int64_t>(value.size());
    outcome.client_flags = flags;
    outcome.version = Version::Unpack(cas);
    return outcome;
  }
  static Outcome Number(std::uint64_t number) {
    Outcome outcome;
    outcome.number = static_cast<std::int64_t>(number);
    return outcome;
  }
  static Outcome With(Status status, std::string error = "", std::uint64_t cas = 0) {
    Outcome outcome;
    outcome.status = status;
    outcome.error = std::move(error);
    outcome.version = Version::Unpack(cas);
    return outcome;
  }

  const std::string long_key_ = std::string(limits::kMemcachedKeySizeMax + 1, 'k');
  FakeNode node;
  wire::MemcachedRequest request;
  MemcachedPlan plan;
  Bytes out;
  TimePoint now{std::chrono::hours(1)};
  UnixMs unix_now{1'700'000'000'250};

 private:
  std::string input_;
};

}  // namespace aegis::node
