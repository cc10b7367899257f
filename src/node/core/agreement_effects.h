// AgreementEffects: what the parts of the control plane that agree on things want done.

#pragma once

#include <vector>

#include "control/recovery.h"
#include "model/ids.h"
#include "node/core/control_message.h"
#include "node/core/disk_write.h"

namespace aegis::node {

struct ControlLetter {
  NodeId to;
  ControlMessage message;      // Lost if there is no link.
  control::Lineage lineage{};  // Of the log when it was written; Control sees to it.
};

struct AgreementEffects {
  std::vector<DiskWrite> disk;
  std::vector<ControlLetter> letters;  // In order, per receiver.
  bool state_changed = false;

  void Clear() {
    disk.clear();
    letters.clear();
    state_changed = false;
  }
};

}  // namespace aegis::node
