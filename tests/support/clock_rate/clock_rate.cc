// libaegis_clock_rate.so, for LD_PRELOAD: every clock of the process runs AEGIS_CLOCK_RATE times as
// fast as the kernel's from its start on. It stands in for clock drift, at any rate.
//
// libfaketime does the same and more, but looks its functions up while jemalloc is starting, which
// reads the clock: the process hangs before main(). This one asks the kernel directly and allocates
// nothing. Only reading is changed: a timer that is told how long to wait waits that long in real
// time, and nothing in a node waits for a point in time by condition variable.

#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>

namespace {

constexpr std::int64_t kNanosPerSecond = 1'000'000'000;
constexpr std::size_t kClocks = 12;  // CLOCK_REALTIME to CLOCK_TAI.

// How far ahead of the true time a clock is per true nanosecond. 0 until Start().
double g_gain = 0;
std::array<std::int64_t, kClocks> g_origins{};

std::int64_t Nanos(const timespec& time) { return time.tv_sec * kNanosPerSecond + time.tv_nsec; }

// The processor time of a process or thread is not a clock that drifts.
bool IsClock(clockid_t clock) {
  return clock >= 0 && clock < static_cast<clockid_t>(kClocks) &&
         clock != CLOCK_PROCESS_CPUTIME_ID && clock != CLOCK_THREAD_CPUTIME_ID;
}

int ReadTrue(clockid_t clock, timespec* time) {
  return static_cast<int>(syscall(SYS_clock_gettime, clock, time));
}

__attribute__((constructor)) void Start() {
  const char* const text = std::getenv("AEGIS_CLOCK_RATE");
  const double rate = text == nullptr ? 0 : std::strtod(text, nullptr);
  if (rate <= 0) {
    std::fputs("libaegis_clock_rate: AEGIS_CLOCK_RATE must be a number above 0\n", stderr);
    std::_Exit(2);
  }
  for (std::size_t clock = 0; clock < kClocks; ++clock) {
    timespec now{};
    if (ReadTrue(static_cast<clockid_t>(clock), &now) == 0) g_origins.at(clock) = Nanos(now);
  }
  g_gain = rate - 1;
}

}  // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec* time) noexcept {
  const int failed = ReadTrue(clock, time);
  if (failed != 0 || g_gain == 0 || !IsClock(clock)) return failed;
  const std::int64_t now = Nanos(*time);
  const std::int64_t passed = now - g_origins[static_cast<std::size_t>(clock)];
  const std::int64_t shown = now + std::llround(static_cast<double>(passed) * g_gain);
  *time = {.tv_sec = shown / kNanosPerSecond, .tv_nsec = shown % kNanosPerSecond};
  return 0;
}

int gettimeofday(timeval* time, void* /*zone*/) noexcept {
  timespec now{};
  const int failed = clock_gettime(CLOCK_REALTIME, &now);
  if (failed == 0) *time = {.tv_sec = now.tv_sec, .tv_usec = now.tv_nsec / 1000};
  return failed;
}

time_t time(time_t* seconds) noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  if (seconds != nullptr) *seconds = now.tv_sec;
  return now.tv_sec;
}

}  // extern "C"
