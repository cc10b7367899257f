// What a client may call itself: CLIENT SETNAME, CLIENT SETINFO and HELLO ... SETNAME.

#pragma once

#include <algorithm>

#include "base/bytes.h"

namespace aegis::node::resp {

inline constexpr ByteView kBadClientName =
    "ERR Client names cannot contain spaces, newlines or special characters.";

// Printable ASCII without blanks, so that CLIENT LIST stays one line per client. May be empty.
inline bool IsClientName(ByteView name) {
  return std::all_of(name.begin(), name.end(), [](char c) { return c >= '!' && c <= '~'; });
}

}  // namespace aegis::node::resp
