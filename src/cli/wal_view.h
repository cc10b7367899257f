// What a write-ahead log holds, as text for people and as JSON for programs. Keys are shown, values
// are not.

#pragma once

#include <string>

#include "cli/views.h"
#include "wal/entry.h"
#include "wal/log_names.h"
#include "wal/repair.h"
#include "wal/survey.h"

namespace aegis::cli {

// A table of the files.
std::string SurveyTable(const wal::Survey& survey);
// What the files are together, in one line.
std::string SurveyVerdict(const wal::Survey& survey);
Json SurveyJson(const wal::Survey& survey);

// One entry in one line, without a newline.
std::string EntryLine(const wal::Entry& entry);
Json EntryJson(const wal::SegmentFile& segment, std::uint64_t offset, const wal::Entry& entry);

}  // namespace aegis::cli
