// Codec: the messages of gossip to bytes and back (proto/gossip.proto, docs/PROTOCOL.md).
//
// Decoding never fails half: either everything is within its limits, or the Error (kMalformed,
// kTooLarge) says what is not. Unknown fields are skipped, so a newer node may add some.

#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "base/result.h"
#include "gossip/message.h"
#include "model/limits.h"

namespace aegis::gossip {

// A host name has at most this many bytes (RFC 1035), a version string as many as is sensible.
inline constexpr std::size_t kHostSizeMax = 253;
inline constexpr std::size_t kSoftwareSizeMax = 64;
inline constexpr std::size_t kRefusalSizeMax = 1024;
// So that whoever is told something of an incarnation can refute it.
inline constexpr std::uint64_t kIncarnationMax = std::uint64_t{1} << 62U;
// The longest encoded member or rumour, framing included.
inline constexpr std::size_t kMemberSizeMax =
    2 * limits::kNameSizeMax + 2 * kHostSizeMax + kSoftwareSizeMax + 96;
// The longest encoding of a datagram without rumours.
inline constexpr std::size_t kDatagramHeadSizeMax = 64;

static_assert(kDatagramHeadSizeMax + kMemberSizeMax <= limits::kDatagramSizeMax,
              "every rumour must fit into a datagram");
static_assert(limits::kMembersMax * kMemberSizeMax + 256 <= limits::kPushPullSizeMax,
              "the full state must fit into a push/pull");

// One rumour in the form in which a datagram carries it: datagram = head + rumours.
Bytes EncodeRumour(const Rumour& rumour);
// A datagram to which rumours may be appended.
Bytes EncodeDatagramHead(const Sender& sender, const DatagramBody& body);
Result<DatagramMessage> DecodeDatagram(ByteView bytes);

Bytes EncodeQuestion(const StreamQuestion& question);
Result<StreamQuestion> DecodeQuestion(ByteView bytes);

Bytes EncodeAnswer(const StreamAnswer& answer);
Result<StreamAnswer> DecodeAnswer(ByteView bytes);

// Ok, or what is wrong with a member that we would send or were sent.
Result<Ok> CheckMember(const Member& member);

}  // namespace aegis::gossip
