// RespCall: one command while it is translated; what the handlers work on.
//
// A handler either writes a reply and returns kReplied, or adds operations to the plan and returns
// kPlanned. Limits of keys and values are checked afterwards, in one place, by Translate().

#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "base/bytes.h"
#include "base/time.h"
#include "node/core/resp_commands.h"
#include "wire/resp.h"

namespace aegis::node::resp {

struct CommandInfo;

// The Redis whose commands, options and error texts these are; what HELLO and INFO tell clients.
inline constexpr ByteView kRedisVersion = "7.0.15";

struct RespCall {
  std::span<const ByteView> argv;  // The arity that the table states has been checked.
  const CommandInfo* command;      // With a subcommand: the subcommand.
  RespSession& session;
  NodeView& node;
  TimePoint now;
  UnixMs unix_now;
  Plan& plan;
  Bytes& out;

  wire::RespWriter Reply() const { return {out, session.version}; }

  // Each writes its reply and returns kReplied.
  Translation Ok() const;
  Translation Fail(ByteView text) const;  // With its code: "ERR ..."
  Translation FailSyntax() const;
  Translation FailArity() const;       // "ERR wrong number of arguments for '...' command"
  Translation FailExpireTime() const;  // "ERR invalid expire time in '...' command"

  // argv[index] as a 64-bit integer; nothing, and Redis' error is written, if it is none.
  std::optional<std::int64_t> Integer(std::size_t index) const;
  // The same for a number of a database; only 0 exists here. False: the error is written.
  bool DatabaseZero(std::size_t index) const;
  // Of a pattern. False: it is over its limit, and the error is written.
  bool PatternFits(std::size_t bytes) const;

  // Adds an operation on `key`. The reference is valid until the next call.
  Operation& Add(OpCode code, ByteView key) const;
};

}  // namespace aegis::node::resp
