#include "cli/wal_command.h"

#include <algorithm>

#include "aegis/result.h"
#include "cli/wal_view.h"
#include "wal/recovery.h"
#include "wal/repair.h"
#include "wal/survey.h"

namespace aegis::cli {
namespace {

// One that the log does not have is no entry of a shard's, whatever it says.
bool IsWanted(const Command& command, const wal::Entry& entry) {
  return !command.shard || entry.shard.value() == *command.shard;
}

}  // namespace

ExitCode WalCommand::Run(const Command& command) {
  using Files = wal::PosixLogFiles;
  const bool repairs = command.action == "repair";
  const auto files =
      Files::Open(command.directory, repairs ? Files::Access::kAlone : Files::Access::kRead);
  if (!files.ok()) return Fail(files.error());
  const auto exists = wal::LogExists(*files.value());
  if (!exists.ok()) return Fail(exists.error());
  if (!exists.value()) {
    return Fail({ErrorCode::kInvalid, command.directory + ": holds no write-ahead log"});
  }
  if (files.value()->in_use()) {
    streams_.err << "a node runs on " << command.directory
                 << ": what it is writing may look torn\n";
  }
  if (repairs) return Repair(*files.value(), command);
  return command.action == "dump" ? Dump(*files.value(), command) : Check(*files.value());
}

ExitCode WalCommand::Fail(const Error& error) {
  const Errc code = error.code == ErrorCode::kUnavailable ? Errc::kUnavailable : Errc::kInvalid;
  if (json_) {
    streams_.out << Json({{"error", NameOf(code)}, {"message", error.message}}).dump() << '\n';
  } else {
    streams_.err << "aegis-cli: " << error.message << '\n';
  }
  return ExitCodeOf(code);
}

ExitCode WalCommand::Check(wal::LogFiles& files) {
  const auto survey = wal::SurveyLog(files, wal::ReadBootId());
  if (!survey.ok()) return Fail(survey.error());
  if (json_) {
    streams_.out << SurveyJson(survey.value()).dump() << '\n';
  } else {
    streams_.out << SurveyTable(survey.value()) << SurveyVerdict(survey.value()) << '\n';
  }
  return survey.value().recovered ? ExitCode::kOk : ExitCode::kNo;
}

ExitCode WalCommand::Dump(wal::LogFiles& files, const Command& command) {
  wal::LogVisitor visitor;
  visitor.entry = [&](const wal::SegmentFile& segment, std::uint64_t offset,
                      const wal::Entry& entry) {
    if (!IsWanted(command, entry)) return true;
    streams_.out << (json_ ? EntryJson(segment, offset, entry).dump() : EntryLine(entry)) << '\n';
    return streams_.out.good();
  };
  visitor.note = [&](const wal::SegmentFile& segment, std::uint64_t offset,
                     const std::string& text) {
    const std::string name = wal::SegmentName(segment.first);
    if (json_) {
      streams_.out << Json({{"file", name}, {"offset", offset}, {"note", text}}).dump() << '\n';
    } else {
      streams_.out << "# " << name << ": offset " << offset << ": " << text << '\n';
    }
    return streams_.out.good();
  };
  const auto visited = wal::VisitLog(files, visitor);
  return visited.ok() ? ExitCode::kOk : Fail(visited.error());
}

ExitCode WalCommand::Repair(wal::LogFiles& files, const Command& command) {
  const auto plan = wal::PlanRepair(files, wal::ReadBootId());
  if (!plan.ok()) return Fail(plan.error());
  if (!plan.value().needed) {
    const char* const nothing = "the log is not refused: there is nothing to repair";
    streams_.out << (json_ ? Json({{"repaired", false}, {"message", nothing}}).dump() : nothing)
                 << '\n';
    return ExitCode::kOk;
  }
  std::string risks = plan.value().damage + "\nThis would be given up:\n";
  for (const std::string& loss : plan.value().losses) risks += "  - " + loss + '\n';
  risks +=
      "What no other node holds of it is lost. The files as they are now stay, under other "
      "names.";
  if (!command.confirmed && !confirm_(risks)) {
    return Fail({ErrorCode::kInvalid, "not confirmed: nothing was done"});
  }
  const auto asides = wal::CarryOut(files, plan.value());
  if (!asides.ok()) return Fail(asides.error());
  if (json_) {
    Json json = {{"repaired", true},
                 {"damage", plan.value().damage},
                 {"lost", plan.value().losses},
                 {"set_aside", Json::array()}};
    for (const wal::SetAside& aside : asides.value()) {
      json["set_aside"].push_back({{"name", aside.name}, {"now", aside.now}});
    }
    streams_.out << json.dump() << '\n';
    return ExitCode::kOk;
  }
  for (const std::string& loss : plan.value().losses) streams_.out << "given up: " << loss << '\n';
  for (const wal::SetAside& aside : asides.value()) {
    streams_.out << "set aside: " << aside.name << " as " << aside.now << '\n';
  }
  const auto survey = wal::SurveyLog(files, wal::ReadBootId());
  if (!survey.ok()) return Fail(survey.error());
  streams_.out << SurveyVerdict(survey.value()) << '\n';
  return survey.value().recovered ? ExitCode::kOk : ExitCode::kNo;
}

}  // namespace aegis::cli
