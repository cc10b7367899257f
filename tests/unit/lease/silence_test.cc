// Who falls silent, with all three parts of the rule together: a candidate, voters, a watch.

#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "lease/candidate.h"
#include "lease/fence_watch.h"
#include "lease/voter.h"

namespace aegis::lease {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint kStart{100s};
constexpr Duration kStep = 10ms;
constexpr ConfigurationId kConfiguration{.index = 3, .term = 1};
constexpr Holder kHolder{.node = NodeId{5}, .session = Session{51}};

// A holder, its three voters and a control leader. Only grants take time on their way.
class World {
 public:
  explicit World(Duration lease = Options{}.duration)
      : lease_(lease), candidate_({.duration = lease}, kHolder), watch_(Options{}, kStart) {
    watch_.SetConfiguration(kConfiguration, ids_);
    RestartVoters();
  }

  void RestartVoters() {
    voters_.clear();
    for (const NodeId id : ids_) voters_.try_emplace(id, id, now_);
    for (auto& [id, voter] : voters_) voter.SetConfiguration(kConfiguration, ids_);
    Register();
  }

  void RenewSession(Session session) {
    candidate_.Renew(session);
    Register();
  }

  // Grants take so long from now on; nothing: they are lost.
  void SetRoundTrip(std::optional<Duration> round_trip) { round_trip_ = round_trip; }
  void StopAsking() { asks_ = false; }

  // Lets so much time pass, but no more than until the holder is silent.
  bool FallsSilentWithin(Duration length) {
    for (const TimePoint end = now_ + length; now_ < end; now_ += kStep) {
      Deliver();
      if (asks_) Ask();
      Question();
      if (watch_.Silent(candidate_.holder(), lease_, now_)) return true;
    }
    return false;
  }

 private:
  struct Letter {
    TimePoint at;
    NodeId voter;
    Grant grant;
  };

  void Register() {
    const Holder& holder = candidate_.holder();
    for (auto& [id, voter] : voters_) voter.SetRegistered({{holder.node, holder.session}});
  }

  void Ask() {
    const auto attempt = candidate_.Tick(ids_, /*healthy=*/true, now_);
    if (!attempt) return;
    for (const NodeId id : attempt->voters) {
      Grant grant = voters_.at(id).OnRequest(attempt->request, now_);
      if (round_trip_) letters_.push_back({now_ + *round_trip_, id, std::move(grant)});
    }
  }

  void Deliver() {
    for (const Letter& letter : letters_) {
      if (letter.at <= now_) candidate_.OnGrant(letter.voter, letter.grant, now_);
    }
    std::erase_if(letters_, [&](const Letter& letter) { return letter.at <= now_; });
  }

  void Question() {
    const auto number = watch_.Tick(now_);
    if (!number) return;
    for (const auto& [id, voter] : voters_) {
      watch_.OnReport(id, voter.Report(*number, now_), now_);
    }
  }

  const std::vector<NodeId> ids_ = {NodeId{1}, NodeId{2}, NodeId{3}};
  const Duration lease_;
  TimePoint now_ = kStart;
  Candidate candidate_;
  std::map<NodeId, Voter> voters_;
  FenceWatch watch_;
  std::optional<Duration> round_trip_ = 1ms;
  bool asks_ = true;
  std::vector<Letter> letters_;
};

TEST(SilenceTest, OneThatHearsItsGrantsNeverFallsSilent) {
  World world;
  EXPECT_FALSE(world.FallsSilentWithin(10s));
}

TEST(SilenceTest, OneThatStopsAskingFallsSilent) {
  World world;
  ASSERT_FALSE(world.FallsSilentWithin(1s));
  world.StopAsking();
  EXPECT_FALSE(world.FallsSilentWithin(200ms));
  EXPECT_TRUE(world.FallsSilentWithin(150ms));
}

TEST(SilenceTest, OneThatIsGrantedToButDoesNotHearItFallsSilent) {
  World world;
  ASSERT_FALSE(world.FallsSilentWithin(1s));
  world.SetRoundTrip(std::nullopt);
  EXPECT_FALSE(world.FallsSilentWithin(200ms));
  EXPECT_TRUE(world.FallsSilentWithin(250ms));
}

TEST(SilenceTest, OneThatNeverHeardAGrantFallsSilentAfterAGrace) {
  World world;
  world.SetRoundTrip(std::nullopt);
  EXPECT_FALSE(world.FallsSilentWithin(300ms));
  EXPECT_TRUE(world.FallsSilentWithin(50ms));
}

TEST(SilenceTest, ANewSessionHasItsGrace) {
  World world;
  ASSERT_FALSE(world.FallsSilentWithin(1s));
  world.SetRoundTrip(std::nullopt);
  world.RenewSession(Session{52});
  EXPECT_FALSE(world.FallsSilentWithin(300ms));
  EXPECT_TRUE(world.FallsSilentWithin(100ms));
}

TEST(SilenceTest, VotersThatRestartedCallNobodySilentAtOnce) {
  World world;
  ASSERT_FALSE(world.FallsSilentWithin(1s));
  world.SetRoundTrip(std::nullopt);
  world.RestartVoters();
  EXPECT_FALSE(world.FallsSilentWithin(300ms));
  EXPECT_TRUE(world.FallsSilentWithin(100ms));
}

TEST(SilenceTest, VotersThatRestartedNeverCallOneSilentThatHearsItsGrants) {
  World world;
  for (int i = 0; i < 10; ++i) {
    ASSERT_FALSE(world.FallsSilentWithin(430ms));
    world.RestartVoters();
  }
}

TEST(SilenceTest, ARoundTripThatTakesLongerThanARenewalIsNoSilence) {
  World world;
  world.SetRoundTrip(150ms);
  EXPECT_FALSE(world.FallsSilentWithin(10s));
}

TEST(SilenceTest, ARoundTripThatTakesLongerThanTheLeaseIsSilence) {
  World world;
  ASSERT_FALSE(world.FallsSilentWithin(1s));
  world.SetRoundTrip(605ms);
  EXPECT_TRUE(world.FallsSilentWithin(450ms));
}

TEST(SilenceTest, ALongLeaseIsRenewedInTimeHoweverShortTheSilenceIs) {
  World world(2s);
  EXPECT_FALSE(world.FallsSilentWithin(20s));
  world.StopAsking();
  EXPECT_FALSE(world.FallsSilentWithin(600ms));
  EXPECT_TRUE(world.FallsSilentWithin(500ms));
}

}  // namespace
}  // namespace aegis::lease
