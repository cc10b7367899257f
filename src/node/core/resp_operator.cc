// What operators ask: OBJECT, MEMORY, SLOWLOG, ROLE, LASTSAVE, SHUTDOWN.

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>

#include "node/core/resp_call.h"
#include "node/core/resp_handlers.h"
#include "node/core/resp_text.h"

namespace aegis::node::resp {
namespace {

using wire::RespWriter;

constexpr std::int64_t kEmbeddedSizeMax = 44;  // Of Redis' embstr.

Translation PlanObject(RespCall& call, ReplyForm form) {
  call.Add(OpCode::kPeek, call.argv[2]);
  call.plan.form = form;
  return Translation::kPlanned;
}

}  // namespace

// Enough of the value to tell.
Translation ObjectEncoding(RespCall& call) {
  Operation& get = call.Add(OpCode::kGetRange, call.argv[2]);
  get.number = 0;
  get.number2 = kEmbeddedSizeMax;
  call.plan.form = ReplyForm::kEncoding;
  return Translation::kPlanned;
}

Translation ObjectRefCount(RespCall& call) { return PlanObject(call, ReplyForm::kReferences); }
Translation ObjectFreq(RespCall& call) { return PlanObject(call, ReplyForm::kFrequency); }
Translation ObjectIdleTime(RespCall& call) { return PlanObject(call, ReplyForm::kIdleTime); }

// MEMORY USAGE key [SAMPLES count]
Translation MemoryUsage(RespCall& call) {
  const auto& argv = call.argv;
  for (std::size_t i = 3; i < argv.size(); i += 2) {
    if (!EqualsIgnoringCase(argv[i], "samples") || i + 1 == argv.size()) return call.FailSyntax();
    const auto samples = call.Integer(i + 1);
    if (!samples) return Translation::kReplied;
    if (*samples < 0) return call.FailSyntax();
  }
  call.plan.from = argv[2].size();
  return PlanObject(call, ReplyForm::kMemoryUsage);
}

Translation MemoryStats(RespCall& call) {
  const NodeFacts facts = call.node.Facts();
  const std::uint64_t per_key = facts.keys == 0 ? 0 : facts.used_memory / facts.keys;
  const std::pair<ByteView, std::uint64_t> fields[] = {
      {"total.allocated", facts.used_memory},
      {"keys.count", facts.keys},
      {"keys.bytes-per-key", per_key},
      {"dataset.bytes", facts.used_memory},
      {"allocator.resident", facts.used_memory_rss},
      {"maxmemory", facts.max_memory},
  };
  RespWriter reply = call.Reply();
  reply.Map(std::size(fields));
  for (const auto& [name, value] : fields) {
    reply.Bulk(name);
    reply.Integer(static_cast<std::int64_t>(value));
  }
  return Translation::kReplied;
}

Translation MemoryDoctor(RespCall& call) {
  const NodeFacts facts = call.node.Facts();
  call.Reply().Verbatim(
      fmt::format("{} of {} bytes are used, {} as the operating system counts them.",
                  facts.used_memory, facts.max_memory, facts.used_memory_rss));
  return Translation::kReplied;
}

Translation SlowLogGet(RespCall& call) {
  std::int64_t count = 10;
  if (call.argv.size() == 3) {
    const auto wanted = ParseInteger(call.argv[2]);
    if (!wanted || *wanted < -1) {
      return call.Fail("ERR count should be greater than or equal to -1");
    }
    count = *wanted;
  }
  const std::vector<SlowCommand> commands = call.node.SlowCommands();
  const std::size_t shown =
      count < 0 ? commands.size() : std::min(commands.size(), static_cast<std::size_t>(count));
  RespWriter reply = call.Reply();
  reply.Array(shown);
  for (std::size_t i = 0; i < shown; ++i) {
    const SlowCommand& command = commands[i];
    reply.Array(6);
    reply.Integer(static_cast<std::int64_t>(command.id));
    reply.Integer(command.at.value / 1000);
    reply.Integer(std::chrono::duration_cast<std::chrono::microseconds>(command.took).count());
    reply.Array(command.arguments.size());
    for (const std::string& argument : command.arguments) reply.Bulk(argument);
    reply.Bulk(command.address);
    reply.Bulk(command.client_name);
  }
  return Translation::kReplied;
}

Translation SlowLogLen(RespCall& call) {
  call.Reply().Integer(static_cast<std::int64_t>(call.node.SlowCommands().size()));
  return Translation::kReplied;
}

Translation SlowLogReset(RespCall& call) {
  call.node.ForgetSlowCommands();
  return call.Ok();
}

// Every node takes writes; who leads what CLUSTER tells.
Translation Role(RespCall& call) {
  RespWriter reply = call.Reply();
  reply.Array(3);
  reply.Bulk("master");
  reply.Integer(0);
  reply.Array(0);
  return Translation::kReplied;
}

// Nothing is saved: the node's start, as of a Redis that has not saved since.
Translation LastSave(RespCall& call) {
  const auto up =
      std::chrono::duration_cast<std::chrono::seconds>(call.now - call.node.Facts().started_at);
  call.Reply().Integer(call.unix_now.value / 1000 - up.count());
  return Translation::kReplied;
}

// SHUTDOWN [NOSAVE] [NOW] [FORCE]: leaves the cluster in order, as on SIGTERM. No answer.
Translation Shutdown(RespCall& call) {
  for (const ByteView option : call.argv.subspan(1)) {
    if (EqualsIgnoringCase(option, "save")) {
      return call.Fail("ERR this node has nothing that it could save");
    }
    if (EqualsIgnoringCase(option, "abort")) return call.Fail("ERR No shutdown in progress.");
    const bool known = EqualsIgnoringCase(option, "nosave") || EqualsIgnoringCase(option, "now") ||
                       EqualsIgnoringCase(option, "force");
    if (!known) return call.FailSyntax();
  }
  call.node.Shutdown();
  return Translation::kRepliedClose;
}

}  // namespace aegis::node::resp
