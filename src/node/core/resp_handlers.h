// The handlers that the command table names, by the file that has them.

#pragma once

#include "node/core/resp_call.h"

namespace aegis::node::resp {

// resp_connection.cc
Translation Hello(RespCall& call);
Translation Auth(RespCall& call);
Translation Ping(RespCall& call);
Translation Echo(RespCall& call);
Translation Quit(RespCall& call);
Translation Reset(RespCall& call);
Translation Select(RespCall& call);
Translation Time(RespCall& call);

// resp_client.cc
Translation ClientSetName(RespCall& call);
Translation ClientGetName(RespCall& call);
Translation ClientSetInfo(RespCall& call);
Translation ClientId(RespCall& call);
Translation ClientInfo(RespCall& call);
Translation ClientList(RespCall& call);
Translation ClientKill(RespCall& call);
Translation ClientReply(RespCall& call);
Translation ClientNoEvict(RespCall& call);
Translation ClientNoTouch(RespCall& call);

// resp_command.cc
Translation Command(RespCall& call);
Translation CommandCount(RespCall& call);
Translation CommandDocs(RespCall& call);
Translation CommandInfoOf(RespCall& call);
Translation CommandGetKeys(RespCall& call);
Translation CommandGetKeysAndFlags(RespCall& call);
Translation CommandList(RespCall& call);

// resp_help.cc: CLIENT HELP, COMMAND HELP, CONFIG HELP
Translation Help(RespCall& call);

// resp_info.cc, resp_config.cc
Translation Info(RespCall& call);
Translation ConfigGet(RespCall& call);
Translation ConfigSet(RespCall& call);
Translation ConfigResetStat(RespCall& call);

// resp_strings.cc
Translation Get(RespCall& call);
Translation Set(RespCall& call);
Translation SetNx(RespCall& call);
Translation SetEx(RespCall& call);
Translation PSetEx(RespCall& call);
Translation GetSet(RespCall& call);
Translation GetDel(RespCall& call);
Translation GetEx(RespCall& call);
Translation StrLen(RespCall& call);
Translation Append(RespCall& call);
Translation GetRange(RespCall& call);
Translation SetRange(RespCall& call);

// resp_numbers.cc
Translation Incr(RespCall& call);
Translation Decr(RespCall& call);
Translation IncrBy(RespCall& call);
Translation DecrBy(RespCall& call);
Translation IncrByFloat(RespCall& call);

// resp_keys.cc
Translation MGet(RespCall& call);
Translation MSet(RespCall& call);
Translation MSetNx(RespCall& call);
Translation Del(RespCall& call);
Translation Exists(RespCall& call);
Translation Type(RespCall& call);
Translation DelIfEq(RespCall& call);
Translation Rename(RespCall& call);
Translation RenameNx(RespCall& call);
Translation Copy(RespCall& call);

// resp_wait.cc
Translation Wait(RespCall& call);

// resp_expiry.cc
Translation Expire(RespCall& call);
Translation PExpire(RespCall& call);
Translation ExpireAt(RespCall& call);
Translation PExpireAt(RespCall& call);
Translation Ttl(RespCall& call);
Translation PTtl(RespCall& call);
Translation ExpireTime(RespCall& call);
Translation PExpireTime(RespCall& call);
Translation Persist(RespCall& call);

}  // namespace aegis::node::resp
