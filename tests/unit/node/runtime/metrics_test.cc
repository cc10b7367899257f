#include "node/runtime/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <set>
#include <sstream>

namespace aegis::node {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(MetricsTest, ValuesStandUnderTheirLabels) {
  const std::string text = RenderMetrics(SampleMetrics());
  EXPECT_THAT(text, HasSubstr("# TYPE aegiskv_commands_total counter\n"));
  EXPECT_THAT(text, HasSubstr("aegiskv_commands_total{command=\"get\",result=\"not_found\"} 7\n"));
  EXPECT_THAT(text, HasSubstr("aegiskv_connections{protocol=\"native\"} 7\n"));
  EXPECT_THAT(text, HasSubstr("aegiskv_network_sent_bytes_total{protocol=\"resp\"} 6\n"));
  EXPECT_THAT(text, HasSubstr("aegiskv_members{state=\"dead\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("aegiskv_replication_lag_bytes{peer=\"node2\"} 300\n"));
  EXPECT_THAT(text, HasSubstr("aegiskv_peer_connected{peer=\"node3\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("aegiskv_build_info{version=\"0.1.0\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("aegiskv_uptime_seconds 90.5\n"));
}

TEST(MetricsTest, HistogramIsCumulativeAndEndsWithTheCount) {
  const std::string text = RenderMetrics(SampleMetrics());
  const std::string name = "aegiskv_command_duration_seconds";
  EXPECT_THAT(text, HasSubstr(name + "_bucket{class=\"read\",le=\"5e-05\"} 0\n"));
  EXPECT_THAT(text, HasSubstr(name + "_bucket{class=\"read\",le=\"0.0001\"} 98\n"));
  EXPECT_THAT(text, HasSubstr(name + "_bucket{class=\"read\",le=\"0.0025\"} 98\n"));
  EXPECT_THAT(text, HasSubstr(name + "_bucket{class=\"read\",le=\"0.005\"} 100\n"));
  EXPECT_THAT(text, HasSubstr(name + "_bucket{class=\"read\",le=\"+Inf\"} 100\n"));
  EXPECT_THAT(text, HasSubstr(name + "_count{class=\"read\"} 100\n"));
  EXPECT_THAT(text, HasSubstr(name + "_sum{class=\"read\"} 0.01482\n"));
  EXPECT_THAT(text, HasSubstr(name + "_count{class=\"write\"} 0\n"));
}

TEST(MetricsTest, FieldsReachDifferentFamilies) {
  // Every plain counter has a value of its own, which must be found exactly once.
  MetricsSnapshot snapshot;
  std::uint64_t* const fields[] = {&snapshot.keys,
                                   &snapshot.memory_used_bytes,
                                   &snapshot.memory_max_bytes,
                                   &snapshot.keyspace_hits,
                                   &snapshot.keyspace_misses,
                                   &snapshot.stale_reads,
                                   &snapshot.expired_keys,
                                   &snapshot.evicted_keys,
                                   &snapshot.forwarded_sent,
                                   &snapshot.forwarded_received,
                                   &snapshot.client_held_bytes,
                                   &snapshot.forward_held_bytes,
                                   &snapshot.outcomes_held,
                                   &snapshot.shards_led,
                                   &snapshot.shards_held,
                                   &snapshot.shards_leaderless,
                                   &snapshot.leader_changes,
                                   &snapshot.control_term,
                                   &snapshot.control_voters,
                                   &snapshot.control_applied,
                                   &snapshot.control_entries,
                                   &snapshot.shards_moving,
                                   &snapshot.shards_to_move,
                                   &snapshot.shards_moved,
                                   &snapshot.fences,
                                   &snapshot.failovers,
                                   &snapshot.unclean_promotions,
                                   &snapshot.records_sent,
                                   &snapshot.records_received,
                                   &snapshot.records_applied,
                                   &snapshot.full_copies_started,
                                   &snapshot.full_copies_finished,
                                   &snapshot.records_lost,
                                   &snapshot.keys_recovered,
                                   &snapshot.digests_compared,
                                   &snapshot.differences_found,
                                   &snapshot.differences_repaired,
                                   &snapshot.gossip_dropped,
                                   &snapshot.suspicions,
                                   &snapshot.refutations,
                                   &snapshot.health_score};
  std::uint64_t value = 70'001;
  for (std::uint64_t* field : fields) *field = value++;
  const std::string text = RenderMetrics(snapshot);
  for (std::uint64_t expected = 70'001; expected < value; ++expected) {
    const std::string shown = " " + std::to_string(expected) + "\n";
    const auto found = text.find(shown);
    ASSERT_NE(found, std::string::npos) << expected;
    EXPECT_EQ(text.find(shown, found + 1), std::string::npos) << expected;
  }
}

TEST(MetricsTest, LabelsAreEscaped) {
  MetricsSnapshot snapshot;
  snapshot.peers = {{"a\"b\\c\nd", true, 0, 0}};
  EXPECT_THAT(RenderMetrics(snapshot), HasSubstr("peer=\"a\\\"b\\\\c\\nd\"} 1\n"));
}

TEST(MetricsTest, ListsThatAreEmptyShowNothing) {
  EXPECT_THAT(RenderMetrics({}), Not(HasSubstr("aegiskv_members")));
}

TEST(MetricsTest, TableNamesEveryFamilyOnce) {
  std::istringstream table(MetricsAsMarkdown());
  std::set<std::string> names;
  for (std::string line; std::getline(table, line);) EXPECT_TRUE(names.insert(line).second);
  EXPECT_GT(names.size(), 40U);
  EXPECT_THAT(MetricsAsMarkdown(),
              HasSubstr("| `aegiskv_commands_total` | counter | `command`, `result` | "));
}

TEST(ProcessStatsTest, DescribeThisProcess) {
  const auto stats = ReadProcessStats();
  ASSERT_TRUE(stats);
  EXPECT_GT(stats->resident_bytes, 1U << 20);
  EXPECT_GT(stats->virtual_bytes, stats->resident_bytes);
  EXPECT_GE(stats->threads, 1U);
  EXPECT_GE(stats->open_fds, 3U);
  EXPECT_GE(stats->max_fds, stats->open_fds);
  EXPECT_GE(stats->cpu_seconds, 0);
  const std::chrono::duration<double> now = std::chrono::system_clock::now().time_since_epoch();
  EXPECT_LE(stats->start_time_seconds, now.count() + 2);
  EXPECT_GT(stats->start_time_seconds, now.count() - 3600);
}

TEST(ProcessStatsTest, OpeningAFileIsSeen) {
  const auto before = ReadProcessStats();
  const int fd = ::dup(2);
  EXPECT_EQ(ReadProcessStats()->open_fds, before->open_fds + 1);
  ::close(fd);
}

}  // namespace
}  // namespace aegis::node
