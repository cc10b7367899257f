// AEGIS_CHECK: an invariant that, once broken, makes every later answer a guess.
//
// It stays on in release builds, prints the condition, the place and a message, and ends the
// process: a cache that stops is repaired by its replicas, one that goes on is not.

#pragma once

#include <cstdio>
#include <cstdlib>

namespace aegis {

[[noreturn]] inline void CheckFailed(const char* condition, const char* file, int line,
                                     const char* message) {
  std::fprintf(stderr, "aegis: invariant broken at %s:%d: %s: %s\n", file, line, condition,
               message);
  std::abort();
}

}  // namespace aegis

#define AEGIS_CHECK(condition, message)                              \
  do {                                                               \
    if (!(condition)) [[unlikely]] {                                 \
      ::aegis::CheckFailed(#condition, __FILE__, __LINE__, message); \
    }                                                                \
  } while (false)
