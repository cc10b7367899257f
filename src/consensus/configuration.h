// Which servers agree on a log: how a configuration is written into an entry, and which one may
// follow another.

#pragma once

#include <cstddef>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "consensus/log.h"

namespace aegis::consensus {

// More are refused, wherever they come from.
inline constexpr std::size_t kServersMax = 64;

// A kConfiguration entry's data, in libraft's own encoding, and back. Errors: kMalformed, also for
// what EncodeServers() would not have written.
//
//   | 1 u8 | n u64 | n x ( id u64 | id as decimal text, 0 | role u8: 1 voter, 2 spare ) | zeros |
//
// little-endian, filled up to a multiple of eight bytes. REQUIRES: CheckServers().
Bytes EncodeServers(const std::vector<Server>& servers);
Result<std::vector<Server>> DecodeServers(ByteView data);

// Ok, or kInvalid: they are no configuration. Sorted by id, each once, none 0, at least one voter,
// at most kServersMax.
Result<Ok> CheckServers(const std::vector<Server>& servers);

// Ok, or kInvalid: `to` must not follow `from`.
//
// - Not more than one voter changes.
// - A voter does not become a spare. It would still get entries, the one that makes it a spare
// among
//   them; until that is committed it could be the only one that can be elected, but does not stand.
// - If servers come and others go, their number changes. Otherwise libraft's leader would take a
//   newcomer's progress for that of the server whose place it has.
Result<Ok> CheckChange(const std::vector<Server>& from, const std::vector<Server>& to);

std::size_t CountVoters(const std::vector<Server>& servers);
// Whether `id` is the only voter, with or without spares.
bool IsLoneVoter(const std::vector<Server>& servers, ServerId id);
// Null if it is not among them.
const Server* FindServer(const std::vector<Server>& servers, ServerId id);

}  // namespace aegis::consensus
