#include "node/core/disk_write.h"

#include <algorithm>
#include <iterator>

namespace aegis::node {

bool Merge(DiskWrite& step, DiskWrite& next) {
  if (next.hard_state || next.snapshot || next.truncate_from > 0) return false;
  step.number = next.number;
  std::move(next.append.begin(), next.append.end(), std::back_inserter(step.append));
  return true;
}

Result<Ok> Store(const DiskWrite& write, consensus::LogStore& store) {
  if (write.hard_state) {
    if (auto saved = store.SaveHardState(*write.hard_state); !saved.ok()) return saved;
  }
  if (write.snapshot) {
    if (auto saved = store.SaveSnapshot(*write.snapshot); !saved.ok()) return saved;
  }
  if (write.truncate_from > 0) {
    if (auto cut = store.TruncateFrom(write.truncate_from); !cut.ok()) return cut;
  }
  if (!write.append.empty()) return store.Append(write.append);
  return Ok{};
}

}  // namespace aegis::node
