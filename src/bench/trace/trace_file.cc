#include "bench/trace/trace_file.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <memory>
#include <vector>

#include "bench/trace/oracle_general.h"

namespace aegis::bench {
namespace {

std::unique_ptr<TraceReader> MakeReader(const std::filesystem::path& file, TraceFormat format,
                                        CsvOptions csv, TraceBuilder& builder) {
  const std::filesystem::path extension = file.extension();
  const bool is_text = extension == ".csv" || extension == ".tsv" || extension == ".txt";
  if (format == TraceFormat::kCsv || (format == TraceFormat::kByName && is_text)) {
    if (extension == ".tsv") csv.separator = '\t';
    return std::make_unique<CsvReader>(builder, std::move(csv));
  }
  return std::make_unique<OracleGeneralReader>(builder);
}

}  // namespace

Result<Trace> ReadTraceFile(const std::filesystem::path& file, TraceFormat format,
                            const CsvOptions& csv, TraceLimits limits) {
  const auto wrong = [&file](const Error& error) {
    return Error{error.code, file.string() + ": " + error.message};
  };
  const auto unreadable = [&wrong] {
    return wrong({ErrorCode::kUnavailable, std::string("cannot be read: ") + std::strerror(errno)});
  };
  errno = 0;
  std::ifstream in(file, std::ios::binary);
  if (!in) return unreadable();
  TraceBuilder builder(limits);
  const std::unique_ptr<TraceReader> reader = MakeReader(file, format, csv, builder);
  std::vector<char> chunk(1 << 20);
  while (!builder.cut() && in) {
    in.read(chunk.data(), static_cast<std::streamsize>(chunk.size()));
    if (in.bad()) return unreadable();
    const auto fed = reader->Feed({chunk.data(), static_cast<std::size_t>(in.gcount())});
    if (!fed.ok()) return wrong(fed.error());
  }
  if (!builder.cut()) {
    const auto ended = reader->End();
    if (!ended.ok()) return wrong(ended.error());
  }
  Trace trace = builder.Build(file.stem().string());
  if (trace.accesses.empty()) return wrong({ErrorCode::kInvalid, "there are no accesses in it"});
  return trace;
}

}  // namespace aegis::bench
