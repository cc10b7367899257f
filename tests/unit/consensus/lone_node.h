// LoneNode: one RaftNode whose peers are played by the test, message by message. Its disk is
// durable at once.

#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <utility>
#include <vector>

#include "consensus/raft_message.h"
#include "consensus/raft_node.h"

namespace aegis::consensus {

inline constexpr ServerId kSelf{1};
inline constexpr ServerId kPeer{2};
inline constexpr ServerId kOther{3};

// Of term 2, all voters, with three entries.
inline Persisted ThreeVoters() {
  Persisted persisted;
  persisted.hard_state = {2, {}};
  persisted.entries = {{{1, 1},
                        EntryType::kConfiguration,
                        EncodeServers({{kSelf, ServerRole::kVoter},
                                       {kPeer, ServerRole::kVoter},
                                       {kOther, ServerRole::kVoter}})},
                       {{2, 1}, EntryType::kCommand, "a"},
                       {{3, 2}, EntryType::kCommand, "b"}};
  return persisted;
}

class LoneNode {
 public:
  explicit LoneNode(Persisted persisted = ThreeVoters(), std::uint64_t seed = 1)
      : node_(kSelf, {}, std::move(persisted), Rng(seed), TimePoint{}) {
    Do([&](Effects& effects) { node_.Start(now_, effects); });
  }

  // Stores what is to be stored, and keeps what was sent.
  void Do(const std::function<void(Effects&)>& what) {
    Effects effects;
    what(effects);
    for (Effects::Mail& mail : effects.mail) sent_.push_back(std::move(mail.message));
    if (effects.snapshot || !effects.append.empty()) {
      const Index snapshot = effects.snapshot ? effects.snapshot->last.index : 0;
      const Index entries = effects.append.empty() ? 0 : effects.append.back().at.index;
      Do([&](Effects& more) { node_.OnPersisted(snapshot, entries, now_, more); });
    }
  }

  Result<Ok> Receive(ServerId from, ByteView message) {
    Result<Ok> result = Ok{};
    Do([&](Effects& effects) { result = node_.OnMessage(from, message, now_, effects); });
    return result;
  }

  Result<Ok> Receive(ServerId from, const RaftMessage& message) {
    return Receive(from, EncodeRaftMessage(message));
  }

  void Wait(Duration time) {
    now_ += time;
    Do([&](Effects& effects) { node_.Tick(now_, effects); });
  }

  // Stands for election and has every vote.
  void Win() {
    Wait(std::chrono::seconds(1));
    for (const bool pre_vote : {true, false}) {
      RaftMessage vote;
      vote.type = RaftMessageType::kRequestVoteResult;
      vote.term = node_.term() + (pre_vote ? 1 : 0);
      vote.pre_vote = pre_vote;
      vote.granted = true;
      ASSERT_TRUE(Receive(kPeer, vote).ok());
    }
    ASSERT_TRUE(node_.leads());
  }

  // What it sent last. REQUIRES: that it sent anything.
  RaftMessage LastSent() const { return DecodeRaftMessage(sent_.back()).value(); }

  RaftNode& node() { return node_; }
  std::vector<Bytes>& sent() { return sent_; }
  TimePoint now() const { return now_; }

 private:
  RaftNode node_;
  TimePoint now_{};
  std::vector<Bytes> sent_;
};

}  // namespace aegis::consensus
