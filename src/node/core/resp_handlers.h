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
Translation Touch(RespCall& call);
Translation Type(RespCall& call);
Translation DelIfEq(RespCall& call);
Translation Rename(RespCall& call);
Translation RenameNx(RespCall& call);
Translation Copy(RespCall& call);

// resp_shards.cc
Translation DbSize(RespCall& call);
Translation FlushAll(RespCall& call);
Translation Keys(RespCall& call);
Translation RandomKey(RespCall& call);
Translation Scan(RespCall& call);

// resp_cluster.cc
Translation ClusterSlots(RespCall& call);
Translation ClusterShards(RespCall& call);
Translation ClusterNodes(RespCall& call);
Translation ClusterInfo(RespCall& call);
Translation ClusterMyId(RespCall& call);
Translation ClusterLinks(RespCall& call);
Translation ClusterReplicas(RespCall& call);
Translation ClusterCountFailureReports(RespCall& call);
Translation ClusterKeySlot(RespCall& call);
Translation ClusterCountKeysInSlot(RespCall& call);
Translation ClusterGetKeysInSlot(RespCall& call);
Translation Assent(RespCall& call);

// resp_operator.cc
Translation ObjectEncoding(RespCall& call);
Translation ObjectRefCount(RespCall& call);
Translation ObjectFreq(RespCall& call);
Translation ObjectIdleTime(RespCall& call);
Translation MemoryUsage(RespCall& call);
Translation MemoryStats(RespCall& call);
Translation MemoryDoctor(RespCall& call);
Translation SlowLogGet(RespCall& call);
Translation SlowLogLen(RespCall& call);
Translation SlowLogReset(RespCall& call);
Translation Role(RespCall& call);
Translation LastSave(RespCall& call);
Translation Shutdown(RespCall& call);

// resp_latency.cc
Translation LatencyHistogram(RespCall& call);
Translation LatencyLatest(RespCall& call);
Translation LatencyHistory(RespCall& call);
Translation LatencyReset(RespCall& call);
Translation LatencyDoctor(RespCall& call);

// resp_transaction.cc
Translation Multi(RespCall& call);
Translation Exec(RespCall& call);
Translation Discard(RespCall& call);
Translation Watch(RespCall& call);
Translation Unwatch(RespCall& call);

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
