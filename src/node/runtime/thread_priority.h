// The priority of the threads that leases and the control log wait for.

#pragma once

#include <sys/resource.h>
#include <unistd.h>

namespace aegis::node {

// The calling thread goes before others, so that no lease runs out and no change of leader waits
// because the machine is busy. Best effort: it takes a privilege.
inline void GoBeforeOthers() {
  constexpr int kNice = -10;
  static_cast<void>(::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), kNice));
}

}  // namespace aegis::node
