#include "node/runtime/choose_worker.h"

#include <gtest/gtest.h>

#include <array>

namespace aegis::node {
namespace {

TEST(ChooseWorkerTest, FewConnectionsGoRound) {
  std::array<std::size_t, 4> clients{};
  for (int i = 0; i < 8; ++i) ++clients[ChooseWorker(clients, 2)];
  EXPECT_EQ(clients, (std::array<std::size_t, 4>{2, 2, 2, 2})) << "though one accepts them all";
}

TEST(ChooseWorkerTest, WhoAcceptedItKeepsItAmongEquals) {
  const std::array<std::size_t, 3> clients{5, 5, 5};
  for (std::size_t own = 0; own < 3; ++own) EXPECT_EQ(ChooseWorker(clients, own), own);
}

TEST(ChooseWorkerTest, OfManyAnEighthMoreIsNoReason) {
  EXPECT_EQ(ChooseWorker(std::array<std::size_t, 2>{875, 1000}, 1), 1U);
  EXPECT_EQ(ChooseWorker(std::array<std::size_t, 2>{874, 1000}, 1), 0U);
  EXPECT_EQ(ChooseWorker(std::array<std::size_t, 2>{874, 1000}, 0), 0U);
}

TEST(ChooseWorkerTest, TheOnlyWorkerIsChosen) {
  EXPECT_EQ(ChooseWorker(std::array<std::size_t, 1>{7}, 0), 0U);
}

}  // namespace
}  // namespace aegis::node
