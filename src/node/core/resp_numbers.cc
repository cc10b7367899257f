// INCR, DECR, INCRBY, DECRBY, INCRBYFLOAT.

#include <cstdint>
#include <limits>

#include "node/core/resp_call.h"
#include "node/core/resp_handlers.h"
#include "node/core/resp_text.h"

namespace aegis::node::resp {
namespace {

Translation AddNumber(RespCall& call, std::int64_t number) {
  Operation& increment = call.Add(OpCode::kIncrement, call.argv[1]);
  increment.number = number;
  call.plan.form = ReplyForm::kNumber;
  return Translation::kPlanned;
}

}  // namespace

Translation Incr(RespCall& call) { return AddNumber(call, 1); }

Translation Decr(RespCall& call) { return AddNumber(call, -1); }

Translation IncrBy(RespCall& call) {
  const auto number = call.Integer(2);
  return number ? AddNumber(call, *number) : Translation::kReplied;
}

Translation DecrBy(RespCall& call) {
  const auto number = call.Integer(2);
  if (!number) return Translation::kReplied;
  if (*number == std::numeric_limits<std::int64_t>::min()) {
    return call.Fail("ERR decrement would overflow");
  }
  return AddNumber(call, -*number);
}

Translation IncrByFloat(RespCall& call) {
  if (!IsFloat(call.argv[2])) return call.Fail("ERR value is not a valid float");
  call.Add(OpCode::kIncrementFloat, call.argv[1]).value = call.argv[2];
  call.plan.form = ReplyForm::kValueText;
  return Translation::kPlanned;
}

}  // namespace aegis::node::resp
