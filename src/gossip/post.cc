#include "gossip/post.h"

#include <array>
#include <utility>
#include <variant>

#include "base/check.h"
#include "gossip/codec.h"
#include "model/limits.h"

namespace aegis::gossip {
MessageKind KindOf(const DatagramBody& body) {
  constexpr std::array kKinds = {MessageKind::kRumours, MessageKind::kPing,
                                 MessageKind::kPingRequest, MessageKind::kAck, MessageKind::kNack};
  static_assert(kKinds.size() == std::variant_size_v<DatagramBody>);
  return kKinds[body.index()];
}

Sender Post::Signature() const {
  const Member& self = membership_.self();
  return {.cluster = settings_.id, .id = self.id, .session = self.session};
}

void Post::Send(const Endpoint& to, const DatagramBody& body, Effects& effects) {
  Finish(to, KindOf(body), kNoNode, EncodeDatagramHead(Signature(), body), effects);
}

void Post::SendPing(const Member& target, const Ping& ping, Effects& effects) {
  Bytes datagram = EncodeDatagramHead(Signature(), ping);
  NodeId told_already = kNoNode;
  if (target.state == MemberState::kSuspect) {
    datagram += EncodeRumour(membership_.AccusationOf(target));
    told_already = target.id;
  }
  Finish(target.gossip_address, MessageKind::kPing, told_already, std::move(datagram), effects);
}

void Post::Finish(const Endpoint& to, MessageKind kind, NodeId told_already, Bytes datagram,
                  Effects& effects) {
  RumourQueue& rumours = membership_.rumours();
  if (!rumours.empty()) {
    const int limit =
        RumourQueue::TransmitLimit(options_.retransmit_mult, membership_.list().CountLive());
    rumours.Take(limits::kDatagramSizeMax - datagram.size(), limit, told_already, datagram);
  }
  AEGIS_CHECK(datagram.size() <= limits::kDatagramSizeMax, "a datagram has a limit");
  counters_.sent.Count(kind);
  counters_.sent.datagram_bytes += datagram.size();
  effects.datagrams.push_back({to, std::move(datagram)});
}

}  // namespace aegis::gossip
