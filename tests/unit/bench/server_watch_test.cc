#include "bench/server_watch.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <ctime>

namespace aegis::bench {
namespace {

double OwnCpuSeconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

TEST(ServerWatchTest, CpuTimeIsThatOfTheProcess) {
  const auto watch = ServerWatch::Of({getpid()});
  ASSERT_TRUE(watch.ok());
  const double before = OwnCpuSeconds();
  while (OwnCpuSeconds() < before + 0.05) {
  }
  const auto sample = watch.value().Read();
  const double after = OwnCpuSeconds();
  ASSERT_TRUE(sample.ok());
  EXPECT_GE(sample.value().cpu_seconds, before + 0.05);
  EXPECT_LE(sample.value().cpu_seconds, after);
  EXPECT_GT(sample.value().rss, 1U << 20);
}

TEST(ServerWatchTest, ProcessesAreSummedUp) {
  const auto one = ServerWatch::Of({getpid()});
  const auto two = ServerWatch::Of({getpid(), getpid()});
  ASSERT_TRUE(one.ok() && two.ok());
  const double single = one.value().Read().value().cpu_seconds;
  EXPECT_GE(two.value().Read().value().cpu_seconds, 2 * single);
}

TEST(ServerWatchTest, AProcessThatDoesNotRunIsNamed) {
  const auto watch = ServerWatch::Of({getpid(), 0x7ffffff0});
  ASSERT_FALSE(watch.ok());
  EXPECT_EQ(watch.error().code, ErrorCode::kInvalid);
  EXPECT_NE(watch.error().message.find("2147483632"), std::string::npos);
}

}  // namespace
}  // namespace aegis::bench
