#include "node/runtime/stream_preamble.h"

#include <cstdint>

namespace aegis::node {

void AppendStreamKind(char kind, Bytes& out) {
  out.append(kStreamMagic);
  out.push_back(kind);
}

void AppendPeerPreamble(NodeId self, Bytes& out) {
  AppendStreamKind(kPeerStream, out);
  AppendBigEndian(self.value(), out);
}

void AppendControlPreamble(ClusterId cluster, NodeId self, NodeId peer, Bytes& out) {
  AppendStreamKind(kControlStream, out);
  AppendBigEndian(cluster.value(), out);
  AppendBigEndian(self.value(), out);
  AppendBigEndian(peer.value(), out);
}

void AppendForwardPreamble(ClusterId cluster, NodeId self, Bytes& out) {
  AppendStreamKind(kForwardStream, out);
  AppendBigEndian(cluster.value(), out);
  AppendBigEndian(self.value(), out);
}

void AppendForwardAnswer(const ForwardAnswer& answer, Bytes& out) {
  AppendBigEndian(std::uint8_t{answer.accepted}, out);
  AppendBigEndian(answer.node.value(), out);
  AppendBigEndian(static_cast<std::uint16_t>(answer.reason.size()), out);
  out.append(answer.reason);
}

ForwardAnswer DecodeForwardAnswer(ByteView input, std::size_t& consumed, std::size_t& needed) {
  constexpr std::size_t kFixed = 1 + 8 + 2;
  ForwardAnswer answer;
  consumed = 0;
  needed = kFixed;
  if (input.size() < kFixed) return answer;
  const std::size_t reason = LoadBigEndian<std::uint16_t>(input.substr(9));
  needed = kFixed + reason;
  if (input.size() < needed) return answer;
  answer.accepted = input[0] == 1;
  answer.node = NodeId{LoadBigEndian<std::uint64_t>(input.substr(1))};
  answer.reason = input.substr(kFixed, reason);
  consumed = needed;
  return answer;
}

}  // namespace aegis::node
