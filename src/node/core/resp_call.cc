#include "node/core/resp_call.h"

#include <fmt/format.h>

#include <limits>

#include "model/limits.h"
#include "node/core/resp_command_info.h"
#include "node/core/resp_text.h"

namespace aegis::node::resp {

Translation RespCall::Ok() const {
  Reply().SimpleString("OK");
  return Translation::kReplied;
}

Translation RespCall::Fail(ByteView text) const {
  Reply().Error(text);
  return Translation::kReplied;
}

Translation RespCall::FailSyntax() const { return Fail("ERR syntax error"); }

Translation RespCall::FailArity() const {
  return Fail(fmt::format("ERR wrong number of arguments for '{}' command", command->name));
}

Translation RespCall::FailExpireTime() const {
  return Fail(fmt::format("ERR invalid expire time in '{}' command", command->name));
}

std::optional<std::int64_t> RespCall::Integer(std::size_t index) const {
  const auto number = ParseInteger(argv[index]);
  if (!number) Fail("ERR value is not an integer or out of range");
  return number;
}

bool RespCall::DatabaseZero(std::size_t index) const {
  const auto number = Integer(index);
  if (!number) return false;
  constexpr std::int64_t kLeast = std::numeric_limits<std::int32_t>::min();
  constexpr std::int64_t kMost = std::numeric_limits<std::int32_t>::max();
  if (*number < kLeast || *number > kMost) {
    Fail(fmt::format("ERR value is out of range, value must between {} and {}", kLeast, kMost));
    return false;
  }
  if (*number != 0) Fail("ERR DB index is out of range");
  return *number == 0;
}

bool RespCall::PatternFits(std::size_t bytes) const {
  if (bytes <= limits::kPatternSizeMax) return true;
  Fail(fmt::format("ERR the pattern has {} bytes: a pattern has {} bytes at most", bytes,
                   limits::kPatternSizeMax));
  return false;
}

Operation& RespCall::Add(OpCode code, ByteView key) const {
  Operation& operation = plan.operations.emplace_back();
  operation.code = code;
  operation.key = key;
  return operation;
}

}  // namespace aegis::node::resp
