#include "gossip/codec.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <string>
#include <utility>

#include "base/check.h"
#include "proto/gossip.pb.h"

namespace aegis::gossip {
namespace {

Error Malformed(std::string what) { return {ErrorCode::kMalformed, std::move(what)}; }

// --- Structs to protobuf ------------------------------------------------------------------------

void Fill(const Sender& sender, proto::GossipSender& out) {
  out.set_cluster(sender.cluster.value());
  out.set_id(sender.id.value());
  out.set_session(sender.session.value());
}

void Fill(const Endpoint& endpoint, proto::GossipEndpoint& out) {
  out.set_host(endpoint.host);
  out.set_port(endpoint.port);
}

void FillHead(const Member& member, proto::GossipMember& out) {
  out.set_id(member.id.value());
  out.set_session(member.session.value());
  out.set_incarnation(member.incarnation);
  out.set_state(static_cast<proto::MemberStateProto>(member.state));
}

void FillProfile(const Member& member, proto::GossipProfile& out) {
  out.set_name(member.name);
  Fill(member.gossip_address, *out.mutable_gossip_address());
  Fill(member.client_address, *out.mutable_client_address());
  out.set_zone(member.zone);
  out.set_weight(member.weight);
  out.set_software(member.software);
}

void Fill(const Rumour& rumour, proto::GossipMember& out) {
  FillHead(rumour.member, out);
  if (rumour.member.state == MemberState::kAlive) {
    FillProfile(rumour.member, *out.mutable_profile());
  } else {
    out.set_accuser(rumour.accuser.value());
  }
}

void Fill(const State& state, proto::GossipState& out) {
  proto::GossipSettings& settings = *out.mutable_settings();
  settings.set_num_shards(state.settings.num_shards);
  settings.set_replication_factor(state.settings.replication_factor);
  settings.set_virtual_nodes(state.settings.virtual_nodes);
  settings.set_hash_seed(state.settings.hash_seed);
  for (const Member& member : state.members) {
    proto::GossipMember& record = *out.add_members();
    FillHead(member, record);
    FillProfile(member, *record.mutable_profile());
  }
}

struct DatagramBodyFiller {
  proto::GossipDatagram& out;

  void operator()(std::monostate) const {}
  void operator()(const Ping& ping) const { FillPing(ping, *out.mutable_ping()); }
  void operator()(const PingRequest& request) const {
    FillPing(request, *out.mutable_ping_request());
  }
  void operator()(const Ack& ack) const { out.set_ack(ack.seq); }
  void operator()(const Nack& nack) const { out.set_nack(nack.seq); }

  template <class T>
  static void FillPing(const T& from, proto::GossipPing& to) {
    to.set_seq(from.seq);
    to.set_target(from.target.value());
    to.set_target_session(from.target_session.value());
  }
};

// --- Protobuf to structs ------------------------------------------------------------------------

// Fills `message` from all of `bytes`.
template <class Message>
bool Parse(ByteView bytes, Message& message) {
  return message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
}

Result<Sender> ToSender(const proto::GossipSender& from) {
  const Sender sender{ClusterId{from.cluster()}, NodeId{from.id()}, Session{from.session()}};
  if (sender.id == kNoNode || sender.session == Session{}) return Malformed("no sender");
  return sender;
}

// A port beyond 16 bits becomes 0, which no address may have.
Endpoint ToEndpoint(const proto::GossipEndpoint& from) {
  const bool in_range = from.port() <= UINT16_MAX;
  return {from.host(), static_cast<std::uint16_t>(in_range ? from.port() : 0)};
}

// With everything of a member if there is a profile, and only its head if there is none.
Result<Member> ToMember(const proto::GossipMember& from) {
  if (!proto::MemberStateProto_IsValid(from.state())) return Malformed("unknown member state");
  Member member;
  member.id = NodeId{from.id()};
  member.session = Session{from.session()};
  member.incarnation = from.incarnation();
  member.state = static_cast<MemberState>(from.state());
  if (member.id == kNoNode || member.session == Session{}) return Malformed("nameless member");
  if (member.incarnation > kIncarnationMax) return Malformed("impossible incarnation");
  if (!from.has_profile()) return member;

  const proto::GossipProfile& profile = from.profile();
  member.name = profile.name();
  member.gossip_address = ToEndpoint(profile.gossip_address());
  member.client_address = ToEndpoint(profile.client_address());
  member.zone = profile.zone();
  member.weight = profile.weight();
  member.software = profile.software();
  if (const auto check = CheckMember(member); !check.ok()) return check.error();
  return member;
}

Result<State> ToState(const proto::GossipState& from, const Sender& sender) {
  State state;
  state.settings = {.id = sender.cluster,
                    .num_shards = from.settings().num_shards(),
                    .replication_factor = from.settings().replication_factor(),
                    .virtual_nodes = from.settings().virtual_nodes(),
                    .hash_seed = from.settings().hash_seed()};
  const ClusterSettings& settings = state.settings;
  if (settings.num_shards < limits::kShardsMin || settings.num_shards > limits::kShardsMax ||
      !std::has_single_bit(settings.num_shards) || settings.replication_factor == 0 ||
      settings.virtual_nodes == 0) {
    return Malformed("impossible cluster settings");
  }
  if (static_cast<std::size_t>(from.members_size()) > limits::kMembersMax) {
    return Error{ErrorCode::kTooLarge,
                 fmt::format("{} members; at most {}", from.members_size(), limits::kMembersMax)};
  }
  bool has_sender = false;
  for (const proto::GossipMember& record : from.members()) {
    if (!record.has_profile()) return Malformed("member without a profile");
    auto member = ToMember(record);
    if (!member.ok()) return member.error();
    has_sender =
        has_sender || (member.value().id == sender.id && member.value().session == sender.session);
    state.members.push_back(std::move(member).value());
  }
  if (!has_sender) return Malformed("a state that lacks its sender");
  return state;
}

Result<DatagramBody> ToDatagramBody(const proto::GossipDatagram& from) {
  const auto pinged = [](const proto::GossipPing& ping) {
    return ping.target() != 0 && ping.target_session() != 0;
  };
  switch (from.body_case()) {
    case proto::GossipDatagram::kPing:
      if (!pinged(from.ping())) return Malformed("a ping for nobody");
      return DatagramBody(Ping{from.ping().seq(), NodeId{from.ping().target()},
                               Session{from.ping().target_session()}});
    case proto::GossipDatagram::kPingRequest:
      if (!pinged(from.ping_request())) return Malformed("a ping request for nobody");
      return DatagramBody(PingRequest{from.ping_request().seq(),
                                      NodeId{from.ping_request().target()},
                                      Session{from.ping_request().target_session()}});
    case proto::GossipDatagram::kAck:
      return DatagramBody(Ack{from.ack()});
    case proto::GossipDatagram::kNack:
      return DatagramBody(Nack{from.nack()});
    case proto::GossipDatagram::BODY_NOT_SET:
      return DatagramBody();
  }
  return DatagramBody();
}

// Names are shown in logs and tables, which control characters would garble.
bool IsShowable(const std::string& text) {
  return std::ranges::none_of(text, [](char c) { return (c >= 0 && c < ' ') || c == '\x7f'; });
}

bool IsAddress(const Endpoint& endpoint) {
  return !endpoint.host.empty() && endpoint.host.size() <= kHostSizeMax && endpoint.port != 0;
}

}  // namespace

Result<Ok> CheckMember(const Member& member) {
  if (member.name.empty() || member.name.size() > limits::kNameSizeMax) {
    return Malformed(fmt::format("a member's name has 1 to {} bytes", limits::kNameSizeMax));
  }
  if (member.zone.size() > limits::kNameSizeMax) {
    return Malformed(fmt::format("a zone's name has at most {} bytes", limits::kNameSizeMax));
  }
  if (member.software.size() > kSoftwareSizeMax) {
    return Malformed(fmt::format("a version has at most {} bytes", kSoftwareSizeMax));
  }
  if (!IsAddress(member.gossip_address) || !IsAddress(member.client_address)) {
    return Malformed("a member's address has a host and a port");
  }
  for (const std::string* text : {&member.name, &member.zone, &member.software,
                                  &member.gossip_address.host, &member.client_address.host}) {
    if (!IsShowable(*text)) return Malformed("control characters in a member's names");
  }
  if (member.weight == 0) return Malformed("a member's weight is at least 1");
  return Ok{};
}

Bytes EncodeRumour(const Rumour& rumour) {
  // A message with nothing but one rumour: appended to others, it is one more of the same field.
  proto::GossipDatagram datagram;
  Fill(rumour, *datagram.add_rumours());
  Bytes encoded = datagram.SerializeAsString();
  AEGIS_CHECK(encoded.size() <= kMemberSizeMax, "a rumour must fit into a datagram");
  return encoded;
}

Bytes EncodeDatagramHead(const Sender& sender, const DatagramBody& body) {
  proto::GossipDatagram datagram;
  Fill(sender, *datagram.mutable_sender());
  std::visit(DatagramBodyFiller{datagram}, body);
  Bytes encoded = datagram.SerializeAsString();
  AEGIS_CHECK(encoded.size() <= kDatagramHeadSizeMax, "a datagram's head has a limit");
  return encoded;
}

Result<DatagramMessage> DecodeDatagram(ByteView bytes) {
  if (bytes.size() > limits::kDatagramSizeMax) {
    return Error{ErrorCode::kTooLarge, "a datagram over the limit"};
  }
  proto::GossipDatagram from;
  if (!Parse(bytes, from)) return Malformed("not a gossip datagram");
  const auto sender = ToSender(from.sender());
  if (!sender.ok()) return sender.error();
  auto body = ToDatagramBody(from);
  if (!body.ok()) return body.error();

  DatagramMessage message{.sender = sender.value(), .body = body.value(), .rumours = {}};
  for (const proto::GossipMember& record : from.rumours()) {
    auto member = ToMember(record);
    if (!member.ok()) return member.error();
    if (member.value().state == MemberState::kAlive && !record.has_profile()) {
      return Malformed("a rumour of life without a profile");
    }
    message.rumours.push_back({std::move(member).value(), NodeId{record.accuser()}});
  }
  return message;
}

Bytes EncodeQuestion(const StreamQuestion& question) {
  proto::GossipQuestion out;
  Fill(question.sender, *out.mutable_sender());
  if (const auto* state = std::get_if<State>(&question.body)) {
    Fill(*state, *out.mutable_state());
  } else {
    const auto& probe = std::get<StreamProbe>(question.body);
    out.mutable_probe()->set_target(probe.target.value());
    out.mutable_probe()->set_target_session(probe.target_session.value());
  }
  return out.SerializeAsString();
}

Result<StreamQuestion> DecodeQuestion(ByteView bytes) {
  if (bytes.size() > limits::kPushPullSizeMax) {
    return Error{ErrorCode::kTooLarge, fmt::format("{} bytes of state; at most {}", bytes.size(),
                                                   limits::kPushPullSizeMax)};
  }
  proto::GossipQuestion from;
  if (!Parse(bytes, from)) return Malformed("not a gossip question");
  const auto sender = ToSender(from.sender());
  if (!sender.ok()) return sender.error();
  if (from.has_probe()) {
    return StreamQuestion{sender.value(), StreamProbe{NodeId{from.probe().target()},
                                                      Session{from.probe().target_session()}}};
  }
  if (!from.has_state()) return Malformed("a question that asks nothing");
  auto state = ToState(from.state(), sender.value());
  if (!state.ok()) return state.error();
  return StreamQuestion{sender.value(), std::move(state).value()};
}

Bytes EncodeAnswer(const StreamAnswer& answer) {
  proto::GossipAnswer out;
  Fill(answer.sender, *out.mutable_sender());
  if (const auto* refusal = std::get_if<Refusal>(&answer.body)) {
    out.mutable_refusal()->set_reason(static_cast<proto::GossipRefusalReason>(refusal->reason));
    out.mutable_refusal()->set_message(refusal->message);
  } else if (const auto* state = std::get_if<State>(&answer.body)) {
    Fill(*state, *out.mutable_state());
  } else {
    out.set_ack(true);
  }
  return out.SerializeAsString();
}

Result<StreamAnswer> DecodeAnswer(ByteView bytes) {
  if (bytes.size() > limits::kPushPullSizeMax) {
    return Error{ErrorCode::kTooLarge, fmt::format("{} bytes of state; at most {}", bytes.size(),
                                                   limits::kPushPullSizeMax)};
  }
  proto::GossipAnswer from;
  if (!Parse(bytes, from)) return Malformed("not a gossip answer");
  const auto sender = ToSender(from.sender());
  if (!sender.ok()) return sender.error();
  switch (from.body_case()) {
    case proto::GossipAnswer::kRefusal: {
      if (!proto::GossipRefusalReason_IsValid(from.refusal().reason())) {
        return Malformed("unknown reason of a refusal");
      }
      if (from.refusal().message().size() > kRefusalSizeMax ||
          !IsShowable(from.refusal().message())) {
        return Malformed("an unreadable refusal");
      }
      return StreamAnswer{
          sender.value(),
          Refusal{static_cast<RefusalReason>(from.refusal().reason()), from.refusal().message()}};
    }
    case proto::GossipAnswer::kState: {
      auto state = ToState(from.state(), sender.value());
      if (!state.ok()) return state.error();
      return StreamAnswer{sender.value(), std::move(state).value()};
    }
    case proto::GossipAnswer::kAck:
      return StreamAnswer{sender.value(), StreamAck{}};
    case proto::GossipAnswer::BODY_NOT_SET:
      break;
  }
  return Malformed("an answer that says nothing");
}

}  // namespace aegis::gossip
