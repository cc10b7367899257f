// MemcachedCall: one memcached command while it is translated; what its handlers work on.

#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/time.h"
#include "model/limits.h"
#include "node/core/memcached_commands.h"

namespace aegis::node::memcached {

struct MemcachedCall {
  const wire::MemcachedRequest& request;
  NodeView& node;
  TimePoint now;
  UnixMs unix_now;
  MemcachedPlan& plan;
  Bytes& out;

  // Writes a line and returns kReplied.
  Translation Line(ByteView text) const;
  Translation BadFormat() const { return Line("CLIENT_ERROR bad command line format"); }

  // Adds an operation on `key`. The reference is valid until the next call.
  Operation& Add(OpCode code, ByteView key) const;
  Translation Planned(MemcachedForm form) const {
    plan.form = form;
    return Translation::kPlanned;
  }
  // The plan is to store a data block that is none, or not one that can be stored.
  Translation WithoutData() const;
};

inline bool IsKey(ByteView text) { return text.size() <= limits::kMemcachedKeySizeMax; }

// Lets the key live until `exptime`, as memcached reads it: 0 for ever, below it no longer, up to
// 30 days from now on, beyond them until that second of Unix time.
void SetLifetime(std::int64_t exptime, Operation& operation);
// The same as ms from `now`; 0: for ever, below: it is over.
std::int64_t LifetimeMs(std::int64_t exptime, UnixMs now);

// A client names the version that it means by a number; no item has this one.
Version VersionOfCas(std::uint64_t cas);

// mg, ms, md, ma, mn, me
Translation TranslateMeta(const MemcachedCall& call);
// stats [...]
Translation Stats(const MemcachedCall& call);

}  // namespace aegis::node::memcached
