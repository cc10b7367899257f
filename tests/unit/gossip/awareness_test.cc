#include "gossip/awareness.h"

#include <gtest/gtest.h>

#include <chrono>

namespace aegis::gossip {
namespace {

using namespace std::chrono_literals;

TEST(AwarenessTest, HealthyNodeUsesTimeoutsAsTheyAre) {
  EXPECT_EQ(Awareness(8).Scale(500ms), 500ms);
}

TEST(AwarenessTest, TimeoutsGrowWithEveryDoubtUpToTheMaximum) {
  Awareness awareness(8);
  awareness.Worsen(3);
  EXPECT_EQ(awareness.Scale(500ms), 2s);
  awareness.Worsen(100);
  EXPECT_EQ(awareness.score(), 7);
  EXPECT_EQ(awareness.Scale(500ms), 4s);
}

TEST(AwarenessTest, SuccessHealsStepByStepAndNeverBeyondWell) {
  Awareness awareness(8);
  awareness.Worsen(2);
  awareness.Improve();
  EXPECT_EQ(awareness.score(), 1);
  awareness.Improve();
  awareness.Improve();
  EXPECT_EQ(awareness.score(), 0);
}

}  // namespace
}  // namespace aegis::gossip
