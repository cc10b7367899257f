#include "node/runtime/memory_watch.h"

#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "base/log.h"

// jemalloc's, if the program is linked with it.
extern "C" int mallctl(const char* name, void* old_value, std::size_t* old_size, void* new_value,
                       std::size_t new_size) __attribute__((weak));

namespace aegis::node {

namespace {

constexpr auto kPeriod = std::chrono::milliseconds(100);
// Closer to the limit than this part of it, reserves are given back.
constexpr std::uint64_t kReserveShare = 128;
// A purge that gains less was not worth it; the next is so many looks later.
constexpr std::uint64_t kPurgeWorth = 1 << 20;
constexpr int kSkippedLooks = 10;

std::uint64_t AllocatorFigure(const char* name) {
  std::size_t value = 0;
  std::size_t size = sizeof(value);
  return mallctl(name, &value, &size, nullptr, 0) == 0 ? value : 0;
}

void PurgeAllocator() {
  if (mallctl == nullptr) return;
  mallctl("arena.4096.purge", nullptr, nullptr, nullptr, 0);  // 4096: MALLCTL_ARENAS_ALL
}

}  // namespace

AllocatorFigures ReadAllocator() {
  if (mallctl == nullptr) return {};
  std::uint64_t epoch = 1;  // Figures are as of the last time that somebody wrote this.
  mallctl("epoch", nullptr, nullptr, &epoch, sizeof(epoch));
  return {.allocated = AllocatorFigure("stats.allocated"),
          .resident = AllocatorFigure("stats.resident")};
}

// /proc/self/statm: size, resident, ..., in pages.
std::uint64_t ReadResident() {
  std::FILE* const file = std::fopen("/proc/self/statm", "re");
  if (file == nullptr) return 0;
  unsigned long long size = 0;
  unsigned long long resident = 0;
  const int read = std::fscanf(file, "%llu %llu", &size, &resident);
  std::fclose(file);
  return read == 2 ? resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)) : 0;
}

void MemoryWatch::Start() {
  Look();
  thread_ = std::thread([this] { Run(); });
  ::pthread_setname_np(thread_.native_handle(), "aegis-memory");
}

void MemoryWatch::Stop() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  stopped_.notify_one();
  thread_.join();
}

std::uint64_t MemoryWatch::Measure() {
  const std::uint64_t before = meter_.accounted();
  const std::uint64_t resident = resident_();
  beyond_[next_look_++ % beyond_.size()] = meter_.BeyondOf(resident, before);
  meter_.SetBeyond(*std::min_element(beyond_.begin(), beyond_.end()));
  return resident;
}

void MemoryWatch::Look() {
  const std::uint64_t resident = Measure();
  if (meter_.Fits(meter_.limit() / kReserveShare)) return;
  if (looks_to_skip_ > 0) {
    --looks_to_skip_;
    return;
  }
  pages_.Purge();
  PurgeAllocator();
  // Where that gives nothing back, it need not be tried ten times a second.
  if (Measure() + kPurgeWorth > resident) looks_to_skip_ = kSkippedLooks;
  if (!warned_ && meter_.beyond() >= meter_.limit()) {
    warned_ = true;
    AEGIS_LOG(kError, "memory",
              "--max-memory {} MB is less than the {} MB that this process takes without any key: "
              "nothing can be stored",
              meter_.limit() >> 20U, meter_.beyond() >> 20U);
  }
}

void MemoryWatch::Run() {
  std::unique_lock lock(mutex_);
  while (!stopped_.wait_for(lock, kPeriod, [this] { return stop_; })) Look();
}

}  // namespace aegis::node
