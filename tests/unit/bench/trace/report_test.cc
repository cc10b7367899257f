#include "bench/trace/report.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace aegis::bench {
namespace {

TraceReport Report() {
  const TraceFigures alike{
      .name = "alike",
      .accesses = 1000,
      .objects = 100,
      .traffic = 1000,
      .working_set = 100,
      .without_limit = {.objects = 900, .bytes = 900},
      .capacities = {{.fraction = 0.01,
                      .capacity = 1,
                      .by_policy = {{.objects = 500, .bytes = 500}, {.objects = 750, .bytes = 750}},
                      .baseline = {.objects = 500, .bytes = 500},
                      .bound = {.objects = 800, .bytes = 800}}}};
  const TraceFigures varied{
      .name = "varied",
      .accesses = 100,
      .objects = 10,
      .traffic = 4000,
      .working_set = 400,
      .resized = 3,
      .cut = true,
      .equal_sizes = false,
      .without_limit = {.objects = 90, .bytes = 3600},
      .capacities = {{.fraction = 0.01,
                      .capacity = 4,
                      .by_policy = {{.objects = 20, .bytes = 1000}, {.objects = 20, .bytes = 900}},
                      .baseline = {.objects = 20, .bytes = 1000},
                      .bound = {.objects = 60, .bytes = 3000}}}};
  return {.seed = 7, .policies = {"textbook-lru", "other"}, .traces = {alike, varied}};
}

TEST(TraceReportTest, TablesLineUp) {
  EXPECT_EQ(
      ToMarkdown(Report()),
      "Seed 7. Capacities are parts of the working set: of the number of objects where they\n"
      "are alike, else of their bytes. Hits count from the first access of an empty cache on.\n"
      "Misses are set against those of textbook-lru; their mean over the traces is geometric.\n"
      "The optimal bound is Belady's MIN, exactly, where objects are alike; where sizes vary\n"
      "it is PFOO-L, which even the best policy may not reach.\n"
      "varied: an object keeps its first size; 3 accesses name another.\n"
      "\n"
      "| trace  |  accesses | objects | bytes | hits without limit |\n"
      "|--------|----------:|--------:|------:|-------------------:|\n"
      "| alike  |      1000 |     100 | alike |            90.00 % |\n"
      "| varied | 100 (cut) |      10 |   400 |            90.00 % |\n"
      "\n"
      "Capacity 1 % of the working set:\n"
      "\n"
      "| hits, %       | alike |   varied |\n"
      "|---------------|------:|---------:|\n"
      "| textbook-lru  | 50.00 |    20.00 |\n"
      "| other         | 75.00 |    20.00 |\n"
      "| optimal bound | 80.00 | <= 60.00 |\n"
      "| without limit | 90.00 |    90.00 |\n"
      "\n"
      "| misses / lru's | alike |   varied |  mean |\n"
      "|----------------|------:|---------:|------:|\n"
      "| textbook-lru   | 1.000 |    1.000 | 1.000 |\n"
      "| other          | 0.500 |    1.000 | 0.707 |\n"
      "| optimal bound  | 0.400 | >= 0.500 | 0.447 |\n"
      "| without limit  | 0.200 |    0.125 | 0.158 |\n"
      "\n"
      "Bytes of varied, by capacity:\n"
      "\n"
      "| bytes hit, %  |      1 % |\n"
      "|---------------|---------:|\n"
      "| textbook-lru  |    25.00 |\n"
      "| other         |    22.50 |\n"
      "| optimal bound | <= 75.00 |\n"
      "| without limit |    90.00 |\n");
}

TEST(TraceReportTest, JsonHasTheSameFigures) {
  const auto json = nlohmann::json::parse(ToJson(Report()));
  EXPECT_EQ(json["seed"], 7);
  const auto& varied = json["traces"][1];
  EXPECT_EQ(varied["trace"], "varied");
  EXPECT_EQ(varied["cut"], true);
  EXPECT_EQ(varied["equal_sizes"], false);
  EXPECT_EQ(varied["resized"], 3);
  EXPECT_EQ(varied["without_limit"]["hit_ratio"], 0.9);
  const auto& at = varied["capacities"][0];
  EXPECT_EQ(at["fraction"], 0.01);
  EXPECT_EQ(at["capacity"], 4);
  EXPECT_EQ(at["policies"][1]["policy"], "other");
  EXPECT_EQ(at["policies"][1]["hits"], 20);
  EXPECT_EQ(at["policies"][1]["hit_ratio"], 0.2);
  EXPECT_EQ(at["policies"][1]["byte_hit_ratio"], 0.225);
  EXPECT_EQ(at["policies"][1]["misses_to_lru"], 1.0);
  EXPECT_EQ(at["bound"]["policy"], "PFOO-L");
  EXPECT_EQ(at["bound"]["hits"], 60);
  EXPECT_EQ(json["traces"][0]["capacities"][0]["bound"]["policy"], "MIN");
  EXPECT_EQ(json["traces"][0]["capacities"][0]["policies"][1]["misses_to_lru"], 0.5);
}

}  // namespace
}  // namespace aegis::bench
