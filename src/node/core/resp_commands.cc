#include "node/core/resp_commands.h"

#include <fmt/format.h>

#include <string>

#include "base/check.h"
#include "model/limits.h"
#include "node/core/resp_call.h"
#include "node/core/resp_command_info.h"
#include "node/core/resp_command_table.h"
#include "node/core/resp_text.h"
#include "node/core/resp_transaction.h"
#include "node/core/resp_wait.h"

namespace aegis::node {
namespace {

using resp::CommandInfo;
using resp::RespCall;

constexpr std::size_t kExcerptMax = 128;  // Bytes of a client's text that an error repeats.

Translation FailUnknownCommand(const RespCall& call) {
  std::string arguments;
  for (std::size_t i = 1; i < call.argv.size() && arguments.size() < kExcerptMax; ++i) {
    arguments += fmt::format("'{}' ", resp::Excerpt(call.argv[i], kExcerptMax - arguments.size()));
  }
  return call.Fail(fmt::format("ERR unknown command '{}', with args beginning with: {}",
                               resp::Excerpt(call.argv[0], kExcerptMax), arguments));
}

Translation FailUnknownSubcommand(const RespCall& call) {
  return call.Fail(fmt::format("ERR unknown subcommand '{}'. Try {} HELP.",
                               resp::Excerpt(call.argv[1], kExcerptMax),
                               resp::ToUpper(call.command->name)));
}

std::string KeyLimitError(ByteView key) {
  if (key.size() < limits::kKeySizeMin) return "ERR the key is empty: a key has 1 byte at least";
  if (key.size() <= limits::kKeySizeMax) return {};
  return fmt::format("ERR the key has {} bytes: a key has {} bytes at most", key.size(),
                     limits::kKeySizeMax);
}

std::string ValueLimitError(ByteView value) {
  if (value.size() <= limits::kValueSizeMax) return {};
  return fmt::format("ERR the value has {} bytes: a value has {} bytes at most", value.size(),
                     limits::kValueSizeMax);
}

bool NamesTwoKeys(OpCode code) { return code == OpCode::kRename || code == OpCode::kCopy; }

// Why the operation is over a limit; empty if it is not.
std::string LimitError(const Operation& operation) {
  if (auto error = KeyLimitError(operation.key); !error.empty()) return error;
  if (auto error = ValueLimitError(operation.value); !error.empty()) return error;
  if (NamesTwoKeys(operation.code)) return KeyLimitError(operation.key2);
  for (const KeyValue& pair : operation.more) {
    if (auto error = KeyLimitError(pair.key); !error.empty()) return error;
    if (auto error = ValueLimitError(pair.value); !error.empty()) return error;
  }
  return {};
}

// Finds the command. False: there is none that takes these arguments, and the error is written.
bool Resolve(RespCall& call) {
  call.command = resp::FindCommand(call.argv[0]);
  if (call.command == nullptr) return FailUnknownCommand(call), false;
  if (!call.command->subcommands.empty() && call.argv.size() > 1) {
    const CommandInfo* const subcommand = resp::FindSubcommand(*call.command, call.argv[1]);
    if (subcommand == nullptr) FailUnknownSubcommand(call);
    call.command = subcommand;
    if (subcommand == nullptr) return false;
  }
  const std::size_t arguments = call.argv.size();
  if (!call.command->Takes(arguments)) return call.FailArity(), false;
  if (arguments <= limits::kKeysPerCommandMax) [[likely]]
    return true;
  if (call.command->KeysAmong(arguments) <= limits::kKeysPerCommandMax) return true;
  call.Fail(fmt::format("ERR more than {} keys in one command", limits::kKeysPerCommandMax));
  return false;
}

Translation Dispatch(RespCall& call) {
  const bool known = Resolve(call);
  call.plan.command = call.command;
  call.plan.course = known ? Course::kRuns : Course::kRefused;
  if (call.session.transaction) [[unlikely]] {
    if (const auto queued = resp::QueueInTransaction(call, known)) {
      if (known) call.plan.course = Course::kQueued;
      return *queued;
    }
  }
  if (!known) return Translation::kReplied;
  call.session.last_command = call.command->name;
  const Translation translation = call.command->handler(call);
  return translation == Translation::kPlanned ? resp::CheckLimits(call) : translation;
}

}  // namespace

Translation resp::CheckLimits(const RespCall& call) {
  for (const Operation& operation : call.plan.operations) {
    if (const auto error = LimitError(operation); !error.empty()) return call.Fail(error);
    const bool has_pattern = operation.code == OpCode::kScan;
    if (has_pattern && !call.PatternFits(operation.match.size())) return Translation::kReplied;
  }
  return Translation::kPlanned;
}

Translation Translate(std::span<const ByteView> argv, RespSession& session, NodeView& node,
                      TimePoint now, UnixMs unix_now, Plan& plan, Bytes& out) {
  using ReplyMode = RespSession::ReplyMode;
  AEGIS_CHECK(!argv.empty(), "an empty command is not a command");
  plan.operations.clear();
  plan.scratch.clear();
  plan.exec.reset();
  session.last_command_at = now;
  if (session.reply_mode == ReplyMode::kSkipNext) session.reply_mode = ReplyMode::kSkipThis;

  const std::size_t reply_at = out.size();
  RespCall call{argv, nullptr, session, node, now, unix_now, plan, out};
  const Translation translation = Dispatch(call);
  if (translation == Translation::kPlanned) resp::RememberWrites(plan, node, session);
  plan.version = session.version;

  // The mode counts as the command left it: CLIENT REPLY ON and RESET answer, OFF does not.
  const bool silent =
      session.reply_mode == ReplyMode::kOff || session.reply_mode == ReplyMode::kSkipThis;
  if (session.reply_mode == ReplyMode::kSkipThis) session.reply_mode = ReplyMode::kOn;
  if (silent) {
    out.resize(reply_at);
    const bool watches = plan.form == ReplyForm::kWatch && translation == Translation::kPlanned;
    plan.form = watches ? ReplyForm::kWatchSilently : ReplyForm::kNothing;
  }
  return translation;
}

}  // namespace aegis::node
