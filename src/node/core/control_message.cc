#include "node/core/control_message.h"

#include <algorithm>
#include <string>
#include <type_traits>

#include "base/check.h"
#include "model/limits.h"
#include "proto/control.pb.h"

namespace aegis::node {

namespace {

static_assert(control::kStateSizeMax + (1 << 20) <= limits::kControlFrameSizeMax,
              "a snapshot of the state must fit");

constexpr int kVotersMax = 64;
constexpr int kHeldMax = limits::kShardsMax;

// --- Writing -------------------------------------------------------------------------------------

void Write(const Holder& holder, proto::ControlHolder& out) {
  out.set_node(holder.node.value());
  out.set_session(holder.session.value());
}

template <class Position>
void WritePosition(const Position& at, proto::ControlPosition& out) {
  out.set_index(at.index);
  out.set_term(at.term);
}

void Write(const lease::GrantAge& age, proto::ControlGrantAge& out) {
  Write(age.holder, *out.mutable_holder());
  out.set_age_ns(age.age.count());
}

void Write(const lease::HolderAges& ages, proto::ControlHolderAges& out) {
  Write(ages.holder, *out.mutable_holder());
  out.set_grant_ns(ages.grant.count());
  out.set_success_ns(ages.success.count());
}

void Write(const RaftLetter& letter, proto::ControlMessage& out) {
  auto& raft = *out.mutable_raft();
  raft.set_from(letter.from.value());
  raft.set_to(letter.to.value());
  raft.set_message(letter.message);
}

void Write(const lease::Request& request, proto::ControlMessage& out) {
  auto& lease = *out.mutable_lease_request();
  Write(request.holder, *lease.mutable_holder());
  lease.set_number(request.number);
  lease.set_succeeded(request.succeeded);
}

void Write(const lease::Grant& grant, proto::ControlMessage& out) {
  auto& lease = *out.mutable_lease_grant();
  lease.set_number(grant.number);
  lease.set_verdict(static_cast<std::uint32_t>(grant.verdict));
  WritePosition(grant.configuration, *lease.mutable_configuration());
  for (const NodeId voter : grant.voters) lease.add_voters(voter.value());
}

void Write(const VoterQuestion& question, proto::ControlMessage& out) {
  out.set_voter_question(question.number);
}

void Write(const lease::VoterReport& report, proto::ControlMessage& out) {
  auto& voter = *out.mutable_voter_report();
  voter.set_number(report.number);
  WritePosition(report.configuration, *voter.mutable_configuration());
  for (const lease::HolderAges& ages : report.ages) Write(ages, *voter.add_ages());
  for (const lease::StoredFence& fence : report.fences) {
    auto& stored = *voter.add_fences();
    stored.mutable_at()->set_index(fence.index);
    stored.mutable_at()->set_term(fence.term);
    Write(fence.last_grant, *stored.mutable_last_grant());
  }
}

void Write(const Push& message, proto::ControlMessage& out) {
  auto& push = *out.mutable_push();
  push.set_term(message.term);
  if (message.snapshot) push.set_snapshot(*message.snapshot);
  for (const consensus::Entry& entry : message.entries) {
    auto& written = *push.add_entries();
    WritePosition(entry.at, *written.mutable_at());
    written.set_type(static_cast<std::uint32_t>(entry.type));
    written.set_data(entry.data);
  }
  for (const NodeId voter : message.voters) push.add_voters(voter.value());
  push.set_voters_settled(message.voters_settled);
}

void Write(const NodeReport& message, proto::ControlMessage& out) {
  auto& report = *out.mutable_node_report();
  WritePosition(message.applied, *report.mutable_applied());
  if (message.wants) report.set_wants(control::Encode(*message.wants));
  for (const auto& [shard, version] : message.held) {
    auto& held = *report.add_held();
    held.set_shard(shard.value());
    held.set_version(version.Pack());
  }
}

void Write(const Proposal& proposal, proto::ControlMessage& out) {
  out.set_proposal(proposal.command);
}

void Write(const Descent& descent, proto::ControlMessage& out) {
  for (const control::Recovery& recovery : descent.recoveries) {
    auto& written = *out.mutable_descent()->add_recoveries();
    written.set_lineage(recovery.lineage.value());
    written.set_parent(recovery.parent.value());
    WritePosition(recovery.known, *written.mutable_known());
    WritePosition(recovery.last, *written.mutable_last());
  }
  out.mutable_descent();  // Also of the first lineage.
}

// --- Reading -------------------------------------------------------------------------------------

Error Malformed(const char* what) {
  return {ErrorCode::kMalformed, std::string("a control message with ") + what};
}

Holder Read(const proto::ControlHolder& in) { return {NodeId{in.node()}, Session{in.session()}}; }

template <class Position>
Position ReadPosition(const proto::ControlPosition& in) {
  return {in.index(), in.term()};
}

Duration ReadAge(std::int64_t nanoseconds) {
  return Duration(std::max<std::int64_t>(nanoseconds, 0));
}

lease::GrantAge Read(const proto::ControlGrantAge& in) {
  return {Read(in.holder()), ReadAge(in.age_ns())};
}

// Of a voter that does not tell of successes, grants are the best that can be had.
lease::HolderAges Read(const proto::ControlHolderAges& in) {
  return {Read(in.holder()), ReadAge(in.grant_ns()),
          ReadAge(in.has_success_ns() ? in.success_ns() : in.grant_ns())};
}

// A holder that does not tell of its successes would be silent for ever: that it asks must do.
Result<ControlMessage> Read(const proto::ControlLeaseRequest& in) {
  return ControlMessage(lease::Request{Read(in.holder()), in.number(),
                                       in.has_succeeded() ? in.succeeded() : in.number()});
}

Result<ControlMessage> Read(const proto::ControlLeaseGrant& in) {
  if (in.verdict() > static_cast<std::uint32_t>(lease::Verdict::kNotVoter)) {
    return Malformed("an unknown verdict");
  }
  if (in.voters_size() > kVotersMax) return Malformed("too many voters");
  lease::Grant grant;
  grant.number = in.number();
  grant.verdict = static_cast<lease::Verdict>(in.verdict());
  grant.configuration = ReadPosition<lease::ConfigurationId>(in.configuration());
  for (const std::uint64_t voter : in.voters()) grant.voters.push_back(NodeId{voter});
  return ControlMessage(std::move(grant));
}

Result<ControlMessage> Read(const proto::ControlVoterReport& in) {
  lease::VoterReport report;
  report.number = in.number();
  report.configuration = ReadPosition<lease::ConfigurationId>(in.configuration());
  for (const auto& ages : in.ages()) report.ages.push_back(Read(ages));
  for (const auto& fence : in.fences()) {
    report.fences.push_back({fence.at().index(), fence.at().term(), Read(fence.last_grant())});
  }
  return ControlMessage(std::move(report));
}

Result<ControlMessage> Read(const proto::ControlPush& in) {
  Push push;
  if (in.voters_size() > kVotersMax) return Malformed("too many voters");
  push.term = in.term();
  push.voters_settled = in.voters_settled();
  for (const std::uint64_t voter : in.voters()) push.voters.push_back(NodeId{voter});
  if (in.has_snapshot()) push.snapshot = in.snapshot();
  for (const auto& entry : in.entries()) {
    if (entry.type() < static_cast<std::uint32_t>(consensus::EntryType::kCommand) ||
        entry.type() > static_cast<std::uint32_t>(consensus::EntryType::kConfiguration)) {
      return Malformed("an unknown type of entry");
    }
    push.entries.push_back({ReadPosition<consensus::LogPosition>(entry.at()),
                            static_cast<consensus::EntryType>(entry.type()), entry.data()});
  }
  return ControlMessage(std::move(push));
}

Result<ControlMessage> Read(const proto::ControlNodeReport& in) {
  if (in.held_size() > kHeldMax) return Malformed("too many shards");
  NodeReport report;
  report.applied = ReadPosition<control::Applied>(in.applied());
  if (in.has_wants()) {
    auto wants = control::DecodeCommand(in.wants());
    if (!wants.ok()) return wants.error();
    auto* const registration = std::get_if<control::Register>(&wants.value());
    if (registration == nullptr) return Malformed("a wish that is no registration");
    report.wants = std::move(*registration);
  }
  for (const auto& held : in.held()) {
    if (held.shard() >= limits::kShardsMax) return Malformed("no such shard");
    report.held.emplace_back(ShardId{held.shard()}, Version::Unpack(held.version()));
  }
  return ControlMessage(std::move(report));
}

Result<ControlMessage> Read(const proto::ControlDescent& in) {
  if (static_cast<std::size_t>(in.recoveries_size()) > control::kRecoveriesMax) {
    return Malformed("too many recoveries");
  }
  Descent descent;
  for (const auto& recovery : in.recoveries()) {
    descent.recoveries.push_back({.lineage = control::Lineage{recovery.lineage()},
                                  .parent = control::Lineage{recovery.parent()},
                                  .known = ReadPosition<control::Applied>(recovery.known()),
                                  .last = ReadPosition<control::Applied>(recovery.last())});
  }
  return ControlMessage(std::move(descent));
}

Result<ControlMessage> Read(const proto::ControlMessage& in) {
  switch (in.kind_case()) {
    case proto::ControlMessage::kRaft:
      return ControlMessage(RaftLetter{consensus::ServerId{in.raft().from()},
                                       consensus::ServerId{in.raft().to()}, in.raft().message()});
    case proto::ControlMessage::kLeaseRequest:
      return Read(in.lease_request());
    case proto::ControlMessage::kLeaseGrant:
      return Read(in.lease_grant());
    case proto::ControlMessage::kVoterQuestion:
      return ControlMessage(VoterQuestion{in.voter_question()});
    case proto::ControlMessage::kVoterReport:
      return Read(in.voter_report());
    case proto::ControlMessage::kPush:
      return Read(in.push());
    case proto::ControlMessage::kNodeReport:
      return Read(in.node_report());
    case proto::ControlMessage::kProposal:
      return ControlMessage(Proposal{in.proposal()});
    case proto::ControlMessage::kDescent:
      return Read(in.descent());
    case proto::ControlMessage::KIND_NOT_SET:
      break;
  }
  return Malformed("nothing in it");
}

}  // namespace

void AppendControlFrame(const ControlEnvelope& envelope, Bytes& out) {
  proto::ControlMessage encoded;
  std::visit([&](const auto& kind) { Write(kind, encoded); }, envelope.message);
  encoded.set_lineage(envelope.lineage.value());
  const std::size_t size = encoded.ByteSizeLong();
  AEGIS_CHECK(size <= limits::kControlFrameSizeMax, "a control message over the limit");
  AppendBigEndian(static_cast<std::uint32_t>(size), out);
  encoded.AppendToString(&out);
}

Result<ControlEnvelope> DecodeControlEnvelope(ByteView payload) {
  proto::ControlMessage in;
  if (!in.ParseFromArray(payload.data(), static_cast<int>(payload.size()))) {
    return Malformed("bytes that are none");
  }
  auto message = Read(in);
  if (!message.ok()) return message.error();
  return ControlEnvelope{control::Lineage{in.lineage()}, std::move(message).value()};
}

}  // namespace aegis::node
