// Values of every setting: three good and different ones, and some that must be refused.

#pragma once

#include <array>
#include <map>
#include <string>
#include <vector>

namespace aegis::node {

struct Samples {
  // As --print-config shows them, so that they can be compared. None is the default.
  std::array<std::string, 3> good;
  std::vector<std::string> bad;
};

// By flag.
inline const std::map<std::string, Samples>& SampleSettings() {
  static const std::string long_name(129, 'n');
  static const std::map<std::string, Samples> samples = {
      {"node-id",
       {{"a", "b-2", std::string(128, 'n')}, {"", "a b", "tab\t", "\xc3\xa9", long_name}}},
      {"zone", {{"eu-1", "eu-2", "z"}, {"a b", "\n", long_name}}},
      {"weight",
       {{"2", "3", "100"}, {"", "0", "101", "-1", "1.5", "one", " 2", "2 ", "+2", "0x2"}}},
      {"bind",
       {{"127.0.0.1:7000", "[::1]:7000", "node1:0"},
        {"", "7700", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "::1:7700",
         "[::1:7700", "a b:7700", "host:http"}}},
      {"gossip",
       {{"127.0.0.1:7001", "[::1]:7001", "node1:0"}, {"", "7701", "127.0.0.1:99999", "a:b:c"}}},
      {"client-advertise",
       {{"10.0.0.1:7700", "node1:7700", "[fd00::1]:7700"},
        {"7700", ":7700", "0.0.0.0:7700", "[::]:7700", "node1:0", "node1"}}},
      {"gossip-advertise",
       {{"10.0.0.1:7701", "node1:7701", "[fd00::1]:7701"},
        {":7701", "0.0.0.0:7701", "[::]:7701", "node1:0", "node1:x"}}},
      {"memcached-addr",
       {{"127.0.0.1:11211", "[::1]:11212", "0.0.0.0:0"}, {"11211", "localhost", "a b:11211"}}},
      {"health-addr",
       {{"127.0.0.1:8080", "[::1]:8081", "0.0.0.0:0"}, {"8080", "localhost", "localhost:65536"}}},
      {"seeds",
       {{"a:1", "a:1,b:2", "[::1]:7701"},
        {",", "a:1,", "a:1,,b:2", "a", "a:0", ":7701", "a:1;b:2", "0.0.0.0:7701"}}},
      {"bootstrap-expect", {{"1", "3", "1024"}, {"", "1025", "-1", "all"}}},
      {"replication-factor", {{"1", "2", "7"}, {"", "0", "8", "-1", "99999999999999999999"}}},
      {"shards", {{"1", "512", "16384"}, {"", "0", "3", "300", "32768", "4294967552", "-256"}}},
      {"virtual-nodes", {{"1", "50", "1000"}, {"", "0", "1001", "x"}}},
      {"lease-duration",
       {{"350ms", "500ms", "600ms"}, {"", "600", "49ms", "1m1ms", "-1s", "1d", "1.5s", "never"}}},
      {"lease-silence", {{"310ms", "400ms", "599ms"}, {"", "300", "49ms", "1m1ms", "-1s", "x"}}},
      {"clock-drift-max",
       {{"0.001", "0.05", "0.5"}, {"", "0", "0.0009", "1.01", "-0.1", "10%", "nan", "x"}}},
      {"unclean-promotion-after",
       {{"never", "500ms", "1d"}, {"", "10", "24h1ms", "-1s", "Never", "always"}}},
      {"write-quorum", {{"-1", "2", "7"}, {"", "-2", "8", "all", "1.5"}}},
      {"read-quorum", {{"-1", "2", "7"}, {"", "-2", "8", "all", "1.5"}}},
      {"max-async-lag-bytes",
       {{"0", "1048576", "1099511627776"}, {"", "1099511627777", "-1", "1MB", "1e6"}}},
      {"max-async-lag", {{"0s", "500ms", "1h"}, {"", "10", "1h1ms", "-1s", "never"}}},
      {"min-in-sync", {{"2", "3", "7"}, {"", "0", "8", "-1", "all"}}},
      {"rebalance-rate", {{"1", "32", "4096"}, {"", "0", "4097", "-1", "all"}}},
      {"copy-rate", {{"0", "100", "1048576"}, {"", "-1", "1048577", "40MB", "1.5"}}},
      {"max-memory", {{"1", "2048", "67108864"}, {"", "0", "67108865", "1GB", "1e3", "-5"}}},
      {"eviction-policy",
       {{"s3fifo", "volatile-ttl", "noeviction"}, {"", "SLRU", "lfu", "allkeys-lru"}}},
      {"threads", {{"1", "2", "256"}, {"", "257", "-1", "auto"}}},
      {"data-dir", {{"d", "./other data", "/var/lib/aegis"}, {"", "a\nb"}}},
      {"wal", {{"write", "fsync", "write"}, {"", "on", "sync", "Off"}}},
      {"wal-dir", {{"/a", "b/c", "d"}, {"\n"}}},
      {"wal-segment-mb", {{"1", "128", "4096"}, {"", "0", "4097", "-1", "64MB"}}},
      {"snapshot-interval", {{"1s", "10s", "1d"}, {"", "300", "999ms", "24h1ms", "-1s", "never"}}},
      {"log-level", {{"debug", "warn", "error"}, {"", "INFO", "trace", "off", "2"}}},
      {"redirect", {{"moved", "moved", "moved"}, {"", "MOVED", "ask"}}},
      {"log-format", {{"json", "json", "json"}, {"", "JSON", "logfmt", "xml"}}},
      {"drain-timeout",
       {{"500ms", "1m30s", "1h"},
        {"", "30", "s", "-1s", "1h1ms", "1d", "1.5s", "30 s", "99999999999999h", "4294967295h"}}},
      {"pid-file", {{"a.pid", "./run dir/b.pid", "/run/aegis.pid"}, {"a\tb"}}},
  };
  return samples;
}

}  // namespace aegis::node
