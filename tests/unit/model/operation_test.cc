#include "model/operation.h"

#include <gtest/gtest.h>

namespace aegis {
namespace {

TEST(OperationTest, ACounterIsAWriteHoweverFarItGoes) {
  for (const OpCode code : {OpCode::kPrepend, OpCode::kCountUp, OpCode::kCountDown}) {
    for (const std::int64_t number : {std::int64_t{0}, kOnlyReads, std::int64_t{-1}}) {
      const Operation operation{.code = code, .number = number};
      EXPECT_TRUE(operation.IsWrite());
      EXPECT_FALSE(operation.OnlyReads());
      EXPECT_FALSE(operation.IsOfShard());
      EXPECT_TRUE(operation.ReadsState());
    }
  }
}

TEST(OperationTest, ABatchIsAReadOnlyIfItSaysSo) {
  EXPECT_TRUE((Operation{.code = OpCode::kBatch, .number = kOnlyReads}.OnlyReads()));
  EXPECT_FALSE((Operation{.code = OpCode::kBatch}.OnlyReads()));
  EXPECT_TRUE((Operation{.code = OpCode::kScan}.OnlyReads()));
  EXPECT_FALSE((Operation{.code = OpCode::kClear}.OnlyReads()));
}

}  // namespace
}  // namespace aegis
