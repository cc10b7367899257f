#include "bench/trace/replay.h"

#include <gtest/gtest.h>

#include "bench/trace/presets.h"
#include "bench/trace/reference_lru.h"
#include "bench/trace/store_cache.h"

namespace aegis::bench {
namespace {

Trace Small() { return Generate(Presets().front(), 20'000, 1); }

Policy Named(const std::string& name) {
  for (const Policy& policy : Policies()) {
    if (policy.name == name) return policy;
  }
  ADD_FAILURE() << name;
  return Policies().front();
}

TEST(ReplayTest, EachFigureIsThatOfACacheByItself) {
  const Trace trace = Small();
  const TraceFigures figures = Replay(trace, Policies(), {0.01, 0.1}, 3).value();
  EXPECT_EQ(figures.accesses, 20'000U);
  EXPECT_EQ(figures.objects, trace.objects);
  EXPECT_EQ(figures.without_limit, HitsWithoutLimit(trace));
  ASSERT_EQ(figures.capacities.size(), 2U);
  for (const CapacityFigures& at : figures.capacities) {
    EXPECT_EQ(at.capacity, CapacityOf(trace, at.fraction));
    EXPECT_EQ(at.bound, OptimalBound(trace).At(at.capacity));
    ASSERT_EQ(at.by_policy.size(), Policies().size());
    for (std::size_t p = 0; p < Policies().size(); ++p) {
      const Policy& policy = Policies()[p];
      EXPECT_EQ(at.by_policy[p], ReplayOne(trace, *policy.make(trace, at.capacity, 3)))
          << policy.name;
    }
  }
}

TEST(ReplayTest, BaselineIsThereWhateverWasChosen) {
  const Trace trace = Small();
  const TraceFigures figures = Replay(trace, {Named("textbook-random")}, {0.1}, 3).value();
  ReferenceLru lru(trace.objects, CapacityOf(trace, 0.1));
  EXPECT_EQ(figures.capacities[0].baseline, ReplayOne(trace, lru));
  EXPECT_NE(figures.capacities[0].baseline, figures.capacities[0].by_policy[0]);
}

TEST(ReplayTest, StoreThatWouldTakeTooMuchMemoryIsRefused) {
  Trace trace;
  trace.name = "large";
  trace.objects = 2;
  trace.accesses = {0, 1};
  trace.sizes = {0xffffffff, 0xffffffff};
  const auto refused = Replay(trace, Policies(), {0.01, 0.9}, 1);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().message,
            "large: the store would hold up to 7730941131 bytes, and at most 4294967296 are "
            "allowed; take smaller --capacities, fewer --accesses, only the textbook's "
            "--policies, or --ignore-sizes");
  EXPECT_TRUE(Replay(trace, {Named(kBaseline)}, {0.01, 0.9}, 1).ok());
}

TEST(ReplayTest, TraceWithoutAccessesIsRefused) {
  Trace trace;
  trace.name = "none";
  EXPECT_EQ(Replay(trace, Policies(), {0.1}, 1).error().message, "none has no accesses");
}

}  // namespace
}  // namespace aegis::bench
