#include "cli/wal_view.h"

#include <fmt/format.h>

#include "cli/table.h"
#include "wal/payloads.h"
#include "wal/replay.h"

namespace aegis::cli {
namespace {

using replication::Record;
using replication::RecordType;

const char* NameOf(RecordType type) {
  switch (type) {
    case RecordType::kSet:
      return "set";
    case RecordType::kErase:
      return "erase";
    case RecordType::kExpire:
      return "expire";
    case RecordType::kEvict:
      return "evict";
    case RecordType::kBegin:
      return "begin";
    case RecordType::kTrim:
      return "trim";
    case RecordType::kClear:
      return "clear";
    case RecordType::kEnd:
      break;
  }
  return "end";
}

std::string VersionText(Version version) {
  return fmt::format("{}/{}", version.epoch.value(), version.seq.value());
}

std::string Describe(const Record& record) {
  std::string text = fmt::format("{} {}", NameOf(record.type), VersionText(record.version));
  switch (record.type) {
    case RecordType::kSet:
      text += fmt::format(" {} = {} bytes", Printable(record.key), record.value.size());
      if (record.argument != 0) text += fmt::format(", expires at {} ms", record.argument);
      break;
    case RecordType::kErase:
      text += " " + Printable(record.key);
      break;
    case RecordType::kExpire:
    case RecordType::kEvict:
      text += fmt::format(" the item {} with hash {:016x}", VersionText(record.value_as_version()),
                          record.argument);
      break;
    case RecordType::kBegin:
      text += " behind " + VersionText(record.value_as_version());
      break;
    case RecordType::kTrim:
      text += " up to " + VersionText(Version::Unpack(record.argument));
      break;
    case RecordType::kClear:
    case RecordType::kEnd:
      break;
  }
  return record.joined ? text + ", joined" : text;
}

// The first few records, and how many more there are; what cannot be read says so.
std::string DescribeRecords(ByteView records) {
  constexpr int kShown = 4;
  std::string text;
  int count = 0;
  const auto read = wal::ForEachRecord(records, [&](const Record& record, ByteView) {
    if (count++ < kShown) text += (text.empty() ? "" : "; ") + Describe(record);
    return Result<Ok>(Ok{});
  });
  if (count > kShown) text += fmt::format("; and {} more", count - kShown);
  return read.ok() ? text : text + "; " + read.error().message;
}

Json RecordsJson(ByteView records) {
  Json list = Json::array();
  const auto read = wal::ForEachRecord(records, [&](const Record& record, ByteView) {
    Json one = {{"type", NameOf(record.type)},
                {"version", record.version.Pack()},
                {"epoch", record.version.epoch.value()},
                {"seq", record.version.seq.value()}};
    if (!record.key.empty()) PutBytes(one, "key", record.key);
    if (record.type == RecordType::kSet) one["value_bytes"] = record.value.size();
    if (record.joined) one["joined"] = true;
    list.push_back(std::move(one));
    return Result<Ok>(Ok{});
  });
  if (!read.ok()) list.push_back({{"error", read.error().message}});
  return list;
}

const char* NameOf(wal::Durability durability) {
  return durability == wal::Durability::kFsync ? "fsync" : "write";
}

std::string DescribeAdoption(ByteView payload) {
  const auto adoption = wal::DecodeAdoption(payload);
  if (!adoption.ok()) return adoption.error().message;
  return fmt::format(
      "as of {}, {} reigns, vanished up to {}", VersionText(adoption.value().history.last()),
      adoption.value().history.reigns().size(), VersionText(adoption.value().vanished));
}

std::string DescribePayload(const wal::Entry& entry) {
  using wal::EntryType;
  switch (entry.type) {
    case EntryType::kRecords:
    case EntryType::kCopied:
      return DescribeRecords(entry.payload);
    case EntryType::kCopyAdopted:
      return DescribeAdoption(entry.payload);
    case EntryType::kRangeReplaced: {
      const auto range = wal::DecodeRangeReplacement(entry.payload);
      if (!range.ok()) return range.error().message;
      return fmt::format("hashes from {:08x} to {:08x}: {}", range.value().range.begin,
                         range.value().range.end - 1, DescribeRecords(range.value().records));
    }
    case EntryType::kOpened: {
      const auto opening = wal::DecodeOpening(entry.payload);
      if (!opening.ok()) return opening.error().message;
      return fmt::format("by session {:016x}, {}", opening.value().session.value(),
                         NameOf(opening.value().durability));
    }
    case EntryType::kSynced: {
      const auto lsn = wal::DecodeLsn(entry.payload);
      return lsn.ok() ? fmt::format("up to {}", lsn.value().value()) : lsn.error().message;
    }
    default:
      return "";
  }
}

}  // namespace

std::string SurveyTable(const wal::Survey& survey) {
  Table table({{.title = "FILE"},
               {.title = "BYTES", .align = Table::Align::kRight},
               {.title = "STATE"},
               {.title = "WHAT"}});
  for (const wal::FileVerdict& file : survey.files) {
    table.Add({file.name, std::to_string(file.size), NameOf(file.state), file.what});
  }
  return table.Render();
}

std::string SurveyVerdict(const wal::Survey& survey) {
  if (!survey.recovered) return "refused: " + survey.refusal;
  const wal::Recovered& log = *survey.recovered;
  std::string text =
      fmt::format("opens: {} items of snapshots, {} entries with {} records, up to {}",
                  log.counts.items, log.counts.entries, log.counts.records, log.end.value());
  if (log.torn) text += "; " + log.torn->Describe();
  if (log.repaired) text += "; it was repaired, and nobody has opened it since";
  return text;
}

Json SurveyJson(const wal::Survey& survey) {
  Json json = Json::object();
  json["opens"] = survey.recovered.has_value();
  if (survey.manifest) {
    const wal::LogIdentity& identity = survey.manifest->identity;
    json["cluster"] = fmt::format("{:016x}", identity.cluster.value());
    json["node"] = fmt::format("{:016x}", identity.node.value());
    json["shards"] = identity.num_shards;
    json["needed_from"] = survey.manifest->Needed().value();
  }
  if (survey.recovered) {
    const wal::Recovered& log = *survey.recovered;
    json["end"] = log.end.value();
    json["items"] = log.counts.items;
    json["entries"] = log.counts.entries;
    json["records"] = log.counts.records;
    json["repaired"] = log.repaired;
    json["torn"] = log.torn ? Json{{"file", log.torn->file},
                                   {"offset", log.torn->offset},
                                   {"bytes", log.torn->bytes},
                                   {"entries", log.torn->entries},
                                   {"reason", log.torn->reason}}
                            : Json();
  } else {
    json["refused"] = survey.refusal;
  }
  json["files"] = Json::array();
  for (const wal::FileVerdict& file : survey.files) {
    json["files"].push_back({{"name", file.name},
                             {"bytes", file.size},
                             {"state", NameOf(file.state)},
                             {"entries", file.entries},
                             {"what", file.what}});
  }
  return json;
}

std::string EntryLine(const wal::Entry& entry) {
  const std::string shard =
      entry.shard == wal::kNoShard ? std::string("-") : std::to_string(entry.shard.value());
  std::string line =
      fmt::format("{:>12}  {:>5}  {:<14}", entry.lsn.value(), shard, NameOf(entry.type));
  const std::string payload = DescribePayload(entry);
  if (!payload.empty()) return line + "  " + payload;
  while (line.ends_with(' ')) line.pop_back();
  return line;
}

Json EntryJson(const wal::SegmentFile& segment, std::uint64_t offset, const wal::Entry& entry) {
  using wal::EntryType;
  Json json = {{"lsn", entry.lsn.value()},
               {"file", wal::SegmentName(segment.first)},
               {"offset", offset},
               {"type", NameOf(entry.type)},
               {"shard", entry.shard == wal::kNoShard ? Json() : Json(entry.shard.value())},
               {"bytes", entry.size()}};
  if (entry.type == EntryType::kRecords || entry.type == EntryType::kCopied) {
    json["records"] = RecordsJson(entry.payload);
  } else if (const std::string payload = DescribePayload(entry); !payload.empty()) {
    json["what"] = payload;
  }
  return json;
}

}  // namespace aegis::cli
