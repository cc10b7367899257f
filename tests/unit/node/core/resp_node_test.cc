// INFO, CONFIG: what clients ask about the node.

#include <string>
#include <utility>
#include <vector>

#include "node/core/resp_commands.h"
#include "resp_test_support.h"

namespace aegis::node {
namespace {

class RespNodeTest : public RespTest {
 protected:
  RespNodeTest() {
    node.facts.version = "0.2.0";
    node.facts.node_name = "n1";
    node.facts.run_id = 0xabc;
    node.facts.process_id = 42;
    node.facts.tcp_port = 7700;
    node.facts.started_at = now - std::chrono::seconds(90'000);
    node.facts.connected_clients = 3;
    node.facts.clients_max = 512;
    node.facts.used_memory = 1'932'024;
    node.facts.max_memory = 1ULL << 30;
    node.facts.keys = 10;
    node.facts.keys_with_expiry = 4;
    node.facts.cluster_nodes = 3;
    node.facts.worker_threads = 2;
  }

  static std::string Bulk(const std::string& text) {
    return "$" + std::to_string(text.size()) + "\r\n" + text + "\r\n";
  }
};

TEST_F(RespNodeTest, InfoHasWhatClientsWaitFor) {
  const std::string info = Reply({"info"});
  for (const ByteView line : {"# Server\r\n",
                              "redis_version:7.0.15\r\n",
                              "aegis_version:0.2.0\r\n",
                              "redis_mode:standalone\r\n",
                              "process_id:42\r\n",
                              "tcp_port:7700\r\n",
                              "run_id:0000000000000000000000000000000000000abc\r\n",
                              "uptime_in_seconds:90000\r\n",
                              "uptime_in_days:1\r\n",
                              "connected_clients:3\r\n",
                              "maxclients:512\r\n",
                              "used_memory:1932024\r\n",
                              "used_memory_human:1.84M\r\n",
                              "maxmemory:1073741824\r\n",
                              "maxmemory_human:1.00G\r\n",
                              "loading:0\r\n",
                              "role:master\r\n",
                              "cluster_enabled:1\r\n",
                              "aegis_nodes:3\r\n",
                              "# Keyspace\r\ndb0:keys=10,expires=4,avg_ttl=0\r\n"}) {
    EXPECT_NE(info.find(line), std::string::npos) << line;
  }
}

TEST_F(RespNodeTest, InfoShowsTheSectionsAskedFor) {
  EXPECT_EQ(Reply({"info", "CLUSTER"}), Bulk("# Cluster\r\ncluster_enabled:1\r\n"));
  EXPECT_EQ(Reply({"info", "keyspace", "cluster", "cluster"}),
            Bulk("# Cluster\r\ncluster_enabled:1\r\n\r\n# Keyspace\r\n"
                 "db0:keys=10,expires=4,avg_ttl=0\r\n"));
  EXPECT_EQ(Reply({"info", "nothing"}), Bulk(""));
  EXPECT_EQ(Reply({"info", "default"}), Reply({"info"}));
  EXPECT_EQ(Reply({"info", "nothing", "everything"}), Reply({"info", "all"}));
}

TEST_F(RespNodeTest, InfoOfEachCommandIsShownOnRequest) {
  CommandUsage get;
  get.name = "get";
  get.calls = 4;
  get.failed = 1;
  get.total = std::chrono::nanoseconds(10'500);
  get.p50 = std::chrono::nanoseconds(2'047);
  get.p99 = get.p999 = std::chrono::microseconds(5);
  CommandUsage incr;
  incr.name = "config|set";
  incr.rejected = 3;
  node.usages = {get, incr};
  const ByteView stats =
      "# Commandstats\r\n"
      "cmdstat_get:calls=4,usec=10,usec_per_call=2.62,rejected_calls=0,failed_calls=1\r\n"
      "cmdstat_config|set:calls=0,usec=0,usec_per_call=0.00,rejected_calls=3,failed_calls=0\r\n";
  const ByteView times =
      "# Latencystats\r\n"
      "latency_percentiles_usec_get:p50=2.047,p99=5.000,p99.9=5.000\r\n";
  EXPECT_EQ(Reply({"info", "commandstats"}), Bulk(std::string(stats)));
  EXPECT_EQ(Reply({"info", "latencystats"}), Bulk(std::string(times)));
  for (const ByteView section : {stats, times}) {
    EXPECT_EQ(Reply({"info"}).find(section), std::string::npos);
    EXPECT_NE(Reply({"info", "all"}).find(section), std::string::npos);
    EXPECT_NE(Reply({"info", "server", "EVERYTHING"}).find(section), std::string::npos);
  }
}

TEST_F(RespNodeTest, InfoCountsErrorsByTheirCode) {
  node.facts.errors[ErrorCodeOf("-MOVED 1 a:1")] = 2;
  node.facts.errors[ErrorCodeOf("ERR x")] = 5;
  EXPECT_EQ(Reply({"info", "errorstats"}),
            Bulk("# Errorstats\r\nerrorstat_ERR:count=5\r\nerrorstat_MOVED:count=2\r\n"));
  EXPECT_NE(Reply({"info", "stats"}).find("\r\ntotal_error_replies:7\r\n"), std::string::npos);
}

TEST_F(RespNodeTest, InfoHasWhatExportersRead) {
  node.facts.cpu_user = std::chrono::milliseconds(1500);
  node.facts.cpu_system = std::chrono::microseconds(7);
  node.facts.commands_per_second = 900;
  node.facts.received_bytes = 77;
  node.facts.received_bytes_per_second = 2048;
  node.facts.used_memory_rss = 3'864'048;
  const std::string info = Reply({"info"});
  for (const ByteView line :
       {"# CPU\r\nused_cpu_sys:0.000007\r\nused_cpu_user:1.500000\r\n",
        "instantaneous_ops_per_sec:900\r\n", "total_net_input_bytes:77\r\n",
        "instantaneous_input_kbps:2.00\r\n", "mem_fragmentation_ratio:2.00\r\n",
        "# Modules\r\n\r\n# Errorstats\r\n", "aof_rewrite_in_progress:0\r\n"}) {
    EXPECT_NE(info.find(line), std::string::npos) << line << info;
  }
}

TEST_F(RespNodeTest, ErrorCodesAreReadFromReplies) {
  for (std::size_t code = 0; code < kErrorCodes.size(); ++code) {
    EXPECT_EQ(ErrorCodeOf("-" + std::string(kErrorCodes[code]) + " text\r\n"), code);
  }
  EXPECT_EQ(ErrorCodeOf("-UNHEARD of"), 0U);
  EXPECT_FALSE(TellsRefusal(ErrorCodeOf("ERR x")));
  EXPECT_FALSE(TellsRefusal(ErrorCodeOf("UNKNOWNOUTCOME x")));
  EXPECT_TRUE(TellsRefusal(ErrorCodeOf("OOM x")));
  EXPECT_TRUE(TellsRefusal(ErrorCodeOf("MOVED x")));
}

TEST_F(RespNodeTest, InfoOfAnEmptyNodeHasNoDatabase) {
  node.facts.keys = 0;
  EXPECT_EQ(Reply({"info", "keyspace"}), Bulk("# Keyspace\r\n"));
}

TEST_F(RespNodeTest, InfoIsVerbatimInResp3) {
  session.version = 3;
  EXPECT_EQ(Reply({"info", "cluster"}), "=34\r\ntxt:# Cluster\r\ncluster_enabled:1\r\n\r\n");
}

TEST_F(RespNodeTest, ConfigGetAnswersWhatToolsAskFor) {
  EXPECT_EQ(Reply({"config", "get", "save"}), "*2\r\n$4\r\nsave\r\n$0\r\n\r\n");
  EXPECT_EQ(Reply({"config", "get", "AppendOnly"}), "*2\r\n$10\r\nAppendOnly\r\n$2\r\nno\r\n");
  EXPECT_EQ(Reply({"config", "get", "databases"}), "*2\r\n$9\r\ndatabases\r\n$1\r\n1\r\n");
  EXPECT_EQ(Reply({"config", "get", "maxmemory"}),
            "*2\r\n$9\r\nmaxmemory\r\n$10\r\n1073741824\r\n");
  EXPECT_EQ(Reply({"config", "get", "maxclients"}), "*2\r\n$10\r\nmaxclients\r\n$3\r\n512\r\n");
  EXPECT_EQ(Reply({"config", "get", "nothing"}), "*0\r\n");
  session.version = 3;
  EXPECT_EQ(Reply({"config", "get", "save"}), "%1\r\n$4\r\nsave\r\n$0\r\n\r\n");
}

TEST_F(RespNodeTest, ConfigGetMatchesPatternsAndShowsEachParameterOnce) {
  const std::string memory = Reply({"config", "get", "maxmem*", "maxmemory"});
  EXPECT_TRUE(memory.starts_with("*4\r\n$9\r\nmaxmemory\r\n")) << memory;
  EXPECT_NE(memory.find("maxmemory-policy\r\n$11\r\nallkeys-lru\r\n"), std::string::npos);
}

TEST_F(RespNodeTest, NoPolicyIsCalledLfuWhereObjectFreqKnowsOfNone) {
  for (const auto& [policy, name] : std::vector<std::pair<EvictionPolicy, std::string>>{
           {EvictionPolicy::kSlru, "allkeys-lru"},
           {EvictionPolicy::kLru, "allkeys-lru"},
           {EvictionPolicy::kS3Fifo, "allkeys-lru"},
           {EvictionPolicy::kRandom, "allkeys-random"},
           {EvictionPolicy::kVolatileTtl, "volatile-ttl"},
           {EvictionPolicy::kNoEviction, "noeviction"}}) {
    node.facts.eviction = policy;
    EXPECT_TRUE(Reply({"config", "get", "maxmemory-policy"}).ends_with(Bulk(name))) << name;
    EXPECT_NE(Reply({"info", "memory"}).find("maxmemory_policy:" + name + "\r\n"),
              std::string::npos);
  }
}

TEST_F(RespNodeTest, PatternsOfConfigGetHaveALimitTogether) {
  const std::string most = "save" + std::string(1020, '*');
  EXPECT_EQ(Reply({"config", "get", most}), "*2\r\n$4\r\nsave\r\n$0\r\n\r\n");
  EXPECT_EQ(Reply({"config", "get", most, "x"}),
            "-ERR the pattern has 1025 bytes: a pattern has 1024 bytes at most\r\n");
}

TEST_F(RespNodeTest, ConfigSetToWhatAlreadyIsSucceeds) {
  EXPECT_EQ(Reply({"config", "set", "save", "", "appendonly", "NO"}), "+OK\r\n");
  EXPECT_EQ(Reply({"config", "set", "maxmemory", "1gb"}), "+OK\r\n");
}

TEST_F(RespNodeTest, ConfigSetRefusesWhatItCannotDo) {
  EXPECT_EQ(Reply({"config", "set", "appendonly", "yes"}),
            "-ERR CONFIG SET failed (possibly related to argument 'appendonly') - can't set "
            "immutable config\r\n");
  EXPECT_EQ(Reply({"config", "set", "maxmemory", "bad"}),
            "-ERR CONFIG SET failed (possibly related to argument 'maxmemory') - argument must "
            "be a memory value\r\n");
  EXPECT_EQ(Reply({"config", "set", "save", "", "save", ""}),
            "-ERR CONFIG SET failed (possibly related to argument 'save') - duplicate "
            "parameter\r\n");
  EXPECT_EQ(Reply({"config", "set", "foo", "bar"}),
            "-ERR Unknown option or number of arguments for CONFIG SET - 'foo'\r\n");
  EXPECT_EQ(Reply({"config", "set", "save", "", "timeout"}), "-ERR syntax error\r\n");
  EXPECT_EQ(Reply({"config", "set", "save"}),
            "-ERR wrong number of arguments for 'config|set' command\r\n");
}

TEST_F(RespNodeTest, TheLatencyThresholdIsSet) {
  EXPECT_EQ(Reply({"config", "set", "latency-monitor-threshold", "25"}), "+OK\r\n");
  EXPECT_EQ(node.latency_threshold_ms, 25);
  EXPECT_EQ(Reply({"config", "get", "latency-monitor-threshold"}),
            "*2\r\n$25\r\nlatency-monitor-threshold\r\n$2\r\n25\r\n");
  for (const ByteView value : {"-1", "x", "1000000001"}) {
    EXPECT_TRUE(Reply({"config", "set", "latency-monitor-threshold", value})
                    .starts_with("-ERR CONFIG SET failed"))
        << value;
  }
  EXPECT_TRUE(Reply({"config", "set", "latency-monitor-threshold", "3", "port", "1"})
                  .starts_with("-ERR CONFIG SET failed"));
  EXPECT_EQ(node.latency_threshold_ms, 25) << "all of it or nothing";
}

TEST_F(RespNodeTest, ResetStatResetsOnce) {
  EXPECT_EQ(Reply({"config", "resetstat"}), "+OK\r\n");
  EXPECT_EQ(node.resets, 1);
}

TEST_F(RespNodeTest, DataCommandsGatherNoFacts) {
  Send({"set", "k", "v"});
  Send({"get", "k"});
  Reply({"ping"});
  EXPECT_EQ(node.facts_asked, 0);
}

}  // namespace
}  // namespace aegis::node
