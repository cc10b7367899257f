// Whole small files: read with a limit, written all or nothing.
//
// Errors are kUnavailable and name the path and the system's reason.

#pragma once

#include <cerrno>
#include <cstddef>
#include <string>

#include "base/bytes.h"
#include "base/result.h"

namespace aegis::node {

// "PATH: cannot be WHAT: REASON", the reason from `error_number`.
Error FileError(const std::string& path, const char* what, int error_number = errno);

// A file longer than `size_max` is an error.
Result<Bytes> ReadFile(const std::string& path, std::size_t size_max);

// What a file's name ends with while it is being written beside the old one.
inline constexpr const char* kDraftSuffix = ".new";

// Afterwards, also after a crash, `path` holds either what it held or all of `contents`: written
// beside it, synced, renamed, and the directory synced. Readable by the owner alone.
Result<Ok> WriteFileAtomically(const std::string& path, ByteView contents);

// The names in it survive a power failure from now on.
Result<Ok> SyncDirectory(const std::string& path);

// Writes all of `contents` where `fd` stands. Returns false with errno set.
bool WriteAll(int fd, ByteView contents);

}  // namespace aegis::node
