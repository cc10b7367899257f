#include "node/core/control_log.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "consensus/configuration.h"
#include "control/command.h"
#include "lease/voter.h"

namespace aegis::node {
namespace {

using consensus::Entry;
using consensus::EntryType;
using consensus::ServerId;
using consensus::ServerRole;

constexpr NodeId kSelf{7};
constexpr lease::Request kAsked{.holder = {kSelf, Session{70}}, .number = 1};
constexpr TimePoint kNow{std::chrono::hours(1)};

// What this node makes of a log in which it is the only voter, as server 1, when it is server
// `self` now.
lease::Verdict VerdictAs(ServerId self) {
  consensus::Persisted persisted;
  const auto append = [&](EntryType type, Bytes data) {
    persisted.entries.push_back({{persisted.entries.size() + 1, 1}, type, std::move(data)});
  };
  append(EntryType::kConfiguration, consensus::EncodeServers({{ServerId{1}, ServerRole::kVoter}}));
  append(EntryType::kCommand,
         control::Encode(control::Birth{{.id = ClusterId{5}, .num_shards = 1}}));
  control::Register command;
  command.node = kSelf;
  command.session = kAsked.holder.session;
  command.memory = Session{71};
  command.server = 1;
  command.name = "node7";
  append(EntryType::kCommand, control::Encode(command));
  persisted.hard_state.term = 1;

  lease::Voter voter(kSelf, kNow);
  ControlLog log(kSelf, self, persisted, {}, voter, Rng(1), kNow);
  AgreementEffects effects;
  log.Start(kNow, effects);
  Push push;  // What is committed, it hears from the leader.
  push.term = 1;
  push.entries = persisted.entries;
  log.OnPush(NodeId{8}, push, effects);
  return voter.OnRequest(kAsked, kNow).verdict;
}

TEST(ControlLogTest, AVoterGrants) { EXPECT_EQ(VerdictAs(ServerId{1}), lease::Verdict::kGranted); }

// Its directory was emptied, and it reads the log anew, from the beginning: a configuration in it
// names this node as it was, and the fences that came later it has not read yet.
TEST(ControlLogTest, AnotherMemberOfTheSameNodeDoesNot) {
  EXPECT_EQ(VerdictAs(ServerId{2}), lease::Verdict::kNotVoter);
}

}  // namespace
}  // namespace aegis::node
