// Introduction: the first exchange on every connection, which asks who answers there.
//
// An address is only hearsay: it may be used anew by another node, or of another cluster, or of
// no cluster at all. So a connection takes no call before it is known whom it leads to, and one
// that leads to somebody else is as good as none: nothing was sent.
//
// Pure, stateless.

#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "wire/identity_codec.h"
#include "wire/native.h"

namespace aegis::client {

struct Introduction {
  enum class Kind : std::uint8_t {
    kNode,      // `who` answers.
    kNameless,  // A node that does not say who it is: it has no cluster yet, say. `why`: its words.
    kNoNode,    // No AegisKV node, or none that can be talked to; `why` tells.
  };
  Kind kind = Kind::kNoNode;
  wire::Identity who;
  std::string why;
};

// The question. Its id is 0, as that of everything which concerns a connection as a whole.
void AppendIntroductionRequest(Bytes& out);

// What the first thing that came back means: `reply`, or why there is none in `bytes`.
Introduction ReadIntroduction(const Result<std::optional<wire::ReplyFrame>>& reply, ByteView bytes);

}  // namespace aegis::client
