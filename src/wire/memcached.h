// memcached's text and meta protocols: requests in, the lines of replies out.
// https://github.com/memcached/memcached/blob/master/doc/protocol.txt
//
//     <command> <word>*\r\n                         a line; "\n" alone ends it as well
//     <storage command> <word>* <size> ...\r\n      a line with a data block behind it:
//     <size bytes>\r\n
//
// Pure: the parser looks at bytes that the shell has read and never copies; the writers append to
// the shell's output buffer.

#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "model/limits.h"
#include "model/outgoing.h"

namespace aegis::wire {

enum class MemcachedVerb : std::uint8_t {
  kUnknown,
  kGet,
  kGets,
  kGat,
  kGats,
  kSet,
  kAdd,
  kReplace,
  kAppend,
  kPrepend,
  kCas,
  kIncr,
  kDecr,
  kDelete,
  kTouch,
  kFlushAll,
  kVersion,
  kStats,
  kVerbosity,
  kQuit,
  kMetaGet,
  kMetaSet,
  kMetaDelete,
  kMetaArithmetic,
  kMetaNoop,
  kMetaDebug,
};

// What stands behind a line.
enum class MemcachedData : std::uint8_t {
  kNone,      // Nothing: the command has no data block, or its line does not tell how long it is.
  kWhole,     // A block of the size that the line says, and CRLF.
  kBad,       // So many bytes, and no CRLF where it should be.
  kTooLarge,  // Over limits::kValueSizeMax; see MemcachedParse::skip.
};

// Words of a line that are looked at: enough to see that there are too many keys. Only lines with
// keys to get are long enough for more.
inline constexpr std::size_t kMemcachedWordsMax = limits::kMemcachedKeysMax + 3;
static_assert(kMemcachedWordsMax > limits::kMemcachedLineSizeMax / 2);

struct MemcachedRequest {
  MemcachedVerb verb = MemcachedVerb::kUnknown;
  // The command is the first; empty: an empty line. At most kMemcachedWordsMax.
  std::vector<ByteView> words;
  MemcachedData data_state = MemcachedData::kNone;
  ByteView data;
};

struct MemcachedParse {
  // Bytes of the request at the front of the input; 0: incomplete.
  std::size_t consumed = 0;
  // When incomplete: do not try again before the input has this many bytes. More than it has now,
  // never more than the request will have, and exact once its line is there.
  std::size_t needed = 0;
  // Bytes behind the request that belong to it and that nobody wants: to be dropped as they come.
  std::size_t skip = 0;
};

// Reads one request from the front of `input`. `request` is replaced by views into `input`; while
// incomplete it has no meaning. Words are separated by spaces, any number of them.
//
// How the input is cut never changes the answer. Error: kMalformed, the line is over its limit
// (kMemcachedLineSizeMax, kMemcachedKeysLineSizeMax): answer "CLIENT_ERROR " + message and close.
Result<MemcachedParse> ParseMemcachedRequest(ByteView input, MemcachedRequest& request);

// The first byte of every request of the binary protocol, which is not spoken here. No line of text
// begins with it.
inline constexpr char kMemcachedBinary = '\x80';

// A decimal number of 64 or 32 bits, digits only. False: it is none, `number` is left alone.
bool ReadMemcachedNumber(ByteView text, std::uint64_t& number);
bool ReadMemcachedNumber(ByteView text, std::uint32_t& number);
// The same, maybe with a minus.
bool ReadMemcachedNumber(ByteView text, std::int64_t& number);

void AppendDecimal(std::uint64_t number, Bytes& out);
// "VALUE <key> <flags> <size>[ <cas>]\r\n<value>\r\n"; `cas` null: without one. `block`: what the
// value lies in; null: somewhere else.
void AppendMemcachedValue(ByteView key, std::uint32_t flags, ByteView value,
                          const std::uint64_t* cas, OutgoingTail tail,
                          const Block* block = nullptr);
// "STAT <name> <value>\r\n"
void AppendMemcachedStat(ByteView name, ByteView value, Bytes& out);

}  // namespace aegis::wire
