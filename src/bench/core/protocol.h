// The three protocols of a load: requests out, replies in.
//
//   resp       GET key; SET key value [PX ms]
//   memcached  get key; set key 0 seconds size (the text protocol)
//   native     GET and SET of wire/native.h, with ids
//
// Pure, stateless, any thread. Views borrow from the input.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace aegis::bench {

enum class Protocol : std::uint8_t { kResp, kMemcached, kNative };

std::optional<Protocol> ReadProtocol(std::string_view name);
std::string_view NameOf(Protocol protocol);

// memcached reads larger expiry times as points in time.
inline constexpr std::int64_t kMemcachedTtlSecondsMax = 30LL * 24 * 3600;
inline constexpr std::size_t kMemcachedKeySizeMax = 250;

// `id` is for native frames only. A TTL of 0 is none; memcached's is rounded up to whole seconds.
void AppendGet(Protocol protocol, std::uint64_t id, ByteView key, Bytes& out);
void AppendSet(Protocol protocol, std::uint64_t id, ByteView key, ByteView value,
               std::int64_t ttl_ms, Bytes& out);

enum class ReplyKind : std::uint8_t {
  kDone,     // Native only: a GET found `value`, or a SET stored its own.
  kValue,    // A GET found `value`.
  kMissing,  // A GET found nothing.
  kStored,   // A SET was done.
  kError,    // `text` is the server's.
  kOther,    // A reply that neither GET nor SET ever has; `text` describes it.
};

struct Reply {
  ReplyKind kind = ReplyKind::kOther;
  std::uint64_t id = 0;  // Native only.
  ByteView value{};
  ByteView text{};
  std::size_t consumed = 0;  // Bytes of the input that were this reply.
};

// The reply at the front of `input`; nothing when more bytes are needed. Errors: kMalformed, these
// bytes are no reply; what follows cannot be understood either.
Result<std::optional<Reply>> ScanReply(Protocol protocol, ByteView input);

// Whether `reply` answers a GET, or else a SET, as it should: empty, or what is wrong. An error is
// wrong in the server's own words.
std::string_view WrongWith(const Reply& reply, bool is_get);

}  // namespace aegis::bench
