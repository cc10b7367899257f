#include "gossip/membership.h"

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <vector>

#include "model/limits.h"
#include "test_members.h"

namespace aegis::gossip {
namespace {

using namespace std::chrono_literals;
using Kind = Event::Kind;

// Self is m1 with incarnation 50.
class MembershipTest : public testing::Test {
 protected:
  void Apply(const Rumour& rumour) { membership_.Apply(rumour, now_, effects_); }
  void Say(MemberState state, const Member& about, std::uint8_t accuser = 9) {
    Apply(Said(state, about, NodeId{accuser}));
  }
  Verdict Meet(const Member& member) { return membership_.Meet(member, now_, effects_); }
  void Tick(Duration later) {
    now_ += later;
    membership_.Tick(now_, effects_);
  }

  // Nothing if the member is unknown.
  std::optional<MemberState> StateOf(std::uint8_t id) const {
    const Member* member = membership_.Find(NodeId{id});
    return member == nullptr ? std::nullopt : std::optional(member->state);
  }
  std::vector<Kind> TakeEvents() {
    std::vector<Kind> kinds;
    for (const Event& event : effects_.events) kinds.push_back(event.kind);
    effects_.Clear();
    return kinds;
  }

  Options options_;
  Rng rng_{1};
  Awareness awareness_{8};
  Complaints complaints_;
  Counters counters_;
  Effects effects_;
  TimePoint now_{1h};
  Membership membership_{TestMember(1, 50), options_,  rng_, awareness_,
                         complaints_,       counters_, now_};
};

using Events = std::vector<Kind>;

// --- One session --------------------------------------------------------------------------------

TEST_F(MembershipTest, RumourOfLifeIntroducesAMemberAndIsPassedOn) {
  Apply(Alive(TestMember(2)));
  EXPECT_EQ(*membership_.Find(NodeId{2}), TestMember(2));
  EXPECT_TRUE(membership_.rumours().Contains(NodeId{2}));
  EXPECT_EQ(TakeEvents(), Events{Kind::kJoined});
  Apply(Alive(TestMember(2)));
  EXPECT_EQ(TakeEvents(), Events{});
}

TEST_F(MembershipTest, AccusationOfAnUnknownMemberIsIgnored) {
  Say(MemberState::kSuspect, TestMember(2));
  Say(MemberState::kDead, TestMember(2));
  Say(MemberState::kLeft, TestMember(2));
  EXPECT_EQ(membership_.Find(NodeId{2}), nullptr);
  EXPECT_EQ(TakeEvents(), Events{});
}

TEST_F(MembershipTest, SuspicionOfTheSameIncarnationOverrulesLife) {
  Apply(Alive(TestMember(2, 5)));
  Say(MemberState::kSuspect, TestMember(2, 4));
  EXPECT_EQ(StateOf(2), MemberState::kAlive);
  Say(MemberState::kSuspect, TestMember(2, 5));
  EXPECT_EQ(StateOf(2), MemberState::kSuspect);
  EXPECT_EQ(TakeEvents(), (Events{Kind::kJoined, Kind::kSuspected}));
}

TEST_F(MembershipTest, OnlyAHigherIncarnationRefutes) {
  Apply(Alive(TestMember(2, 5)));
  Say(MemberState::kSuspect, TestMember(2, 5));
  Apply(Alive(TestMember(2, 5)));
  EXPECT_EQ(StateOf(2), MemberState::kSuspect);
  TakeEvents();
  Apply(Alive(TestMember(2, 6)));
  EXPECT_EQ(StateOf(2), MemberState::kAlive);
  EXPECT_EQ(TakeEvents(), Events{Kind::kRefuted});
}

TEST_F(MembershipTest, RefutedSuspicionNoLongerKills) {
  Apply(Alive(TestMember(2, 5)));
  Say(MemberState::kSuspect, TestMember(2, 5));
  Apply(Alive(TestMember(2, 6)));
  Tick(1h);
  EXPECT_EQ(StateOf(2), MemberState::kAlive);
}

TEST_F(MembershipTest, SuspectDiesWhenItsTimeIsUp) {
  Apply(Alive(TestMember(2)));
  Say(MemberState::kSuspect, TestMember(2));
  EXPECT_LE(membership_.wake_up_at(), now_ + 2s);
  Tick(2s - 1ns);
  EXPECT_EQ(StateOf(2), MemberState::kSuspect);
  TakeEvents();
  Tick(1ns);
  EXPECT_EQ(StateOf(2), MemberState::kDead);
  EXPECT_EQ(TakeEvents(), Events{Kind::kDied});
  EXPECT_EQ(counters_.deaths, 1U);
}

TEST_F(MembershipTest, WitnessesShortenTheLifeOfASuspect) {
  for (std::uint8_t id = 2; id <= 6; ++id) Apply(Alive(TestMember(id)));
  Say(MemberState::kSuspect, TestMember(2), 3);
  Tick(3s);
  EXPECT_EQ(StateOf(2), MemberState::kSuspect) << "12 s without a witness";
  Say(MemberState::kSuspect, TestMember(2), 4);
  Say(MemberState::kSuspect, TestMember(2), 5);
  Tick(0s);
  EXPECT_EQ(StateOf(2), MemberState::kDead);
}

TEST_F(MembershipTest, TimeInWhichThisNodeWasStoppedKillsNobody) {
  Apply(Alive(TestMember(2)));
  Say(MemberState::kSuspect, TestMember(2));
  membership_.Postpone(10s);
  Tick(10s);
  EXPECT_EQ(StateOf(2), MemberState::kSuspect);
  Tick(2s);
  EXPECT_EQ(StateOf(2), MemberState::kDead);
}

TEST_F(MembershipTest, DeathOverrulesSuspicionAndLifeButNotAHigherIncarnation) {
  Apply(Alive(TestMember(2, 5)));
  Say(MemberState::kDead, TestMember(2, 4));
  EXPECT_EQ(StateOf(2), MemberState::kAlive);
  Say(MemberState::kDead, TestMember(2, 5));
  EXPECT_EQ(StateOf(2), MemberState::kDead);
  Say(MemberState::kSuspect, TestMember(2, 6));
  EXPECT_EQ(StateOf(2), MemberState::kDead);
  TakeEvents();
  Apply(Alive(TestMember(2, 6)));
  EXPECT_EQ(StateOf(2), MemberState::kAlive);
  EXPECT_EQ(TakeEvents(), Events{Kind::kJoined});
  EXPECT_EQ(counters_.false_deaths, 1U);
}

TEST_F(MembershipTest, GoodbyeOverrulesDeathAndDeathNotGoodbye) {
  Apply(Alive(TestMember(2)));
  Apply(Alive(TestMember(3)));
  TakeEvents();
  Say(MemberState::kDead, TestMember(2));
  Say(MemberState::kLeft, TestMember(2));
  EXPECT_EQ(StateOf(2), MemberState::kLeft);
  EXPECT_EQ(TakeEvents(), (Events{Kind::kDied, Kind::kLeft}));
  Say(MemberState::kLeft, TestMember(3));
  Say(MemberState::kDead, TestMember(3));
  EXPECT_EQ(StateOf(3), MemberState::kLeft);
}

TEST_F(MembershipTest, NewMetadataIsAnUpdate) {
  Apply(Alive(TestMember(2)));
  TakeEvents();
  Member changed = TestMember(2, 2);
  changed.weight = 7;
  Apply(Alive(changed));
  EXPECT_EQ(membership_.Find(NodeId{2})->weight, 7U);
  EXPECT_EQ(TakeEvents(), Events{Kind::kUpdated});
}

TEST_F(MembershipTest, GoneMembersAreForgottenAfterTheirRetention) {
  Apply(Alive(TestMember(2)));
  Apply(Alive(TestMember(3)));
  Say(MemberState::kDead, TestMember(2));
  Say(MemberState::kLeft, TestMember(3));
  TakeEvents();
  Tick(options_.dead_retention - 1ns);
  EXPECT_EQ(membership_.members().size(), 3U);
  Tick(1s);
  EXPECT_EQ(membership_.members().size(), 1U);
  EXPECT_FALSE(membership_.rumours().Contains(NodeId{2}));
  EXPECT_EQ(TakeEvents(), (Events{Kind::kReaped, Kind::kReaped}));
}

// --- Oneself ------------------------------------------------------------------------------------

TEST_F(MembershipTest, AccusedNodeRaisesItsIncarnationAboveTheAccusation) {
  Say(MemberState::kSuspect, TestMember(1, 50));
  EXPECT_EQ(membership_.self().incarnation, 51U);
  Say(MemberState::kDead, TestMember(1, 60));
  EXPECT_EQ(membership_.self().incarnation, 61U);
  EXPECT_EQ(membership_.self().state, MemberState::kAlive);
  EXPECT_TRUE(membership_.rumours().Contains(NodeId{1}));
  EXPECT_EQ(counters_.refutations, 2U);
  EXPECT_EQ(awareness_.score(), 2);
}

TEST_F(MembershipTest, OldAccusationsAreRefutedAlready) {
  Say(MemberState::kSuspect, TestMember(1, 49));
  EXPECT_EQ(membership_.self().incarnation, 50U);
  EXPECT_EQ(counters_.refutations, 0U);
}

TEST_F(MembershipTest, LeavingNodeRefutesNothing) {
  membership_.Leave(now_);
  Say(MemberState::kSuspect, TestMember(1, 50));
  Say(MemberState::kLeft, TestMember(1, 50));
  EXPECT_EQ(membership_.self().incarnation, 50U);
  EXPECT_EQ(membership_.self().state, MemberState::kLeft);
}

TEST_F(MembershipTest, UpdatedMetadataComesWithANewIncarnation) {
  Member changed = TestMember(1);
  changed.zone = "other";
  membership_.UpdateSelf(changed, now_);
  EXPECT_EQ(membership_.self().zone, "other");
  EXPECT_EQ(membership_.self().incarnation, 51U);
}

TEST_F(MembershipTest, EarlierRunWithAClockAheadIsOvertaken) {
  Member earlier = TestMember(1, 99);
  earlier.session = Session{7};
  Apply(Alive(earlier));
  EXPECT_EQ(membership_.self().incarnation, 100U);
  EXPECT_EQ(membership_.self().session, TestMember(1).session);
  EXPECT_EQ(counters_.refutations, 0U);
  EXPECT_EQ(TakeEvents(), Events{});
}

TEST_F(MembershipTest, LivingTwinElsewhereIsAConflictAndNotOvertaken) {
  Member twin = TestMember(1, 99);
  twin.session = Session{7};
  twin.gossip_address.host = "10.9.9.9";
  Apply(Alive(twin));
  EXPECT_EQ(membership_.self().incarnation, 50U);
  EXPECT_EQ(TakeEvents(), Events{Kind::kIdConflict});
}

// --- Two sessions -------------------------------------------------------------------------------

class NewRunTest : public MembershipTest {
 protected:
  NewRunTest() {
    newer_.session = Session{77};
    newer_elsewhere_ = newer_;
    newer_elsewhere_.gossip_address.host = "10.9.9.9";
    Apply(Alive(older_));
    TakeEvents();
  }

  const Member older_ = TestMember(2, 5);
  Member newer_ = TestMember(2, 6);
  Member newer_elsewhere_;
};

TEST_F(NewRunTest, RestartAtTheSameAddressReplacesAtOnce) {
  EXPECT_EQ(Meet(newer_), Verdict::kWelcome);
  EXPECT_EQ(*membership_.Find(NodeId{2}), newer_);
  EXPECT_EQ(TakeEvents(), Events{Kind::kRestarted});
}

TEST_F(NewRunTest, AccusationsOfTheEarlierRunDoNotTouchTheNewOne) {
  Meet(newer_);
  Say(MemberState::kSuspect, older_);
  Say(MemberState::kDead, TestMember(2, 99));
  EXPECT_EQ(StateOf(2), MemberState::kAlive);
}

TEST_F(NewRunTest, RestartEndsTheSuspicionOfTheEarlierRun) {
  Say(MemberState::kSuspect, older_);
  Meet(newer_);
  Tick(1h);
  EXPECT_EQ(StateOf(2), MemberState::kAlive);
}

TEST_F(NewRunTest, EarlierRunDoesNotComeBack) {
  Meet(newer_);
  Apply(Alive(older_));
  EXPECT_EQ(membership_.Find(NodeId{2})->session, newer_.session);
}

TEST_F(NewRunTest, NewcomerElsewhereIsRefusedWhileTheKnownOneIsAliveOrSuspect) {
  EXPECT_EQ(Meet(newer_elsewhere_), Verdict::kIdConflict);
  EXPECT_EQ(TakeEvents(), Events{Kind::kIdConflict});
  Say(MemberState::kSuspect, older_);
  EXPECT_EQ(Meet(newer_elsewhere_), Verdict::kIdConflict);
  EXPECT_EQ(membership_.Find(NodeId{2})->session, older_.session);
  EXPECT_EQ(counters_.refused_id_conflict, 2U);
}

TEST_F(NewRunTest, NewcomerElsewhereIsWelcomeOnceTheKnownOneIsGone) {
  for (const MemberState gone : {MemberState::kDead, MemberState::kLeft}) {
    Say(gone, *membership_.Find(NodeId{2}));
    Member next = newer_elsewhere_;
    next.session = Session{membership_.Find(NodeId{2})->session.value() + 1};
    next.incarnation = membership_.Find(NodeId{2})->incarnation + 1;
    EXPECT_EQ(Meet(next), Verdict::kWelcome);
    EXPECT_EQ(StateOf(2), MemberState::kAlive);
  }
}

TEST_F(NewRunTest, RumourThatOthersAdmittedTheNewRunIsBelievedOfASuspectOnly) {
  Apply(Alive(newer_elsewhere_));
  EXPECT_EQ(membership_.Find(NodeId{2})->session, older_.session);
  Say(MemberState::kSuspect, older_);
  Apply(Alive(newer_elsewhere_));
  EXPECT_EQ(membership_.Find(NodeId{2})->session, newer_elsewhere_.session);
}

TEST_F(NewRunTest, OfTwoRunsWithOneIncarnationAllNodesPreferTheSame) {
  Member tie = older_;
  tie.session = Session{older_.session.value() - 1};
  Apply(Alive(tie));
  EXPECT_EQ(membership_.Find(NodeId{2})->session, older_.session);
  tie.session = Session{older_.session.value() + 1};
  Apply(Alive(tie));
  EXPECT_EQ(membership_.Find(NodeId{2})->session, tie.session);
}

TEST_F(NewRunTest, WhoComesUnderThisNodesOwnIdIsRefused) {
  Member twin = TestMember(1, 99);
  twin.session = Session{7};
  EXPECT_EQ(Meet(twin), Verdict::kIdConflict);
}

// --- Whole states -------------------------------------------------------------------------------

TEST_F(MembershipTest, DeathHeardInAStateIsOnlySuspected) {
  Apply(Alive(TestMember(2)));
  Member dead = TestMember(2);
  dead.state = MemberState::kDead;
  membership_.Merge({dead}, NodeId{3}, now_, effects_);
  EXPECT_EQ(StateOf(2), MemberState::kSuspect);
}

TEST_F(MembershipTest, SuspectUnknownSoFarIsLearntWithItsSuspicion) {
  Member suspect = TestMember(2);
  suspect.state = MemberState::kSuspect;
  membership_.Merge({suspect}, NodeId{3}, now_, effects_);
  EXPECT_EQ(StateOf(2), MemberState::kSuspect);
  EXPECT_EQ(TakeEvents(), (Events{Kind::kJoined, Kind::kSuspected}));
}

TEST_F(MembershipTest, DeadUnknownSoFarAreNotLearnt) {
  Member dead = TestMember(2);
  dead.state = MemberState::kDead;
  Member left = TestMember(3);
  left.state = MemberState::kLeft;
  membership_.Merge({dead, left}, NodeId{4}, now_, effects_);
  EXPECT_EQ(membership_.members().size(), 1U);
}

TEST_F(MembershipTest, StateThatHoldsThisNodeForDeadIsRefuted) {
  Member self = TestMember(1, 50);
  self.state = MemberState::kDead;
  membership_.Merge({self}, NodeId{3}, now_, effects_);
  EXPECT_EQ(membership_.self().incarnation, 51U);
  EXPECT_EQ(counters_.refutations, 1U);
}

// --- Limits and strangers -----------------------------------------------------------------------

TEST_F(MembershipTest, BeyondTheLimitNewcomersAreRefusedAndMembersAreNot) {
  for (std::uint64_t i = 0; membership_.list().size() < limits::kMembersMax; ++i) {
    Member member = TestMember(3);
    member.id = NodeId{1000 + i};
    Apply(Alive(member));
  }
  TakeEvents();
  EXPECT_EQ(Meet(TestMember(2)), Verdict::kFull);
  Apply(Alive(TestMember(2)));
  EXPECT_EQ(membership_.list().size(), limits::kMembersMax);
  EXPECT_EQ(counters_.refused_full, 2U);
  EXPECT_EQ(TakeEvents(), Events{Kind::kRefusedFull});

  Member known = TestMember(3, 2);
  known.id = NodeId{1000};
  EXPECT_EQ(Meet(known), Verdict::kWelcome);
}

TEST_F(MembershipTest, ExpelledStrangerHasLeftForEverybody) {
  Apply(Alive(TestMember(2)));
  membership_.Expel(NodeId{2}, Session{1}, now_, effects_);
  EXPECT_EQ(StateOf(2), MemberState::kAlive) << "another run of it was meant";
  membership_.Expel(NodeId{2}, TestMember(2).session, now_, effects_);
  EXPECT_EQ(StateOf(2), MemberState::kLeft);
  EXPECT_TRUE(membership_.rumours().Contains(NodeId{2}));
}

}  // namespace
}  // namespace aegis::gossip
