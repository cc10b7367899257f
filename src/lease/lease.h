// The words of the lease protocol, between a candidate (any node) and the voters of the control
// log. The rules and why they are safe: docs/ARCHITECTURE.md, "Leases".

#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <vector>

#include "base/time.h"
#include "model/holder.h"
#include "model/ids.h"

namespace aegis::lease {

struct Options {
  Duration duration = std::chrono::milliseconds(600);  // T: how long a lease holds.
  // Without a renewal for so long, and for half of its own lease, a holder is lost.
  Duration silence = std::chrono::milliseconds(300);
  double drift_max = 0.1;  // Bound on the relative rate of any two nodes' clocks.

  Duration renewal() const { return duration / 6; }
};

// The entry of the control log that names the voters (consensus::LogPosition, by its numbers:
// this module does not know what a log is).
struct ConfigurationId {
  std::uint64_t index = 0;
  std::uint64_t term = 0;

  friend bool operator==(const ConfigurationId&, const ConfigurationId&) = default;
  friend auto operator<=>(const ConfigurationId&, const ConfigurationId&) = default;
};

// "May I go on leading?" One covers every shard that the holder leads.
struct Request {
  Holder holder;
  std::uint64_t number = 0;     // Of the attempt; rises within a session, and is never 0.
  std::uint64_t succeeded = 0;  // The newest attempt of this session that did; 0: none yet.
};

enum class Verdict : std::uint8_t {
  kGranted,
  kFenced,    // A fence for this holder stands in the voter's log, committed or not.
  kUnknown,   // The voter does not know this session (yet).
  kNotVoter,  // The receiver is no voter in its own newest configuration.
};

struct Grant {
  std::uint64_t number = 0;
  Verdict verdict = Verdict::kUnknown;
  ConfigurationId configuration;  // The newest in the voter's log ...
  std::vector<NodeId> voters;     // ... and whom it names. Sorted.
};

// What a voter tells the control leader of one that is fenced, and what the wait is counted from:
// how long ago it last granted, on its own clock.
struct GrantAge {
  Holder holder;
  Duration age{};  // Never granted since it started: since it started.
};

// What it tells of one that is registered, by that clock as well.
struct HolderAges {
  Holder holder;
  Duration grant{};  // As in GrantAge.
  // Since the voter heard of a newer success of the holder's, or heard of the holder first; never
  // heard of it since it started: since it started. A grant does not show that it arrived, so this
  // alone tells who is silent.
  Duration success{};
};

// A fence that is durable in the voter's log.
struct StoredFence {
  std::uint64_t index = 0;
  std::uint64_t term = 0;
  GrantAge last_grant;
};

struct VoterReport {
  std::uint64_t number = 0;  // Of the question that this answers.
  ConfigurationId configuration;
  std::vector<HolderAges> ages;     // Of every holder the voter knows to be registered.
  std::vector<StoredFence> fences;  // Those standing in its log.
};

}  // namespace aegis::lease
