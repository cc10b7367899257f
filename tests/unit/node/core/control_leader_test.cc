#include "node/core/control_leader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

#include "control/command.h"
#include "lease/voter.h"

namespace aegis::node {
namespace {

using namespace std::chrono_literals;

constexpr NodeId kSelf{7};
constexpr consensus::ServerId kServer{1};

// The only voter of a log that has just begun.
TEST(ControlLeaderTest, LooksAgainAfterAWhileOrWhenTheStateHasChanged) {
  TimePoint now{1h};
  lease::Voter voter(kSelf, now);
  ControlLog log(kSelf, kServer, consensus::RaftNode::Birth(kServer), {}, voter, Rng(1), now);
  AgreementEffects effects;
  log.Start(now, effects);
  const auto settle = [&] {
    for (int i = 0; i < 1000 && (!effects.disk.empty() || !log.in_charge()); ++i) {
      now = std::max(now + 1ms, std::min(log.wake_up_at(), now + 1s));
      const std::vector<DiskWrite> writes = std::exchange(effects.disk, {});
      for (const DiskWrite& write : writes) log.OnDurable(write.number, now, effects);
      log.Tick(now, effects);
    }
  };
  settle();
  ASSERT_TRUE(log.in_charge());

  ControlLeader leader({}, kSelf, log, voter, now);
  EXPECT_FALSE(leader.PostponesLook(now)) << "there was no look yet";
  leader.Tick({}, now, effects);
  EXPECT_EQ(leader.wake_up_at(), TimePoint::max()) << "nothing came";
  EXPECT_TRUE(leader.PostponesLook(now + 1ms));
  EXPECT_EQ(leader.wake_up_at(), now + 5ms);
  EXPECT_FALSE(leader.PostponesLook(now + 5ms));
  leader.Tick({}, now + 5ms, effects);
  EXPECT_TRUE(leader.PostponesLook(now + 6ms));
  const TimePoint soon = now + 6ms;
  log.Propose(control::Birth{{.id = ClusterId{5}, .num_shards = 1}}, soon, effects);
  settle();
  ASSERT_TRUE(log.state().born());
  EXPECT_FALSE(leader.PostponesLook(soon)) << "the state has changed";
}

}  // namespace
}  // namespace aegis::node
