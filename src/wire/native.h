// Native frames: the length-prefixed binary protocol, compatible with AegisKV v1.
// See docs/PROTOCOL.md for a worked example in bytes. All integers are big-endian.
//
//   request  | length u32 | AE 01 | command u8 | id u64 | key length u32 | value length u32 |
//            | ttl i64, ms | version u64 | key | value |
//   reply    | length u32 | AE 01 | status u8 | id u64 | key length u32 | value length u32 |
//            | ttl i64, ms | version u64 | error length u32 | address length u32 |
//            | key | value | error | address |
//
// `length` counts everything behind itself. A reply carries the id of its request; replies may
// come in any order. Commands up to 31 are AegisKV's own; from 32 up they are ours, and their
// value is a protobuf message of proto/client.proto.
//
// `length` never exceeds limits::kFrameSizeMax, so the first byte of a frame is small: that is
// how a port tells native frames from RESP (IsNative).
//
// Pure, stateless, any thread: bytes in, frames out. The shell owns the socket, answers an error
// with native_error.h's PROTOCOL or TOOLARGE, and closes.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/result.h"
#include "model/limits.h"
#include "model/outgoing.h"

namespace aegis::wire {

enum class Command : std::uint8_t {
  kGet = 1,
  kSet = 2,  // ttl 0: no expiry. version != 0: only if the key has that version.
  kDelete = 3,
  kPing = 4,  // Answered with status kOk and value "PONG".
  kPong = 5,
  kRedirect = 8,
  kStats = 11,  // Value of the reply: JSON.
  kAuth = 12,
  kExecute = 32,   // Value: Operation; reply value: Outcome.
  kMulti = 33,     // Value: MultiRequest; reply value: MultiReply.
  kTopology = 34,  // Reply value: Topology.
  kIdentify = 35,  // Reply value: Identity.
};

enum class ReplyStatus : std::uint8_t {
  kOk = 0,
  kNotFound = 1,
  kError = 2,            // `error` says why; its first word is a code, see native_error.h.
  kRedirect = 3,         // `address`: who leads the key. Only for requests that ask for it.
  kVersionConflict = 4,  // `version`: what the key has.
};

// Set in a request's command byte: answer kRedirect instead of forwarding to the leader.
inline constexpr std::uint8_t kRedirectFlag = 0x80;

inline constexpr std::size_t kLengthSize = 4;
inline constexpr std::uint8_t kMagic = 0xAE;
inline constexpr std::uint8_t kProtocolVersion = 0x01;
inline constexpr std::size_t kRequestHeaderSize = 2 + 1 + 8 + 4 + 4 + 8 + 8;
inline constexpr std::size_t kReplyHeaderSize = kRequestHeaderSize + 4 + 4;

// A connection whose first byte is below this speaks native frames; any other speaks RESP, whose
// commands begin with '*' or a printable character (an empty inline line with CR or LF).
inline constexpr std::uint8_t kNativeFirstByteEnd = 0x08;
static_assert(limits::kFrameSizeMax >> 24U < kNativeFirstByteEnd, "IsNative() must know a frame");

constexpr bool IsNative(char first_byte) {
  return static_cast<unsigned char>(first_byte) < kNativeFirstByteEnd;
}

// Views borrow from the buffer that was decoded.
struct RequestFrame {
  std::uint8_t command = 0;  // A Command, or an unknown one; without kRedirectFlag.
  bool redirect = false;     // kRedirectFlag was set.
  std::uint64_t id = 0;
  std::int64_t ttl_ms = 0;
  std::uint64_t version = 0;
  ByteView key{};
  ByteView value{};
};

struct ReplyFrame {
  ReplyStatus status = ReplyStatus::kOk;
  std::uint64_t id = 0;
  std::int64_t ttl_ms = 0;  // Of GET: what is left; 0 = no expiry.
  std::uint64_t version = 0;
  ByteView key{};
  ByteView value{};
  ByteView error{};
  ByteView address{};
  // Of a reply to be written: the end of its value, behind `value`, that lies in a block.
  ByteView value_end{};
  const Block* block = nullptr;
};

// True when the frame's `length` is within limits::kFrameSizeMax.
bool Fits(const RequestFrame& frame);

// REQUIRES: Fits(frame).
void AppendRequest(const RequestFrame& frame, Bytes& out);

// A reply over limits::kFrameSizeMax (only a MULTI of large values can be one) is replaced by the
// error UNKNOWNOUTCOME: whatever was asked has been done, its result cannot be shown.
void AppendReply(const ReplyFrame& frame, OutgoingTail tail);

// One frame from the front of `input`. Sets `consumed` to the frame's size and returns it;
// nothing when more bytes are needed (`consumed` = 0; `needed`, when given, is set to the frame's
// whole size once its length is known, else to kLengthSize). Each field is judged as soon as it
// is there, so a peer that speaks something else fails on its first bytes, not after a body.
// Errors, after which the stream cannot be resynchronised:
//   kTooLarge   the length is over limits::kFrameSizeMax. (A key or value over its own limit in a
//               frame within this one is the executor's to refuse; the stream goes on.)
//   kMalformed  wrong magic, version or reply status, or lengths that do not add up. The message
//               says what was expected and what came.
Result<std::optional<RequestFrame>> DecodeRequest(ByteView input, std::size_t& consumed,
                                                  std::size_t* needed = nullptr);
Result<std::optional<ReplyFrame>> DecodeReply(ByteView input, std::size_t& consumed,
                                              std::size_t* needed = nullptr);

}  // namespace aegis::wire
