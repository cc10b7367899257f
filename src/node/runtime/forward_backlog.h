// ForwardBacklog: what the operations cost that one worker keeps for others to run, and who has to
// wait because some node owes too much.
//
// Each operation is charged to one node until it is discharged. While a node owes more than
// limits::kForwardBacklogPause bytes, and until that is down to half of it, those who submit for
// it are told so, once for each operation, and told again when it is.
//
// Belongs to one Forwarder.

#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "model/ids.h"
#include "model/limits.h"
#include "node/runtime/forward.h"

namespace aegis::node {

class ForwardBacklog {
 public:
  void Charge(Forward& forward, NodeId node) {
    forward.account = node;
    bytes_ += forward.bytes();
    Account& account = accounts_[node];
    account.bytes += forward.bytes();
    // While some wait, those who still submit wait as well: else they could keep it above half.
    if (account.bytes <= limits::kForwardBacklogPause && account.congested.empty()) return;
    account.congested.push_back(forward.owner);
    forward.owner->OnCongested();
  }

  // REQUIRES: it is charged, and has the same size still.
  void Discharge(const Forward& forward) {
    bytes_ -= forward.bytes();
    const auto account = accounts_.find(forward.account);
    account->second.bytes -= forward.bytes();
    if (account->second.bytes > limits::kForwardBacklogPause / 2) return;
    const auto congested = std::exchange(account->second.congested, {});
    if (account->second.bytes == 0) accounts_.erase(account);
    for (const auto& owner : congested) owner->OnUncongested();
  }

  std::size_t bytes() const { return bytes_; }  // Of all nodes.

 private:
  struct Account {
    std::size_t bytes = 0;
    std::vector<std::shared_ptr<ForwardOwner>> congested;  // Who was told so.
  };

  std::map<NodeId, Account> accounts_;
  std::size_t bytes_ = 0;
};

}  // namespace aegis::node
