// ReadTraceFile(): a trace from a file on disk.

#pragma once

#include <filesystem>

#include "base/result.h"
#include "bench/trace/csv.h"
#include "bench/trace/trace.h"

namespace aegis::bench {

// kByName: .csv, .tsv and .txt are CSV (.tsv with tabs), everything else is oracleGeneral.
enum class TraceFormat { kByName, kOracleGeneral, kCsv };

// Named after the file. An error names the file, and where in it.
Result<Trace> ReadTraceFile(const std::filesystem::path& file, TraceFormat format,
                            const CsvOptions& csv, TraceLimits limits);

}  // namespace aegis::bench
