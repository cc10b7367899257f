// Random workloads whose directory fails at any call, with and without a power failure. Whatever a
// call had returned for is there after reopening; of the call that failed, no more than what it
// was about to do.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/rng.h"
#include "consensus/log_store.h"
#include "log_samples.h"
#include "support/memory_directory.h"

namespace aegis::consensus {
namespace {

// How often the rare branches were taken, over all seeds.
struct Sometimes {
  int failed_creations = 0;
  int failed_openings = 0;
  int lost_calls = 0;
  int kept_calls = 0;
  int partial_calls = 0;
  int torn_tails = 0;
  int replaced_logs = 0;
  int segments_removed_by_a_cut = 0;
};

class Workload {
 public:
  Workload(std::uint64_t seed, Sometimes& sometimes) : rng_(seed), sometimes_(sometimes) {}

  void Run() {
    Create();
    for (int round = 0; round < 12 && !testing::Test::HasFailure(); ++round) {
      directory_.FailCall(rng_.Below(40), rng_.Unit());
      for (int steps = 0; steps < 100 && Step(); ++steps) {
      }
      EXPECT_TRUE(directory_.failed());
      Reopen();
    }
  }

 private:
  static constexpr std::size_t kSegment = 250;

  // Creates until it succeeds.
  void Create() {
    model_ = {};
    model_.hard_state = {1, kIdentity.server};
    if (rng_.Chance(0.5)) model_.snapshot = SnapshotAt({3, 1}, "born");
    model_.entries = {NewEntry(model_.snapshot.last.index + 1)};
    while (true) {
      if (rng_.Chance(0.7)) directory_.FailCall(rng_.Below(14), rng_.Unit());
      auto created = LogStore::Create(directory_, kIdentity, model_, kSegment);
      if (created.ok()) {
        store_ = std::move(created.value().store);
        was_open_ = true;
        return;
      }
      ++sometimes_.failed_creations;
      if (rng_.Chance(0.5)) directory_.Crash(rng_);
      directory_.FailCall(UINT32_MAX);
      before_ = after_ = model_;
      if (LogStore::Exists(directory_).value()) return Reopen();
    }
  }

  Index last() const { return model_.snapshot.last.index + model_.entries.size(); }
  Term last_term() const {
    return model_.entries.empty() ? model_.snapshot.last.term : model_.entries.back().at.term;
  }

  Entry NewEntry(Index index) {
    Entry entry{{index, model_.hard_state.term}, EntryType::kCommand, {}};
    if (rng_.Chance(0.1) && !directory_.files().empty()) {
      entry.data = std::prev(directory_.files().end(), 2)->second;  // Data that looks like a log.
    } else {
      entry.data.assign(static_cast<std::size_t>(rng_.Below(80)),
                        static_cast<char>(rng_.Below(256)));
    }
    return entry;
  }

  // One call, with the model before and after it. False: it failed.
  bool Step() {
    before_ = after_ = model_;
    switch (rng_.Below(8)) {
      case 0:
        return SaveHardState();
      case 1:
        return TruncateFrom();
      case 2:
        return SaveSnapshot();
      default:
        return Append();
    }
  }

  bool Finish(const Result<Ok>& result) {
    if (!result.ok()) return false;
    model_ = after_;
    return true;
  }

  bool SaveHardState() {
    HardState& state = after_.hard_state;
    if (state.voted_for == ServerId{} && rng_.Chance(0.5)) {
      state.voted_for = ServerId{rng_.Below(5)};
    } else {
      state = {state.term + 1, ServerId{rng_.Below(5)}};
    }
    return Finish(store_->SaveHardState(state));
  }

  bool Append() {
    std::vector<Entry> entries;
    for (std::uint64_t i = 1 + rng_.Below(4); i > 0; --i) {
      entries.push_back(NewEntry(last() + entries.size() + 1));
    }
    std::ranges::copy(entries, std::back_inserter(after_.entries));
    return Finish(store_->Append(entries));
  }

  bool TruncateFrom() {
    const Index from = model_.snapshot.last.index + 1 + rng_.Below(model_.entries.size() + 2);
    after_.entries.resize(
        std::min<std::size_t>(after_.entries.size(), from - model_.snapshot.last.index - 1));
    const std::size_t files = directory_.files().size();
    const bool ok = Finish(store_->TruncateFrom(from));
    sometimes_.segments_removed_by_a_cut += directory_.files().size() < files ? 1 : 0;
    return ok;
  }

  bool SaveSnapshot() {
    const auto& entries = model_.entries;
    LogPosition at;
    if (!entries.empty() && rng_.Chance(0.7)) {
      at = entries[rng_.Below(entries.size())].at;
      if (rng_.Chance(0.2)) at.term = model_.hard_state.term;  // Perhaps not what the log holds.
    } else {
      at = {last() + 1 + rng_.Below(5), model_.hard_state.term};
    }
    const Index covered = at.index - model_.snapshot.last.index;
    const bool leads_up = covered <= entries.size() && entries[covered - 1].at == at;
    sometimes_.replaced_logs += leads_up ? 0 : 1;
    after_.snapshot = SnapshotAt(at, std::string(rng_.Below(100), 's'));
    after_.entries.erase(after_.entries.begin(),
                         leads_up ? after_.entries.begin() + static_cast<std::ptrdiff_t>(covered)
                                  : after_.entries.end());
    return Finish(store_->SaveSnapshot(after_.snapshot));
  }

  // The process ends; it is started until its log opens.
  void Reopen() {
    store_.reset();
    if (rng_.Chance(0.7)) directory_.Crash(rng_);
    while (true) {
      directory_.FailCall(UINT32_MAX);
      if (!LogStore::Exists(directory_).value()) {
        ASSERT_FALSE(was_open_) << "the log is gone";
        return Create();
      }
      directory_.FailCall(rng_.Chance(0.4) ? rng_.Below(15) : UINT32_MAX, rng_.Unit());
      auto opened = LogStore::Open(directory_, kIdentity.node, kSegment);
      if (opened.ok()) {
        store_ = std::move(opened.value().store);
        sometimes_.torn_tails += opened.value().torn_bytes != 0 ? 1 : 0;
        ExpectExplained(opened.value().persisted);
        model_ = std::move(opened.value().persisted);
        break;
      }
      ASSERT_TRUE(directory_.failed()) << opened.error().message;
      ++sometimes_.failed_openings;
      if (rng_.Chance(0.5)) directory_.Crash(rng_);
    }
    was_open_ = true;
    // What an open log has shown is durable.
    before_ = after_ = model_;
    if (rng_.Chance(0.3)) Reopen();
  }

  // `found` is what was there before the last call, or after it, or between.
  void ExpectExplained(const Persisted& found) {
    if (Same(before_, after_)) {
      ExpectSame(found, before_);
      return;
    }
    if (Same(found, before_)) {
      ++sometimes_.lost_calls;
      return;
    }
    if (Same(found, after_)) {
      ++sometimes_.kept_calls;
      return;
    }
    // Some of the entries that were to come or to go; nothing else is ever done by halves.
    ++sometimes_.partial_calls;
    Persisted between = before_.entries.size() < after_.entries.size() ? after_ : before_;
    EXPECT_EQ(before_.hard_state, after_.hard_state);
    EXPECT_EQ(before_.snapshot, after_.snapshot);
    EXPECT_GT(found.entries.size(), std::min(before_.entries.size(), after_.entries.size()));
    ASSERT_LT(found.entries.size(), between.entries.size());
    between.entries.resize(found.entries.size());
    ExpectSame(found, between);
  }

  Rng rng_;
  Sometimes& sometimes_;
  MemoryDirectory directory_;
  std::unique_ptr<LogStore> store_;
  bool was_open_ = false;
  Persisted model_;
  Persisted before_;
  Persisted after_;
};

TEST(LogStoreCrashTest, WhatWasDurableIsThereAfterEveryCrash) {
  Sometimes sometimes;
  for (std::uint64_t seed = 0; seed < 3000; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Workload(seed, sometimes).Run();
    ASSERT_FALSE(HasFailure());
  }
  EXPECT_GT(sometimes.failed_creations, 100);
  EXPECT_GT(sometimes.failed_openings, 100);
  EXPECT_GT(sometimes.lost_calls, 100);
  EXPECT_GT(sometimes.kept_calls, 100);
  EXPECT_GT(sometimes.partial_calls, 10);
  EXPECT_GT(sometimes.torn_tails, 100);
  EXPECT_GT(sometimes.replaced_logs, 100);
  EXPECT_GT(sometimes.segments_removed_by_a_cut, 100);
}

}  // namespace
}  // namespace aegis::consensus
