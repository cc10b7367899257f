// How a stream to a node's gossip port (TCP) begins: what it is for, and from whom.
//
//     "AGK" 'G' | length u32 | push/pull body           -> length u32 | body; then closed
//     "AGK" 'P' | our node id u64                       -> peer frames both ways, hello first
//     "AGK" 'C' | cluster id u64 | our node id u64 | its node id u64
//                                                       -> nothing; control frames from us
//     "AGK" 'F' | cluster id u64 | our node id u64      -> accepted u8 | its node id u64 |
//                                                          reason length u16 | reason;
//                                                          then forwarded operations
//
// All integers are big-endian. A stream that begins otherwise, or takes longer than
// limits::kHalfOpenTimeout to say it, is closed.

#pragma once

#include <cstddef>
#include <string>

#include "base/bytes.h"
#include "model/ids.h"

namespace aegis::node {

inline constexpr ByteView kStreamMagic = "AGK";
inline constexpr std::size_t kStreamKindSize = 4;  // The magic and the kind.
inline constexpr char kGossipStream = 'G';
inline constexpr char kPeerStream = 'P';
inline constexpr char kControlStream = 'C';
inline constexpr char kForwardStream = 'F';
inline constexpr std::size_t kGossipPreambleSize = kStreamKindSize + 4;
inline constexpr std::size_t kPeerPreambleSize = kStreamKindSize + 8;
inline constexpr std::size_t kControlPreambleSize = kStreamKindSize + 24;
inline constexpr std::size_t kForwardPreambleSize = kStreamKindSize + 16;

void AppendStreamKind(char kind, Bytes& out);
void AppendPeerPreamble(NodeId self, Bytes& out);
void AppendControlPreamble(ClusterId cluster, NodeId self, NodeId peer, Bytes& out);
void AppendForwardPreamble(ClusterId cluster, NodeId self, Bytes& out);

struct ForwardAnswer {
  bool accepted = false;
  NodeId node;
  std::string reason;
};
void AppendForwardAnswer(const ForwardAnswer& answer, Bytes& out);
// `consumed` 0: incomplete, `needed` bytes are needed.
ForwardAnswer DecodeForwardAnswer(ByteView input, std::size_t& consumed, std::size_t& needed);

}  // namespace aegis::node
