// HELLO, AUTH, PING, ECHO, QUIT, RESET, SELECT, TIME.

#include <fmt/format.h>

#include <string>

#include "node/core/resp_call.h"
#include "node/core/resp_client_name.h"
#include "node/core/resp_handlers.h"
#include "node/core/resp_text.h"

namespace aegis::node::resp {
namespace {

constexpr ByteView kWrongPassword = "WRONGPASS invalid username-password pair or user is disabled.";

// Without a configured password the default user is let in with any; there are no other users.
bool Admits(ByteView user) { return user == "default"; }

void WriteGreeting(const RespCall& call) {
  wire::RespWriter reply = call.Reply();
  reply.Map(7);
  reply.Bulk("server");
  reply.Bulk("redis");
  reply.Bulk("version");
  reply.Bulk(kRedisVersion);
  reply.Bulk("proto");
  reply.Integer(call.session.version);
  reply.Bulk("id");
  reply.Integer(static_cast<std::int64_t>(call.session.id));
  reply.Bulk("mode");
  reply.Bulk("standalone");
  reply.Bulk("role");
  reply.Bulk("master");
  reply.Bulk("modules");
  reply.Array(0);
}

}  // namespace

Translation Hello(RespCall& call) {
  const auto& argv = call.argv;
  int version = call.session.version;
  if (argv.size() > 1) {
    const auto asked = ParseInteger(argv[1]);
    if (!asked) return call.Fail("ERR Protocol version is not an integer or out of range");
    if (*asked != 2 && *asked != 3) return call.Fail("NOPROTO unsupported protocol version");
    version = static_cast<int>(*asked);
  }
  bool admitted = true;
  std::optional<ByteView> name;
  for (std::size_t i = 2; i < argv.size(); ++i) {
    const std::size_t more = argv.size() - i - 1;
    if (EqualsIgnoringCase(argv[i], "auth") && more >= 2) {
      admitted = Admits(argv[i + 1]);
      i += 2;
    } else if (EqualsIgnoringCase(argv[i], "setname") && more >= 1) {
      name = argv[++i];
      if (!IsClientName(*name)) return call.Fail(kBadClientName);
    } else {
      return call.Fail(fmt::format("ERR Syntax error in HELLO option '{}'", argv[i]));
    }
  }
  if (!admitted) return call.Fail(kWrongPassword);
  if (name) call.session.name = *name;
  call.session.version = version;
  WriteGreeting(call);
  return Translation::kReplied;
}

Translation Auth(RespCall& call) {
  if (call.argv.size() > 3) return call.FailSyntax();
  if (call.argv.size() == 2) {
    return call.Fail(
        "ERR AUTH <password> called without any password configured for the default user. "
        "Are you sure your configuration is correct?");
  }
  return Admits(call.argv[1]) ? call.Ok() : call.Fail(kWrongPassword);
}

Translation Ping(RespCall& call) {
  if (call.argv.size() > 2) return call.FailArity();
  if (call.argv.size() == 2) {
    call.Reply().Bulk(call.argv[1]);
  } else {
    call.Reply().SimpleString("PONG");
  }
  return Translation::kReplied;
}

Translation Echo(RespCall& call) {
  call.Reply().Bulk(call.argv[1]);
  return Translation::kReplied;
}

Translation Quit(RespCall& call) {
  call.Ok();
  return Translation::kRepliedClose;
}

// What the client library said about itself outlives a RESET, as in Redis.
Translation Reset(RespCall& call) {
  RespSession& session = call.session;
  session.version = 2;
  session.name.clear();
  session.reply_mode = RespSession::ReplyMode::kOn;
  session.no_evict = false;
  session.no_touch = false;
  session.transaction.reset();
  session.queued = -1;
  call.Reply().SimpleString("RESET");
  return Translation::kReplied;
}

Translation Select(RespCall& call) {
  return call.DatabaseZero(1) ? call.Ok() : Translation::kReplied;
}

Translation Time(RespCall& call) {
  wire::RespWriter reply = call.Reply();
  reply.Array(2);
  reply.Bulk(std::to_string(call.unix_now.value / 1000));
  reply.Bulk(std::to_string(call.unix_now.value % 1000 * 1000));
  return Translation::kReplied;
}

}  // namespace aegis::node::resp
