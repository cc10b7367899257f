#include "node/core/memcached_commands.h"

#include "memcached_test_support.h"
#include "model/limits.h"
#include "ring/slot.h"

namespace aegis::node {
namespace {

using Form = MemcachedForm;

std::string Keys(std::size_t count) {
  std::string keys;
  for (std::size_t i = 0; i < count; ++i) keys += " k";
  return keys;
}

constexpr char kBadFormat[] = "CLIENT_ERROR bad command line format\r\n";

TEST_F(MemcachedTest, AGetAsksForEachKeyAndShowsThoseThatAreThere) {
  ASSERT_EQ(Send("get a b c\r\n"), Translation::kPlanned);
  ASSERT_EQ(plan.operations.size(), 3U);
  EXPECT_EQ(plan.operations[1].code, OpCode::kGet);
  EXPECT_EQ(plan.operations[1].key, "b");
  EXPECT_EQ(Answer({Item("1", 7), With(Status::kNotFound), Item("")}),
            "VALUE a 7 1\r\n1\r\nVALUE c 0 0\r\n\r\nEND\r\n");
}

TEST_F(MemcachedTest, OneCommandNamesSoManyKeysAndNoMore) {
  const std::string keys = Keys(limits::kMemcachedKeysMax);
  for (const char* words : {"get", "gets", "gat 0", "gats 0"}) {
    const std::string command = words;
    ASSERT_EQ(Send(command + keys + "\r\n"), Translation::kPlanned) << command;
    EXPECT_EQ(plan.operations.size(), limits::kMemcachedKeysMax);
    for (const std::size_t more : {1U, 1000U, 400'000U}) {
      EXPECT_EQ(Reply(command + keys + Keys(more) + "\r\n"),
                "CLIENT_ERROR too many keys: at most 1024\r\n");
      EXPECT_LE(request.words.size(), wire::kMemcachedWordsMax);
    }
  }
}

TEST_F(MemcachedTest, GetsTellsTheVersionAsTheCasUnique) {
  EXPECT_EQ(Answer("gets a\r\n", Item("v", 1, 77)), "VALUE a 1 1 77\r\nv\r\nEND\r\n");
}

TEST_F(MemcachedTest, AGetOfWhichAKeyFailsShowsTheOthersAndEndsWithTheError) {
  ASSERT_EQ(Send("get a b\r\n"), Translation::kPlanned);
  EXPECT_EQ(Answer({With(Status::kUnavailable), Item("1")}),
            "VALUE b 0 1\r\n1\r\n"
            "SERVER_ERROR no leader: the key's shard has none now; nothing was changed\r\n");
}

TEST_F(MemcachedTest, GatGivesANewLifetimeAndShowsTheValue) {
  ASSERT_EQ(Send("gat 100 a b\r\n"), Translation::kPlanned);
  ASSERT_EQ(plan.operations.size(), 2U);
  EXPECT_EQ(plan.operations[1].code, OpCode::kGetExpire);
  EXPECT_EQ(plan.operations[1].key, "b");
  EXPECT_EQ(plan.operations[1].expiry, ExpiryKind::kRelative);
  EXPECT_EQ(plan.operations[1].expiry_ms, 100'000);
  EXPECT_EQ(Answer("gats 0 a\r\n", Item("v", 1, 77)), "VALUE a 1 1 77\r\nv\r\nEND\r\n");
  EXPECT_EQ(Reply("gat x a\r\n"), "CLIENT_ERROR invalid exptime argument\r\n");
  EXPECT_EQ(Reply("gat 1\r\n"), "END\r\n");
}

TEST_F(MemcachedTest, AnExptimeIsForEverOrOverOrFromNowOrAPointInTime) {
  const auto set = [&](const std::string& exptime) {
    return Only("set k 0 " + exptime + " 1\r\nv\r\n", Form::kStored);
  };
  EXPECT_EQ(set("0").expiry, ExpiryKind::kNone);
  EXPECT_EQ(set("-1").expiry, ExpiryKind::kAbsolute);
  EXPECT_EQ(set("-1").expiry_ms, 1);
  EXPECT_EQ(set("2592000").expiry, ExpiryKind::kRelative);
  EXPECT_EQ(set("2592000").expiry_ms, 2'592'000'000);
  EXPECT_EQ(set("2592001").expiry, ExpiryKind::kAbsolute);
  EXPECT_EQ(set("2592001").expiry_ms, 2'592'001'000);
  EXPECT_EQ(set("9223372036854775807").expiry_ms, limits::kTtlMsMax);
  EXPECT_EQ(Reply("set k 0 x 1\r\nv\r\n"), kBadFormat);
}

TEST_F(MemcachedTest, StorageCommandsDifferInTheirConditions) {
  const Operation set = Only("set k 4294967295 0 2\r\nvv\r\n", Form::kStored);
  EXPECT_EQ(set.code, OpCode::kSet);
  EXPECT_EQ(set.key, "k");
  EXPECT_EQ(set.value, "vv");
  EXPECT_EQ(set.client_flags, 4294967295U);
  EXPECT_EQ(set.condition, Condition::kAlways);
  EXPECT_EQ(Only("add k 0 0 1\r\nv\r\n", Form::kStored).condition, Condition::kIfAbsent);
  EXPECT_EQ(Only("replace k 0 0 1\r\nv\r\n", Form::kStored).condition, Condition::kIfPresent);
  const Operation append = Only("append k 0 0 1\r\nv\r\n", Form::kStored);
  EXPECT_EQ(append.code, OpCode::kAppend);
  EXPECT_EQ(append.condition, Condition::kIfPresent);
  const Operation prepend = Only("prepend k 0 0 1\r\nv\r\n", Form::kStored);
  EXPECT_EQ(prepend.code, OpCode::kPrepend);
  EXPECT_EQ(prepend.condition, Condition::kIfPresent);
  const Operation cas = Only("cas k 0 0 1 1234567890123\r\nv\r\n", Form::kStored);
  EXPECT_EQ(cas.condition, Condition::kIfVersion);
  EXPECT_EQ(cas.expected.Pack(), 1234567890123U);
}

TEST_F(MemcachedTest, ACasOfZeroMeansNoItemEver) {
  EXPECT_NE(Only("cas k 0 0 1 0\r\nv\r\n", Form::kStored).expected, Version{});
}

TEST_F(MemcachedTest, StorageCommandsTellWhyNothingWasStored) {
  EXPECT_EQ(Answer("set k 0 0 1\r\nv\r\n", Item("")), "STORED\r\n");
  EXPECT_EQ(Answer("add k 0 0 1\r\nv\r\n", With(Status::kConflict, "", 9)), "NOT_STORED\r\n");
  EXPECT_EQ(Answer("replace k 0 0 1\r\nv\r\n", With(Status::kConflict)), "NOT_STORED\r\n");
  EXPECT_EQ(Answer("append k 0 0 1\r\nv\r\n", With(Status::kConflict)), "NOT_STORED\r\n");
  EXPECT_EQ(Answer("cas k 0 0 1 5\r\nv\r\n", With(Status::kConflict, "", 9)), "EXISTS\r\n");
  EXPECT_EQ(Answer("cas k 0 0 1 5\r\nv\r\n", With(Status::kConflict)), "NOT_FOUND\r\n");
}

TEST_F(MemcachedTest, AKeyOverItsLimitIsRefusedByEveryCommand) {
  const std::string& key = long_key_;
  for (const std::string& input :
       {"get " + key, "get a " + key, "gat 1 " + key, "set " + key + " 0 0 1\r\nv",
        "incr " + key + " 1", "delete " + key, "touch " + key + " 1", "mg " + key, "md " + key,
        "ma " + key, "me " + key, "ms " + key + " 1\r\nv"}) {
    EXPECT_EQ(Reply(input + "\r\n"), kBadFormat) << input;
  }
  Only("touch " + key.substr(1) + " 1\r\n", Form::kTouched);
}

TEST_F(MemcachedTest, ADataBlockThatIsNoneIsRefused) {
  EXPECT_EQ(Reply("set k 0 0 1\r\nvvv\r\n"), "CLIENT_ERROR bad data chunk\r\n");
  EXPECT_EQ(Reply("ms k 1 q\r\nvvv\r\n"), "CLIENT_ERROR bad data chunk\r\n");
  EXPECT_EQ(Reply("set k 0 0 x\r\n"), kBadFormat);
  EXPECT_EQ(Reply("set k 4294967296 0 1\r\nv\r\n"), kBadFormat);
  EXPECT_EQ(Reply("cas k 0 0 1 x\r\nv\r\n"), kBadFormat);
}

TEST_F(MemcachedTest, AValueOverItsLimitTakesWhatWasThereWithIt) {
  const std::string size = std::to_string(limits::kValueSizeMax + 1);
  const std::string error = "SERVER_ERROR object too large for cache\r\n";
  const Operation erase = Only("set k 0 0 " + size + "\r\n", Form::kTooLarge);
  EXPECT_EQ(erase.code, OpCode::kDelete);
  EXPECT_EQ(erase.key, "k");
  EXPECT_EQ(Answer({With(Status::kNotFound)}), error);
  EXPECT_EQ(Answer({With(Status::kUnknownOutcome)}), error);
  EXPECT_EQ(Reply("add k 0 0 " + size + "\r\n"), error) << "what is there is not stale";
  EXPECT_EQ(Only("ms k " + size + " q\r\n", Form::kTooLarge).code, OpCode::kDelete);
  EXPECT_EQ(Answer({Item("")}), error);
}

TEST_F(MemcachedTest, CountersTakeStepsOf64Bits) {
  const Operation up = Only("incr n 18446744073709551615\r\n", Form::kCount);
  EXPECT_EQ(up.code, OpCode::kCountUp);
  EXPECT_EQ(static_cast<std::uint64_t>(up.number), ~std::uint64_t{0});
  EXPECT_EQ(up.expiry, ExpiryKind::kKeep);
  EXPECT_EQ(up.value, "") << "a missing counter is not begun";
  EXPECT_EQ(Answer({Number(~std::uint64_t{0})}), "18446744073709551615\r\n");
  EXPECT_EQ(Answer({With(Status::kNotFound)}), "NOT_FOUND\r\n");
  EXPECT_EQ(Only("decr n 5\r\n", Form::kCount).code, OpCode::kCountDown);
  for (const char* bad : {"incr n x\r\n", "incr n -1\r\n", "decr n 18446744073709551616\r\n"}) {
    EXPECT_EQ(Reply(bad), "CLIENT_ERROR invalid numeric delta argument\r\n") << bad;
  }
}

TEST_F(MemcachedTest, DeleteMayNameATimeOfZeroAndNoOther) {
  EXPECT_EQ(Only("delete k\r\n", Form::kDeleted).code, OpCode::kDelete);
  EXPECT_EQ(Answer({Item("")}), "DELETED\r\n");
  EXPECT_EQ(Answer({With(Status::kNotFound)}), "NOT_FOUND\r\n");
  Only("delete k 0\r\n", Form::kDeleted);
  Only("delete k 0 noreply\r\n", Form::kDeleted);
  EXPECT_EQ(Reply("delete k 5\r\n"),
            "CLIENT_ERROR bad command line format.  Usage: delete <key> [noreply]\r\n");
}

TEST_F(MemcachedTest, TouchGivesANewLifetime) {
  const Operation touch = Only("touch k 10\r\n", Form::kTouched);
  EXPECT_EQ(touch.code, OpCode::kExpire);
  EXPECT_EQ(touch.expiry_ms, 10'000);
  EXPECT_EQ(Answer({Number(1)}), "TOUCHED\r\n");
  EXPECT_EQ(Answer({With(Status::kNotFound)}), "NOT_FOUND\r\n");
  EXPECT_EQ(Only("touch k 0\r\n", Form::kTouched).expiry, ExpiryKind::kNone);
  EXPECT_EQ(Reply("touch k x\r\n"), "CLIENT_ERROR invalid exptime argument\r\n");
}

TEST_F(MemcachedTest, NoreplySilencesSuccessFailureAndMistakes) {
  EXPECT_EQ(Answer("set k 0 0 1 noreply\r\nv\r\n", Item("")), "");
  EXPECT_EQ(Answer("add k 0 0 1 noreply\r\nv\r\n", With(Status::kConflict, "", 9)), "");
  EXPECT_EQ(Answer("incr n 1 noreply\r\n", With(Status::kInvalid, "no number")), "");
  EXPECT_EQ(Answer("delete k noreply\r\n", With(Status::kUnavailable)), "");
  EXPECT_EQ(Answer("touch k 1 noreply\r\n", Number(1)), "");
  EXPECT_EQ(Reply("set k 0 0 1 noreply\r\nvvv\r\n"), "");
  EXPECT_EQ(Reply("verbosity 1 noreply\r\n"), "");
  EXPECT_EQ(Answer("get noreply\r\n", Item("v")), "VALUE noreply 0 1\r\nv\r\nEND\r\n")
      << "here it is a key";
}

TEST_F(MemcachedTest, NoreplyIsNoWordThatTheCommandNeeds) {
  EXPECT_EQ(Only("delete noreply\r\n", Form::kDeleted).key, "noreply");
  EXPECT_EQ(Answer({Item("")}), "DELETED\r\n");
  Only("delete noreply noreply\r\n", Form::kDeleted);
  EXPECT_EQ(Answer({Item("")}), "");
  for (const char* input :
       {"set noreply\r\n", "cas k 0 0 noreply\r\n", "incr noreply\r\n", "decr noreply\r\n",
        "touch noreply\r\n", "delete k 0 0 noreply\r\n", "touch k 1 2 noreply\r\n"}) {
    EXPECT_EQ(Reply(input), "ERROR\r\n") << input;
  }
  EXPECT_EQ(Reply("incr k noreply\r\n"), "") << "a number that is none, as memcached takes it";
}

TEST_F(MemcachedTest, CommandsWithTooFewOrTooManyWordsAreErrors) {
  for (const char* input : {"\r\n",
                            "foo\r\n",
                            "GET k\r\n",
                            "get\r\n",
                            "gets\r\n",
                            "gat\r\n",
                            "set\r\n",
                            "set k 0 0\r\n",
                            "set k 0 0 1 x y\r\n",
                            "cas k 0 0 1\r\n",
                            "incr n\r\n",
                            "incr n 1 2 3\r\n",
                            "delete\r\n",
                            "delete a b c d\r\n",
                            "touch k\r\n",
                            "verbosity\r\n",
                            "verbosity 1 2 3\r\n",
                            "flush_all 0 0 0\r\n",
                            "stats foo\r\n",
                            "mg\r\n",
                            "md\r\n",
                            "ma\r\n",
                            "ms\r\n"}) {
    EXPECT_EQ(Reply(input), "ERROR\r\n") << input;
  }
}

TEST_F(MemcachedTest, TheClusterTellsWhatWentWrong) {
  const auto error = [&](Outcome outcome) { return Answer("set k 0 0 1\r\nv\r\n", outcome); };
  EXPECT_EQ(error(With(Status::kInvalid, "bad\r\nthing")), "CLIENT_ERROR bad  thing\r\n");
  EXPECT_EQ(error(With(Status::kTooLarge)), "SERVER_ERROR object too large for cache\r\n");
  EXPECT_EQ(error(With(Status::kOutOfMemory)), "SERVER_ERROR out of memory storing object\r\n");
  const std::pair<Status, ByteView> begins[] = {
      {Status::kNotLeader, "SERVER_ERROR changing leader: "},
      {Status::kUnavailable, "SERVER_ERROR no leader: "},
      {Status::kTooFewCopies, "SERVER_ERROR too few copies: 1 of 2; nothing was changed"},
      {Status::kBusy, "SERVER_ERROR busy: 1 of 2; nothing was changed"},
      {Status::kUnknownOutcome, "SERVER_ERROR unknown outcome: "}};
  for (const auto& [status, begin] : begins) {
    EXPECT_TRUE(error(With(status, "1 of 2")).starts_with(begin)) << out;
    EXPECT_TRUE(out.ends_with("\r\n"));
  }
}

TEST_F(MemcachedTest, FlushAllEmptiesEveryShardNowOrNotAtAll) {
  for (const char* input : {"flush_all\r\n", "flush_all 0\r\n", "flush_all -1\r\n"}) {
    ASSERT_EQ(Send(input), Translation::kPlanned) << input << out;
    ASSERT_EQ(plan.operations.size(), 256U);
    for (std::uint32_t shard = 0; shard < 256; ++shard) {
      EXPECT_EQ(plan.operations[shard].code, OpCode::kClear);
      EXPECT_EQ(ring::ShardOf(plan.operations[shard].key, 256), ShardId{shard});
    }
  }
  std::vector<Outcome> outcomes(256);
  EXPECT_EQ(Answer(outcomes), "OK\r\n");
  outcomes[7] = With(Status::kUnavailable);
  outcomes[9] = With(Status::kUnknownOutcome);
  EXPECT_TRUE(Answer(outcomes).starts_with("SERVER_ERROR unknown outcome: "));
  ASSERT_EQ(Send("flush_all 0 noreply\r\n"), Translation::kPlanned);
  EXPECT_EQ(Answer(outcomes), "");
  EXPECT_EQ(Reply("flush_all 10\r\n"), "SERVER_ERROR flush_all has no delay here\r\n");
  EXPECT_EQ(Reply("flush_all 10 noreply\r\n"), "");
  EXPECT_EQ(Reply("flush_all x\r\n"), "CLIENT_ERROR invalid exptime argument\r\n");
}

TEST_F(MemcachedTest, VersionIsThatOfTheMemcachedItFollows) {
  EXPECT_EQ(Reply("version\r\n"), "VERSION 1.6.18\r\n");
}

TEST_F(MemcachedTest, VerbosityIsAcceptedAndQuitClosesWithoutAWord) {
  EXPECT_EQ(Reply("verbosity 1\r\n"), "OK\r\n");
  EXPECT_EQ(Reply("verbosity x\r\n"), kBadFormat);
  EXPECT_EQ(Send("quit\r\n"), Translation::kRepliedClose);
  EXPECT_EQ(out, "");
}

TEST_F(MemcachedTest, StatsTellWhatTheNodeKnows) {
  node.facts.process_id = 12;
  node.facts.started_at = now - std::chrono::seconds(90);
  node.facts.clients_max = 512;
  node.facts.keys = 3;
  node.facts.keyspace_hits = 4;
  node.facts.keyspace_misses = 5;
  node.facts.stores = 6;
  node.facts.touches = 7;
  node.facts.flushes = 8;
  node.facts.received_bytes = 10;
  node.facts.sent_bytes = 11;
  node.facts.max_memory = 1 << 20;
  node.facts.version = "9.9";
  const std::string stats = Reply("stats\r\n");
  for (const char* line :
       {"STAT pid 12\r\n", "STAT uptime 90\r\n", "STAT time 1700000000\r\n",
        "STAT version 1.6.18\r\n", "STAT aegis_version 9.9\r\n", "STAT curr_items 3\r\n",
        "STAT max_connections 512\r\n", "STAT cmd_get 9\r\n", "STAT cmd_set 6\r\n",
        "STAT cmd_touch 7\r\n", "STAT cmd_flush 8\r\n", "STAT bytes_read 10\r\n",
        "STAT bytes_written 11\r\n", "STAT get_hits 4\r\n", "STAT limit_maxbytes 1048576\r\n"}) {
    EXPECT_NE(stats.find(line), std::string::npos) << line << stats;
  }
  EXPECT_TRUE(stats.ends_with("\r\nEND\r\n"));
  const std::string settings = Reply("stats settings\r\n");
  for (const char* line :
       {"STAT item_size_max 67108864\r\n", "STAT maxconns 512\r\n", "STAT evictions on\r\n"}) {
    EXPECT_NE(settings.find(line), std::string::npos) << line << settings;
  }
  node.facts.eviction = EvictionPolicy::kNoEviction;
  EXPECT_NE(Reply("stats settings\r\n").find("STAT evictions off\r\n"), std::string::npos);
  EXPECT_EQ(Reply("stats items\r\n"), "END\r\n");
  EXPECT_EQ(Reply("stats slabs\r\n"), "STAT active_slabs 0\r\nSTAT total_malloced 0\r\nEND\r\n");
  EXPECT_EQ(node.resets, 0);
  EXPECT_EQ(Reply("stats reset\r\n"), "RESET\r\n");
  EXPECT_EQ(node.resets, 1);
}

TEST_F(MemcachedTest, APlanThatIsKeptOutlivesItsRequest) {
  {
    const std::string input = "get aaa bb c\r\n";
    Send(input);
  }
  plan.Keep(1);
  MemcachedPlan kept = std::move(plan);
  plan = {};
  Send("delete xxxxxxxxxxxxxxxxx\r\n");
  plan = std::move(kept);
  EXPECT_EQ(Answer({Item("1"), Item("2")}), "VALUE bb 0 1\r\n1\r\nVALUE c 0 1\r\n2\r\nEND\r\n");

  Send("mg Zm9v b k O12 c\r\n");
  plan.Keep(0);
  kept = std::move(plan);
  plan = {};
  Send("delete xxxxxxxxxxxxxxxxx\r\n");
  plan = std::move(kept);
  EXPECT_EQ(Answer({Item("1")}), "HD kZm9v b O12 c9\r\n");
}

}  // namespace
}  // namespace aegis::node
