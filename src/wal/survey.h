// Survey: a look at every file of a log, each by itself, and at what a recovery would say of them
// together. Changes nothing.

#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "wal/entry.h"
#include "wal/identity.h"
#include "wal/log_files.h"
#include "wal/log_names.h"
#include "wal/manifest.h"
#include "wal/recovery.h"

namespace aegis::wal {

struct FileVerdict {
  enum class State : std::uint8_t {
    kWhole,
    kTorn,       // Its end, as by a crash: a recovery cuts that off.
    kDamaged,    // Or another log's, or no file of a log's at all.
    kNotNeeded,  // Left over, or set aside by a repair.
  };
  std::string name;
  std::uint64_t size = 0;
  State state = State::kWhole;
  std::string what = {};      // It holds, or is wrong with it: for people.
  std::uint64_t entries = 0;  // Whole ones of a segment; items of a snapshot.
};
const char* NameOf(FileVerdict::State state);

struct Survey {
  std::vector<FileVerdict> files;
  std::optional<Manifest> manifest;  // If it can be read.
  // What a recovery says, as that of the node whose log it is.
  std::optional<Recovered> recovered;
  std::string refusal;  // If it is not recovered: why.
};

// `boot`: of the system that the log is on, see RecoveryOptions.
Result<Survey> SurveyLog(LogFiles& files, BootId boot);

// Every entry that is whole, from the oldest segment on, whatever happens in between. `note` is
// told of what is not an entry: where a segment begins, why it ends. Stops when a visit returns
// false.
struct LogVisitor {
  std::function<bool(const SegmentFile& segment, std::uint64_t offset, const Entry& entry)> entry;
  std::function<bool(const SegmentFile& segment, std::uint64_t offset, const std::string& text)>
      note;
};
Result<Ok> VisitLog(LogFiles& files, const LogVisitor& visitor);

}  // namespace aegis::wal
