// Retention: what a log still needs. Nothing goes before the manifest that does without it is
// durable; the newest segment always stays.

#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "wal/log_files.h"
#include "wal/log_names.h"
#include "wal/manifest.h"

namespace aegis::wal {

// Of these files: snapshots that the manifest does not name, and segments that lie wholly before
// what it needs, oldest first.
std::vector<std::string> NotNeeded(const Manifest& manifest, const LogNames& names);

// REQUIRES: the manifest is the durable one, and names all snapshots that are whole.
Result<Ok> RemoveWhatIsNotNeeded(LogFiles& files, const Manifest& manifest);

// What was being written when the last process ended. REQUIRES: nobody is writing.
Result<Ok> RemoveDrafts(LogFiles& files);

// What is left of a log that was being created. REQUIRES: !LogExists().
Result<Ok> RemoveUnfinishedLog(LogFiles& files);

}  // namespace aegis::wal
