// Logs for the tests of LogStore, and how their parts print.

#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "consensus/log_store.h"
#include "support/memory_directory.h"

namespace aegis::consensus {

inline constexpr LogIdentity kIdentity{ClusterId{0xc1}, NodeId{0xa1}, ServerId{0x51}};

inline void PrintTo(const Entry& entry, std::ostream* out) {
  *out << entry.at.index << '@' << entry.at.term << " type " << static_cast<int>(entry.type) << ' '
       << testing::PrintToString(entry.data);
}

inline Entry Command(Index index, Term term, std::string data) {
  return {{index, term}, EntryType::kCommand, std::move(data)};
}

inline Snapshot SnapshotAt(LogPosition last, std::string state) {
  return {last,
          {{1, 1}, {{ServerId{0x51}, ServerRole::kVoter}, {ServerId{0x52}, ServerRole::kSpare}}},
          std::move(state)};
}

// The store of an operation that must succeed.
inline LogStore::Opened Require(Result<LogStore::Opened> opened) {
  if (!opened.ok()) throw std::runtime_error(opened.error().message);
  return std::move(opened).value();
}

inline void ExpectSame(const Persisted& actual, const Persisted& expected) {
  EXPECT_EQ(actual.hard_state.term, expected.hard_state.term);
  EXPECT_EQ(actual.hard_state.voted_for.value(), expected.hard_state.voted_for.value());
  EXPECT_EQ(actual.snapshot.last, expected.snapshot.last);
  EXPECT_EQ(actual.snapshot, expected.snapshot);
  EXPECT_EQ(actual.entries, expected.entries);
}

inline bool Same(const Persisted& a, const Persisted& b) {
  return a.hard_state == b.hard_state && a.snapshot == b.snapshot && a.entries == b.entries;
}

}  // namespace aegis::consensus
