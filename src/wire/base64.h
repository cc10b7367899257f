// Base64 (RFC 4648, section 4), as clients of memcached write binary keys.

#pragma once

#include "base/bytes.h"

namespace aegis::wire {

// Replaces `decoded`. False: not base64, padding included; `decoded` has no meaning then.
bool DecodeBase64(ByteView text, Bytes& decoded);

}  // namespace aegis::wire
