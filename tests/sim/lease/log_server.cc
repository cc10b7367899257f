#include "log_server.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace aegis::lease::sim {
namespace {

const std::vector<NodeId> kNoVoters;

}  // namespace

LogServer::LogServer(NodeId self, std::vector<Entry> log) : self_(self), log_(std::move(log)) {
  durable_ = log_.size();
  commit_ = log_.size();
  term_ = TermAt(log_.size());
  FindConfiguration();
}

void LogServer::EnterTerm(std::uint64_t term) {
  if (term == term_) return;
  term_ = term;
  leads_ = false;
  leader_ = kNoNode;
  verified_ = 0;
}

std::optional<LogServer::Change> LogServer::OnAppend(const Append& append) {
  if (append.term < term_) return std::nullopt;
  EnterTerm(append.term);
  AEGIS_CHECK(!leads_, "a term has one leader");
  leader_ = append.leader;
  if (append.previous > last() || TermAt(append.previous) != append.previous_term) {
    return std::nullopt;
  }
  Change change;
  std::size_t index = append.previous;
  for (const Entry& entry : append.entries) {
    ++index;
    if (index <= last() && TermAt(index) != entry.term) {
      AEGIS_CHECK(index > commit_, "a committed entry is never truncated");
      change.truncated_from = index;
      log_.resize(index - 1);
      durable_ = std::min(durable_, index - 1);
    }
    if (index > last()) {
      if (change.appended_from == 0) change.appended_from = index;
      log_.push_back(entry);
    }
  }
  FindConfiguration();
  verified_ = std::max(verified_, index);
  commit_ = std::max(commit_, std::min(append.commit, verified_));
  return change;
}

std::optional<Ack> LogServer::MakeAck() const {
  if (leads_ || leader_ == kNoNode) return std::nullopt;
  return Ack{.term = term_, .match = std::min(durable_, verified_)};
}

std::size_t LogServer::CommonWith(const LogServer& other) const {
  std::size_t index = std::min(last(), other.last());
  while (index > 0 && TermAt(index) != other.TermAt(index)) --index;
  return index;
}

Append LogServer::MakeAppend(const LogServer& to) const {
  const std::size_t common = CommonWith(to);
  return {.leader = self_,
          .term = term_,
          .previous = common,
          .previous_term = TermAt(common),
          .entries = {log_.begin() + static_cast<std::ptrdiff_t>(common), log_.end()},
          .commit = commit_};
}

void LogServer::OnAck(NodeId from, const Ack& ack) {
  if (ack.term > term_) EnterTerm(ack.term);
  if (!leads_ || ack.term != term_) return;
  std::size_t& match = matches_[from];
  match = std::max(match, ack.match);
  AdvanceCommit();
}

LogServer::Change LogServer::Propose(Entry entry) {
  AEGIS_CHECK(leads_, "only the leader proposes");
  entry.term = term_;
  log_.push_back(std::move(entry));
  if (log_.back().kind == Kind::kConfiguration) configuration_ = last();
  return {.truncated_from = 0, .appended_from = last()};
}

bool LogServer::HasCommittedOfItsTerm() const { return TermAt(commit_) == term_; }

void LogServer::AdvanceCommit() {
  if (!leads_) return;
  const auto holds = [&](NodeId voter, std::size_t index) {
    if (voter == self_) return durable_ >= index;
    const auto match = matches_.find(voter);
    return match != matches_.end() && match->second >= index;
  };
  for (std::size_t index = last(); index > commit_ && TermAt(index) == term_; --index) {
    const auto count =
        std::ranges::count_if(voters(), [&](NodeId voter) { return holds(voter, index); });
    if (static_cast<std::size_t>(count) >= voters().size() / 2 + 1) commit_ = index;
  }
}

bool LogServer::Campaign(const std::vector<LogServer*>& electorate) {
  const std::uint64_t asked = term_ + 1;
  EnterTerm(asked);
  std::size_t votes = IsVoter() ? 1 : 0;
  std::uint64_t newest = asked;
  for (LogServer* voter : electorate) {
    newest = std::max(newest, voter->term_);
    if (voter->term_ >= asked) continue;
    voter->EnterTerm(asked);
    const bool up_to_date =
        std::pair(TermAt(last()), last()) >= std::pair(voter->TermAt(voter->last()), voter->last());
    if (up_to_date) ++votes;
  }
  EnterTerm(newest);
  if (term_ != asked || votes < voters().size() / 2 + 1) return false;
  leads_ = true;
  leader_ = self_;
  matches_.clear();
  return true;
}

void LogServer::OnFlushed(std::size_t index, std::uint64_t term) {
  if (index > last() || TermAt(index) != term) return;
  durable_ = std::max(durable_, index);
  AdvanceCommit();
}

void LogServer::Crash() {
  log_.resize(durable_);
  FindConfiguration();
  commit_ = std::min(commit_, durable_);
  leads_ = false;
  leader_ = kNoNode;
  verified_ = 0;
}

void LogServer::FindConfiguration() {
  configuration_ = last();
  while (configuration_ > 0 && At(configuration_).kind != Kind::kConfiguration) --configuration_;
}

ConfigurationId LogServer::configuration() const {
  return {.index = configuration_, .term = TermAt(configuration_)};
}

const std::vector<NodeId>& LogServer::voters() const {
  return configuration_ == 0 ? kNoVoters : At(configuration_).voters;
}

bool LogServer::IsVoter() const { return std::ranges::binary_search(voters(), self_); }

bool LogServer::MayCampaign() const { return IsVoter() || configuration_ > commit_; }

}  // namespace aegis::lease::sim
