// The replies of SCAN, KEYS and RANDOMKEY, from what the shards have found.

#pragma once

#include <span>

#include "node/core/resp_commands.h"
#include "wire/resp.h"

namespace aegis::node::resp {

// Null, or the outcome whose error the reply has to be; then nothing is written.
const Outcome* WriteScan(const Plan& plan, std::span<const Outcome> outcomes,
                         wire::RespWriter& reply);
// REQUIRES, of both: no outcome is an error.
void WriteKeys(std::span<const Outcome> outcomes, wire::RespWriter& reply);
void WriteAnyKey(const Plan& plan, std::span<const Outcome> outcomes, wire::RespWriter& reply);

// CLUSTER COUNTKEYSINSLOT and GETKEYSINSLOT, from the keys of the slot's shard.
void WriteSlot(const Plan& plan, const Outcome& outcome, wire::RespWriter& reply);

}  // namespace aegis::node::resp
