// `aegis-cli wal` against logs in a temporary directory: what it prints, and with what status it
// ends.

#include "cli/wal_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "cli/views.h"
#include "replication/record.h"
#include "wal/entry.h"
#include "wal/file_head.h"
#include "wal/log_names.h"
#include "wal/log_queue.h"
#include "wal/log_writer.h"

namespace aegis::cli {
namespace {

using testing::HasSubstr;
using wal::EntryType;

template <class T>
T Require(Result<T> result) {
  if (!result.ok()) throw std::runtime_error(result.error().message);
  return std::move(result).value();
}

class WalCommandTest : public testing::Test {
 protected:
  WalCommandTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "aegis-cli-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary directory");
    temporary_ = pattern;
    directory_ = temporary_ + "/wal";
  }
  ~WalCommandTest() override { std::filesystem::remove_all(temporary_); }

  std::unique_ptr<wal::PosixLogFiles> Open() {
    return Require(wal::PosixLogFiles::Open(directory_, wal::PosixLogFiles::Access::kAlone));
  }

  // Two segments: a reign of shard 1, in which some keys are set.
  void WriteLog() {
    const auto files = Open();
    auto writer =
        Require(wal::LogWriter::Create(*files, {ClusterId{0xc1}, NodeId{0xa1}, wal::LogId{0x1d}, 4},
                                       {{Session{0x51}, {1, 2}, wal::Durability::kFsync}, 250}));
    wal::LogQueue queue(writer.identity().log, writer.end());
    wal::LogBatch batch;
    const auto write = [&](const replication::Record& record) {
      Bytes payload;
      replication::AppendRecord(record, payload);
      queue.Append(EntryType::kRecords, ShardId{1}, wal::PreparedPayload(payload));
      queue.Take(writer.synced(), batch);
      Require(writer.Write(batch));
    };
    replication::Record record;
    record.type = replication::RecordType::kBegin;
    record.version = {Epoch{2}, Seq{1}};
    const Bytes ended = replication::EncodeVersion({});
    record.value = ended;
    write(record);
    record = {};
    for (std::uint64_t seq = 2; seq < 5; ++seq) {
      record.version = {Epoch{2}, Seq{seq}};
      record.key = "k\n";
      record.value = "secret";
      write(record);
    }
  }
  void Damage(const std::string& name, std::uint64_t offset) {
    const auto files = Open();
    std::array<char, 1> byte{};
    Require(files->Read(name, offset, byte));
    byte[0] = static_cast<char>(byte[0] ^ 1);
    const auto file = Require(files->Open(name, offset));
    Require(file->Append(std::array{ByteView(byte.data(), 1)}));
  }
  // The first entry of the first segment is damaged, and much depends on it.
  void DamageTheLog() { Damage(wal::SegmentName(wal::Lsn{}), wal::kSegmentHeadSize + 1); }

  struct Ran {
    ExitCode code;
    std::string out;
    std::string err;
  };
  Ran Run(std::vector<std::string> words, bool answer = false) {
    words.insert(words.begin(), "wal");
    const CommandLine line = ParseCommandLine(words);
    EXPECT_FALSE(line.end.has_value()) << line.end->text;
    std::istringstream in;
    std::ostringstream out;
    std::ostringstream err;
    asked_.clear();
    WalCommand command(
        {.in = in, .out = out, .err = err, .show_progress = false, .out_is_terminal = false},
        line.global.json, [&](const std::string& risks) {
          asked_ = risks;
          return answer;
        });
    const ExitCode code = command.Run(line.command);
    return {code, out.str(), err.str()};
  }

  std::string temporary_;
  std::string directory_;
  std::string asked_;  // What a repair said before it asked.
};

TEST_F(WalCommandTest, CheckShowsEveryFileAndEndsWellIfTheLogOpens) {
  WriteLog();
  const Ran ran = Run({"check", directory_});
  EXPECT_EQ(ran.code, ExitCode::kOk);
  EXPECT_THAT(ran.out, HasSubstr("FILE"));
  EXPECT_THAT(ran.out, HasSubstr("0000000000000000.log"));
  EXPECT_THAT(ran.out, HasSubstr("whole  snapshots of 0 of 4 shards"));
  EXPECT_THAT(ran.out, HasSubstr("opens: 0 items of snapshots, 4 entries with 4 records, up to "));
  EXPECT_EQ(ran.err, "");
  const Json json = Json::parse(Run({"check", directory_, "--json"}).out);
  EXPECT_EQ(json["opens"], true);
  EXPECT_EQ(json["records"], 4);
  EXPECT_EQ(json["node"], "00000000000000a1");
  EXPECT_EQ(json["torn"], Json());
  EXPECT_EQ(json["files"].size(), 3U);
}

TEST_F(WalCommandTest, CheckEndsWithOneIfTheLogIsRefused) {
  WriteLog();
  DamageTheLog();
  const Ran ran = Run({"check", directory_});
  EXPECT_EQ(ran.code, ExitCode::kNo);
  EXPECT_THAT(ran.out, HasSubstr("damaged"));
  EXPECT_THAT(ran.out, HasSubstr("refused: " + directory_ + "/0000000000000000.log: offset 56: "));
  EXPECT_EQ(Json::parse(Run({"check", directory_, "--json"}).out)["opens"], false);
}

TEST_F(WalCommandTest, DumpShowsEntriesAndKeysButNoValues) {
  WriteLog();
  const Ran ran = Run({"dump", directory_});
  EXPECT_EQ(ran.code, ExitCode::kOk);
  EXPECT_THAT(ran.out, HasSubstr("           0      -  opened          by session "
                                 "0000000000000051, fsync\n"));
  EXPECT_THAT(ran.out, HasSubstr("      1  records         begin 2/1 behind 0/0\n"));
  EXPECT_THAT(ran.out, HasSubstr("set 2/4 k\\x0a = 6 bytes"));
  EXPECT_THAT(ran.out, HasSubstr("# 0000000000000000.log: offset "));
  EXPECT_THAT(ran.out, testing::Not(HasSubstr("secret")));

  const Ran of_shard = Run({"dump", directory_, "--shard", "1", "--json"});
  std::istringstream lines(of_shard.out);
  int entries = 0;
  for (std::string line; std::getline(lines, line);) {
    const Json json = Json::parse(line);
    if (json.contains("note")) continue;
    EXPECT_EQ(json["shard"], 1);
    EXPECT_EQ(json["records"].size(), 1U);
    ++entries;
  }
  EXPECT_EQ(entries, 4);
}

TEST_F(WalCommandTest, RepairSaysWhatItLosesAndAsksFirst) {
  WriteLog();
  EXPECT_EQ(Run({"repair", directory_}).out,
            "the log is not refused: there is nothing to repair\n");
  EXPECT_EQ(asked_, "");
  DamageTheLog();
  const Ran refused = Run({"repair", directory_}, /*answer=*/false);
  EXPECT_EQ(refused.code, ExitCode::kUsage);
  EXPECT_EQ(refused.err, "aegis-cli: not confirmed: nothing was done\n");
  EXPECT_THAT(asked_, HasSubstr("offset 56"));
  EXPECT_THAT(asked_, HasSubstr("This would be given up:\n  - "));
  EXPECT_THAT(asked_, HasSubstr("of shard 1"));
  EXPECT_EQ(Run({"check", directory_}).code, ExitCode::kNo);

  const Ran repaired = Run({"repair", directory_}, /*answer=*/true);
  EXPECT_EQ(repaired.code, ExitCode::kOk);
  EXPECT_THAT(repaired.out, HasSubstr("given up: "));
  EXPECT_THAT(repaired.out, HasSubstr("set aside: 0000000000000000.log as "
                                      "0000000000000000.log.aside-1\n"));
  EXPECT_THAT(repaired.out, HasSubstr("it was repaired, and nobody has opened it since"));
  EXPECT_EQ(Run({"check", directory_}).code, ExitCode::kOk);
}

TEST_F(WalCommandTest, RepairWithYesDoesNotAskAndAnswersInJson) {
  WriteLog();
  DamageTheLog();
  const Ran ran = Run({"repair", directory_, "--yes", "--json"});
  EXPECT_EQ(asked_, "");
  const Json json = Json::parse(ran.out);
  EXPECT_EQ(json["repaired"], true);
  EXPECT_FALSE(json["lost"].empty());
  EXPECT_EQ(json["set_aside"][0]["now"], "0000000000000000.log.aside-1");
}

TEST_F(WalCommandTest, WhereThereIsNoLogItSaysSo) {
  const Ran missing = Run({"check", directory_});
  EXPECT_EQ(missing.code, ExitCode::kUnavailable);
  EXPECT_EQ(missing.err,
            "aegis-cli: " + directory_ + ": cannot be opened: No such file or directory\n");
  std::filesystem::create_directory(directory_);
  const Ran empty = Run({"dump", directory_});
  EXPECT_EQ(empty.code, ExitCode::kUsage);
  EXPECT_EQ(empty.err, "aegis-cli: " + directory_ + ": holds no write-ahead log\n");
}

TEST_F(WalCommandTest, NothingIsRepairedUnderARunningNode) {
  WriteLog();
  DamageTheLog();
  const auto node = Open();
  const Ran repair = Run({"repair", directory_, "--yes"});
  EXPECT_EQ(repair.code, ExitCode::kUnavailable);
  EXPECT_THAT(repair.err, HasSubstr("is in use: a node runs on it"));
  EXPECT_THAT(Run({"check", directory_}).err, HasSubstr("what it is writing may look torn"));
}

}  // namespace
}  // namespace aegis::cli
