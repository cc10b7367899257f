// SimDisk: where a node's part of the control log survives: a consensus::LogStore over a directory
// that loses and tears what was not synced when the power fails. What was asked for is carried out
// a little later, one step after the other.

#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "base/rng.h"
#include "consensus/log_store.h"
#include "node/core/control.h"
#include "support/memory_directory.h"

namespace aegis::sim {

class SimDisk {
 public:
  SimDisk() : directory_(std::make_unique<MemoryDirectory>()) {}

  // An empty log; durable at once.
  void Create(const node::ControlEffects::NewLog& log);
  void Queue(node::DiskWrite write) { queue_.push_back(std::move(write)); }
  bool idle() const { return queue_.empty(); }
  // Carries out the oldest write, with what goes with it; returns the number of the last.
  std::uint64_t Finish();

  // The power fails. Returns true if that was in the middle of a write.
  bool Crash(Rng& rng);
  // What a process of `node` finds. Nothing: an empty directory, or one that is refused, see
  // problem().
  std::optional<node::Control::Recovered> Open(NodeId node);

  std::uint64_t torn_bytes() const { return torn_bytes_; }  // Cut off by the last Open().
  const std::string& problem() const { return problem_; }   // Empty, or what went wrong.
  consensus::ServerId server() const { return identity_.server; }

  // Breaks a rule: forgets all that was ever promised, but not whose log it is.
  void Forget();

 private:
  std::unique_ptr<MemoryDirectory> directory_;
  std::unique_ptr<consensus::LogStore> store_;
  consensus::LogIdentity identity_;
  std::deque<node::DiskWrite> queue_;
  std::uint64_t torn_bytes_ = 0;
  std::string problem_;
};

}  // namespace aegis::sim
