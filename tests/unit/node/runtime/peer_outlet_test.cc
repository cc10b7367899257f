#include "node/runtime/peer_outlet.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace aegis::node {
namespace {

TEST(PeerOutletTest, OnlyTheFirstMarkSinceTheLinkLookedWakesIt) {
  int wakes = 0;
  PeerOutlet outlet(NodeId{2}, 64, [&] { ++wakes; });
  outlet.Mark(ShardId{1});
  outlet.Mark(ShardId{2});
  EXPECT_EQ(wakes, 1);
  outlet.dirty().Sleep();
  outlet.Mark(ShardId{1});
  EXPECT_EQ(wakes, 2);
}

TEST(PeerOutletsTest, ThreadsThatMeetMakeOneOutletPerPeer) {
  PeerOutlets outlets;
  constexpr std::uint64_t kPeers = 600;  // More than buckets.
  std::vector<std::vector<PeerOutlet*>> seen(4);
  std::vector<std::thread> threads;
  for (auto& mine : seen) {
    threads.emplace_back([&] {
      for (std::uint64_t peer = 1; peer <= kPeers; ++peer) {
        mine.push_back(&outlets.FindOrMake(
            NodeId{peer}, [&] { return std::make_unique<PeerOutlet>(NodeId{peer}, 1, [] {}); }));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const auto& mine : seen) EXPECT_EQ(mine, seen.front());
  for (std::uint64_t peer = 1; peer <= kPeers; ++peer) {
    EXPECT_EQ(outlets.Find(NodeId{peer})->peer(), NodeId{peer});
  }
  EXPECT_EQ(outlets.Find(NodeId{kPeers + 1}), nullptr);
}

}  // namespace
}  // namespace aegis::node
