// CLIENT and its subcommands.

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "node/core/resp_call.h"
#include "node/core/resp_client_name.h"
#include "node/core/resp_handlers.h"
#include "node/core/resp_text.h"

namespace aegis::node::resp {
namespace {

// TYPE of CLIENT LIST and KILL. Every connection here is a normal one.
struct ClientType {
  ByteView name;
  bool normal;
};
constexpr ClientType kClientTypes[] = {
    {"normal", true}, {"slave", false}, {"replica", false}, {"pubsub", false}, {"master", false}};

const ClientType* FindClientType(ByteView name) {
  const auto* const found =
      std::find_if(std::begin(kClientTypes), std::end(kClientTypes),
                   [&](const ClientType& type) { return EqualsIgnoringCase(type.name, name); });
  return found == std::end(kClientTypes) ? nullptr : found;
}

Translation FailUnknownType(const RespCall& call, ByteView type) {
  return call.Fail(fmt::format("ERR Unknown client type '{}'", Excerpt(type, type.size())));
}

std::string Flags(const RespSession& session) {
  std::string flags;
  if (session.queued >= 0) flags += 'x';
  if (session.no_evict) flags += 'e';
  if (session.no_touch) flags += 'T';
  return flags.empty() ? "N" : flags;
}

// One line of CLIENT LIST, with all of Redis' fields in its order: redis-py fails where one is
// missing. Those that are not kept here are 0.
std::string Describe(const RespSession& session, TimePoint now) {
  const auto seconds = [&](TimePoint since) {
    const auto passed = std::chrono::duration_cast<std::chrono::seconds>(now - since).count();
    return std::max<std::int64_t>(passed, 0);  // Another worker's clock may be read a bit later.
  };
  return fmt::format(
      "id={} addr={} laddr={} fd=-1 name={} age={} idle={} flags={} db=0 sub=0 psub=0 ssub=0 "
      "multi={} qbuf=0 qbuf-free=0 argv-mem=0 multi-mem=0 rbs=0 rbp=0 obl=0 oll=0 omem=0 "
      "tot-mem=0 events=r cmd={} user=default redir=-1 resp={} lib-name={} lib-ver={}\n",
      session.id, session.address, session.local_address, session.name,
      seconds(session.connected_at), seconds(session.last_command_at), Flags(session),
      session.queued, session.last_command.empty() ? "NULL" : session.last_command, session.version,
      session.lib_name, session.lib_version);
}

// Every connection by its number, this one as it is right now.
std::vector<RespSession> SessionsInOrder(const RespCall& call) {
  std::vector<RespSession> sessions = call.node.Sessions();
  for (RespSession& session : sessions) {
    if (session.id == call.session.id) session = call.session;
  }
  std::sort(sessions.begin(), sessions.end(),
            [](const RespSession& a, const RespSession& b) { return a.id < b.id; });
  return sessions;
}

// What CLIENT KILL has to match; a missing option matches all.
struct KillFilter {
  std::optional<std::uint64_t> id;
  std::optional<ByteView> address;
  std::optional<ByteView> local_address;
  bool none = false;  // Of a type that no connection here has.
  bool skip_me = true;

  bool Matches(const RespSession& session, const RespSession& me) const {
    return !none && (!id || *id == session.id) && (!address || *address == session.address) &&
           (!local_address || *local_address == session.local_address) &&
           !(skip_me && session.id == me.id);
  }
};

// Reads one option of CLIENT KILL. False: the error is written.
bool ReadKillOption(const RespCall& call, ByteView option, ByteView value, KillFilter& filter) {
  if (EqualsIgnoringCase(option, "id")) {
    const auto id = ParseInteger(value);
    if (!id || *id < 1) {
      call.Fail("ERR client-id should be greater than 0");
      return false;
    }
    filter.id = static_cast<std::uint64_t>(*id);
  } else if (EqualsIgnoringCase(option, "type")) {
    const ClientType* const type = FindClientType(value);
    if (type == nullptr) {
      FailUnknownType(call, value);
      return false;
    }
    filter.none = !type->normal;
  } else if (EqualsIgnoringCase(option, "addr")) {
    filter.address = value;
  } else if (EqualsIgnoringCase(option, "laddr")) {
    filter.local_address = value;
  } else if (EqualsIgnoringCase(option, "user")) {
    if (value != "default") {
      call.Fail(fmt::format("ERR No such user '{}'", Excerpt(value, value.size())));
      return false;
    }
  } else if (EqualsIgnoringCase(option, "skipme") && EqualsIgnoringCase(value, "yes")) {
    filter.skip_me = true;
  } else if (EqualsIgnoringCase(option, "skipme") && EqualsIgnoringCase(value, "no")) {
    filter.skip_me = false;
  } else {
    call.FailSyntax();
    return false;
  }
  return true;
}

struct Killed {
  std::int64_t count = 0;
  bool me = false;  // This connection gets its answer before it is closed.

  Translation translation() const {
    return me ? Translation::kRepliedClose : Translation::kReplied;
  }
};

Killed Kill(const RespCall& call, const KillFilter& filter) {
  Killed killed;
  for (const RespSession& session : call.node.Sessions()) {
    if (!filter.Matches(session, call.session)) continue;
    const bool me = session.id == call.session.id;
    killed.me = killed.me || me;
    if (me || call.node.Kill(session.id)) ++killed.count;
  }
  return killed;
}

// ON or OFF into `value`; anything else is a syntax error.
Translation SetSwitch(const RespCall& call, bool& value) {
  if (EqualsIgnoringCase(call.argv[2], "on")) {
    value = true;
  } else if (EqualsIgnoringCase(call.argv[2], "off")) {
    value = false;
  } else {
    return call.FailSyntax();
  }
  return call.Ok();
}

}  // namespace

Translation ClientSetName(RespCall& call) {
  if (!IsClientName(call.argv[2])) return call.Fail(kBadClientName);
  call.session.name = call.argv[2];
  return call.Ok();
}

Translation ClientGetName(RespCall& call) {
  if (call.session.name.empty()) {
    call.Reply().Null();
  } else {
    call.Reply().Bulk(call.session.name);
  }
  return Translation::kReplied;
}

Translation ClientSetInfo(RespCall& call) {
  const ByteView option = call.argv[2];
  const bool is_name = EqualsIgnoringCase(option, "lib-name");
  if (!is_name && !EqualsIgnoringCase(option, "lib-ver")) {
    return call.Fail(fmt::format("ERR Unrecognized option '{}'", Excerpt(option, option.size())));
  }
  if (!IsClientName(call.argv[3])) {
    return call.Fail(fmt::format("ERR {} cannot contain spaces, newlines or special characters.",
                                 is_name ? "lib-name" : "lib-ver"));
  }
  (is_name ? call.session.lib_name : call.session.lib_version) = call.argv[3];
  return call.Ok();
}

Translation ClientId(RespCall& call) {
  call.Reply().Integer(static_cast<std::int64_t>(call.session.id));
  return Translation::kReplied;
}

Translation ClientInfo(RespCall& call) {
  call.Reply().Verbatim(Describe(call.session, call.now));
  return Translation::kReplied;
}

Translation ClientList(RespCall& call) {
  const auto& argv = call.argv;
  std::string text;
  if (argv.size() == 4 && EqualsIgnoringCase(argv[2], "type")) {
    const ClientType* const type = FindClientType(argv[3]);
    if (type == nullptr) return FailUnknownType(call, argv[3]);
    if (!type->normal) {
      call.Reply().Verbatim(text);
      return Translation::kReplied;
    }
  } else if (argv.size() > 3 && EqualsIgnoringCase(argv[2], "id")) {
    const std::vector<RespSession> sessions = SessionsInOrder(call);
    for (const ByteView argument : argv.subspan(3)) {
      const auto id = ParseInteger(argument);
      if (!id) return call.Fail("ERR Invalid client ID");
      for (const RespSession& session : sessions) {
        if (session.id == static_cast<std::uint64_t>(*id)) text += Describe(session, call.now);
      }
    }
    call.Reply().Verbatim(text);
    return Translation::kReplied;
  } else if (argv.size() != 2) {
    return call.FailSyntax();
  }
  for (const RespSession& session : SessionsInOrder(call)) text += Describe(session, call.now);
  call.Reply().Verbatim(text);
  return Translation::kReplied;
}

Translation ClientKill(RespCall& call) {
  const auto& argv = call.argv;
  KillFilter filter;
  if (argv.size() == 3) {  // The old form: CLIENT KILL ip:port.
    filter.address = argv[2];
    filter.skip_me = false;
    const Killed killed = Kill(call, filter);
    if (killed.count == 0) return call.Fail("ERR No such client");
    call.Ok();
    return killed.translation();
  }
  if (argv.size() % 2 != 0) return call.FailSyntax();
  for (std::size_t i = 2; i < argv.size(); i += 2) {
    if (!ReadKillOption(call, argv[i], argv[i + 1], filter)) return Translation::kReplied;
  }
  const Killed killed = Kill(call, filter);
  call.Reply().Integer(killed.count);
  return killed.translation();
}

Translation ClientReply(RespCall& call) {
  using ReplyMode = RespSession::ReplyMode;
  ReplyMode& mode = call.session.reply_mode;
  if (EqualsIgnoringCase(call.argv[2], "on")) {
    mode = ReplyMode::kOn;
    return call.Ok();
  }
  if (EqualsIgnoringCase(call.argv[2], "off")) {
    mode = ReplyMode::kOff;
    return Translation::kReplied;
  }
  if (EqualsIgnoringCase(call.argv[2], "skip")) {
    if (mode != ReplyMode::kOff) mode = ReplyMode::kSkipNext;
    return Translation::kReplied;
  }
  return call.FailSyntax();
}

Translation ClientNoEvict(RespCall& call) { return SetSwitch(call, call.session.no_evict); }

Translation ClientNoTouch(RespCall& call) { return SetSwitch(call, call.session.no_touch); }

}  // namespace aegis::node::resp
