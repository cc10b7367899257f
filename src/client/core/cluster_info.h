// A node's answer to TOPOLOGY in the public words.

#pragma once

#include "aegis/client.h"
#include "aegis/result.h"
#include "base/bytes.h"

namespace aegis::client {

// Errors: kProtocol, when the bytes are no topology.
Expected<ClusterInfo> ToClusterInfo(ByteView topology);

}  // namespace aegis::client
