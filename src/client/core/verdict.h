// Verdict: what a server's reply means for the call that it answers.

#pragma once

#include <cstdint>
#include <string>

#include "aegis/result.h"
#include "client/core/request.h"
#include "wire/native.h"

namespace aegis::client {

struct Verdict {
  enum class Kind : std::uint8_t {
    kDone,      // `result` is the call's result, good or bad.
    kRedirect,  // `text` is the address of the node that leads the key.
    kRefused,   // Nothing happened; `text` says why. Any call may be tried again.
    kLost,      // It may have happened; `text` says why. Only a read may be tried again.
    kGarbage,   // No answer to this request; `text` says why. The connection cannot be trusted.
  };
  Kind kind = Kind::kGarbage;
  Expected<Reply> result = Reply{};
  std::string text;
  Version position = {};  // kDone, in a session: what the reply reflects, or what is left of it.
};

// `frame` may be anything that the decoder lets through.
Verdict Judge(const Request& request, const wire::ReplyFrame& frame);

}  // namespace aegis::client
