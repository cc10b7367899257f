// RESP2 and RESP3, the protocol of Redis: commands in, replies out.
// https://redis.io/docs/latest/develop/reference/protocol-spec/
//
// Pure: the parser looks at bytes that the shell has read and never copies an argument; the
// writer appends to the shell's output buffer.

#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "model/outgoing.h"

namespace aegis::wire {

struct RespParse {
  // Bytes of the command at the front of the input; 0: incomplete.
  std::size_t consumed = 0;
  // When incomplete: do not try again before the input has this many bytes. More than it has
  // now, never more than the command will have, and exact from the last bulk's length on: a large
  // value or a long argument list that arrives in pieces is not scanned from the start each time.
  std::size_t needed = 0;
};

// Reads one command ("*2\r\n$3\r\nGET\r\n..." or an inline "GET k\r\n" with Redis' quoting) from
// the front of `input`. `argv` is replaced by views into `input` (inline arguments with quotes:
// into `scratch`, which is then replaced too and must outlive them); an empty line, "*0" and
// "*-1" consume and leave it empty. While incomplete, `argv` has no meaning.
//
// How the input is cut never changes the answer. Errors: kMalformed with Redis' text ("Protocol
// error: invalid bulk length", ...): answer "-ERR " + message and close. Stricter than Redis in
// one thing: the two bytes behind a bulk, and the byte behind a header's CR, must be what the
// protocol says. Redis does not look, and what follows a wrong length is garbage.
//
// Limits: kRespArgumentsMax, kRespInlineSizeMax and kRespCommandSizeMax of model/limits.h.
Result<RespParse> ParseRespCommand(ByteView input, std::vector<ByteView>& argv, Bytes& scratch);

// Appends replies in the connection's protocol version. Where RESP2 has no such type, the form
// that Redis uses there is written (maps as flat arrays, nulls as $-1, booleans as integers).
class RespWriter {
 public:
  // `out` must outlive the writer. REQUIRES: version is 2 or 3.
  RespWriter(OutgoingTail out, int version);

  void SimpleString(ByteView text);  // REQUIRES: no CR, LF.
  void Error(ByteView text);         // With its code: "ERR unknown command"; CR, LF become spaces.
  void Integer(std::int64_t value);
  // `block`: what the value lies in; null: somewhere else.
  void Bulk(ByteView value, const Block* block = nullptr);
  void Verbatim(ByteView text);  // RESP3 "txt"; RESP2: bulk.
  void Null();                   // RESP3 "_"; RESP2 "$-1".
  void NullArray();              // RESP3 "_"; RESP2 "*-1".
  void Double(double value);     // RESP3 ","; RESP2: bulk. The shortest text that reads back equal.
  void Boolean(bool value);
  void Array(std::size_t elements);  // Its elements follow.
  void Map(std::size_t pairs);       // Key, value, key, value, ... follow.
  void Set(std::size_t elements);
  void Push(std::size_t elements);

  int version() const { return version_; }

 private:
  // A type byte, a number and CRLF: the head of every aggregate.
  void Head(char type, std::int64_t number);
  void Text(ByteView text);

  const OutgoingTail tail_;
  Bytes& out_;  // Of tail_.
  const int version_;
};

}  // namespace aegis::wire
