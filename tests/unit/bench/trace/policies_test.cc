// The textbook policies, against sequences worked out by hand, and what holds of all policies.

#include "bench/trace/policies.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <ostream>
#include <set>
#include <string>
#include <vector>

#include "base/rng.h"
#include "bench/trace/bound.h"
#include "bench/trace/reference_lru.h"
#include "bench/trace/reference_random.h"
#include "bench/trace/reference_s3fifo.h"
#include "bench/trace/reference_sieve.h"
#include "bench/trace/reference_slru.h"
#include "bench/trace/replay.h"

namespace aegis::bench {

void PrintTo(const Policy& policy, std::ostream* out) { *out << policy.name; }
void PrintTo(const Hits& hits, std::ostream* out) { *out << hits.objects << ", " << hits.bytes; }

namespace {

constexpr ObjectId kLetters = 26;

// One letter per object, each of size 1; 'h' for a hit, '.' for a miss.
template <class Reference>
std::string Played(const std::string& letters, std::uint64_t capacity) {
  Reference cache(kLetters, capacity);
  std::string hits;
  for (const char letter : letters) {
    hits += cache.Access(static_cast<ObjectId>(letter - 'A'), 1) ? 'h' : '.';
  }
  return hits;
}

TEST(ReferenceLruTest, LeastRecentlyUsedGoesFirst) {
  EXPECT_EQ(Played<ReferenceLru>("ABACBCA", 2), "..h..h.");
}

TEST(ReferenceLruTest, CycleThatDoesNotFitIsNeverHit) {
  EXPECT_EQ(Played<ReferenceLru>("ABCABCABC", 2), ".........");
  EXPECT_EQ(Played<ReferenceLru>("ABCABCABC", 3), "...hhhhhh");
}

TEST(ReferenceSlruTest, WhatWasHitOutlivesAScan) {
  // A is protected, so that F takes the place of B, and G that of C.
  EXPECT_EQ(Played<ReferenceSlru>("AABCDEFGADB", 5), ".h......hh.");
}

TEST(ReferenceSlruTest, ProtectedOverflowsIntoProbation) {
  // One of two is protected: B's hit sends A back, where C finds it.
  EXPECT_EQ(Played<ReferenceSlru>("AABBCAB", 2), ".h.h..h");
}

TEST(ReferenceSlruTest, DemotedHaveAnotherChance) {
  // A is sent back by B, and hit before anything new comes: it is protected again, and B is not.
  EXPECT_EQ(Played<ReferenceSlru>("AABBACAB", 2), ".h.hh.h.");
}

TEST(ReferenceS3FifoTest, GhostsGoToMain) {
  // E evicts A to the ghosts; when A returns it goes to main, which a scan does not touch.
  EXPECT_EQ(Played<ReferenceS3Fifo>("ABCDEAFGHIJKA", 4), "............h");
}

TEST(ReferenceS3FifoTest, OneUseInSmallIsNotEnough) {
  EXPECT_EQ(Played<ReferenceS3Fifo>("AABCDEA", 4), ".h.....");
  EXPECT_EQ(Played<ReferenceS3Fifo>("AAABCDEAB", 4), ".hh....h.");
}

TEST(ReferenceS3FifoTest, GhostsAreForgotten) {
  // Ghosts have room for 3. F evicts B, G C, H D, and A is no ghost any more: it comes to small.
  EXPECT_EQ(Played<ReferenceS3Fifo>("ABCDEFGHAIJKLA", 4), "..............");
}

TEST(ReferenceS3FifoTest, MainCountsDownWhatItSendsRound) {
  // E moves all four to main, their counts cleared, and evicts A. B is used there. F moves A to
  // main, sends B round and evicts C.
  EXPECT_EQ(Played<ReferenceS3Fifo>("AAABBBCCCDDDEBAAAFBC", 4), ".hh.hh.hh.hh.h.hh.h.");
}

TEST(ReferenceS3FifoTest, WhatMainSendsRoundHasOneUseLess) {
  // B, used twice in main, survives two rounds of the four newcomers that are moved there.
  EXPECT_EQ(Played<ReferenceS3Fifo>("AAABBBCCCDDDEBBEEFFFGGGHHHIBF", 4),
            ".hh.hh.hh.hh.hhhh.hh.hh.hh.h.");
}

TEST(ReferenceSieveTest, HandTakesMarksAndStays) {
  // D takes A's mark and evicts B, B evicts C and C evicts D, while A and B stay.
  EXPECT_EQ(Played<ReferenceSieve>("ABCADBCABD", 3), "...h...hh.");
}

TEST(ReferenceSieveTest, HandGoesRoundWhenAllAreMarked) {
  EXPECT_EQ(Played<ReferenceSieve>("ABABCBA", 2), "..hh.h.");
}

TEST(ReferenceRandomTest, EachIsAsLikelyToGo) {
  std::vector<int> kept(10);
  for (std::uint64_t seed = 0; seed < 5000; ++seed) {
    for (ObjectId asked = 0; asked < 10; ++asked) {
      ReferenceRandom cache(11, 10, seed);
      for (ObjectId object = 0; object <= 10; ++object) cache.Access(object, 1);
      kept[asked] += cache.Access(asked, 1) ? 1 : 0;
    }
  }
  for (const int count : kept) EXPECT_NEAR(count, 4500, 120);
}

class EveryPolicyTest : public testing::TestWithParam<Policy> {
 protected:
  static Trace RandomTrace(Rng& rng, bool alike) {
    Trace trace;
    trace.objects = 50;
    for (int i = 0; i < 2000; ++i) {
      trace.accesses.push_back(static_cast<ObjectId>(rng.Below(1 + rng.Below(trace.objects))));
    }
    // So that each object does come, and is missed if it was not held.
    for (ObjectId i = 0; i < 2 * trace.objects; ++i) trace.accesses.push_back(i % trace.objects);
    while (!alike && trace.sizes.size() < trace.objects) {
      trace.sizes.push_back(static_cast<std::uint32_t>(1 + rng.Below(200)));
    }
    return trace;
  }

  static Hits Replayed(const Trace& trace, std::uint64_t capacity) {
    return ReplayOne(trace, *GetParam().make(trace, capacity, 1));
  }
};

TEST_P(EveryPolicyTest, HitsNoMoreThanTheBound) {
  Rng rng(11);
  for (const bool alike : {true, false}) {
    for (int round = 0; round < 10; ++round) {
      const Trace trace = RandomTrace(rng, alike);
      const OptimalBound bound(trace);
      for (const double fraction : {0.02, 0.1, 0.3, 0.9}) {
        const std::uint64_t capacity = CapacityOf(trace, fraction);
        const Hits hits = Replayed(trace, capacity);
        EXPECT_LE(hits.objects, bound.At(capacity).objects);
        EXPECT_LE(hits.bytes, bound.At(capacity).bytes);
      }
    }
  }
}

TEST_P(EveryPolicyTest, MissesOnlyOnceWhatHasRoomTogether) {
  Rng rng(12);
  for (const bool alike : {true, false}) {
    const Trace trace = RandomTrace(rng, alike);
    EXPECT_EQ(Replayed(trace, trace.WorkingSet()), HitsWithoutLimit(trace));
    EXPECT_NE(Replayed(trace, trace.WorkingSet() - 1), HitsWithoutLimit(trace));
  }
}

TEST_P(EveryPolicyTest, DoesNotHoldWhatIsLargerThanItself) {
  Trace trace;
  trace.objects = 3;
  trace.sizes = {10, 21, 10};
  trace.accesses = {0, 2, 1, 1, 0, 2};  // The large one pushes nothing out either.
  EXPECT_EQ(Replayed(trace, 20), (Hits{.objects = 2, .bytes = 20}));
}

TEST_P(EveryPolicyTest, EvictsAsManyAsTheNewcomerNeeds) {
  Trace trace;
  trace.objects = 4;
  trace.sizes = {10, 10, 10, 30};
  trace.accesses = {0, 1, 2, 3, 3, 0, 0};
  EXPECT_EQ(Replayed(trace, 30), (Hits{.objects = 2, .bytes = 40}));
}

TEST_P(EveryPolicyTest, IsTheSameAgain) {
  Rng rng(13);
  const Trace trace = RandomTrace(rng, false);
  EXPECT_EQ(Replayed(trace, 1000), Replayed(trace, 1000));
}

INSTANTIATE_TEST_SUITE_P(Policies, EveryPolicyTest, testing::ValuesIn(Policies()),
                         [](const auto& tested) {
                           std::string name = tested.param.name;
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });

TEST(PoliciesTest, BaselineIsFirstAndNamesAreUnique) {
  EXPECT_EQ(Policies().front().name, kBaseline);
  std::set<std::string> names;
  for (const Policy& policy : Policies()) EXPECT_TRUE(names.insert(policy.name).second);
}

}  // namespace
}  // namespace aegis::bench
