// How many pieces of memory the calling thread has taken from the allocator since its start, in
// whatever way: operator new, and what this program itself asks malloc() and its kin for. What the
// C library and the kernel take on their own account is not seen.
//
// For a program that links allocation_counter.cc with the options in CMakeLists.txt.

#pragma once

#include <cstdint>

namespace aegis::node {

std::uint64_t Allocations();

}  // namespace aegis::node
