// CallGate: at most so many calls, and so many of their bytes, in flight at a time.

#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>

namespace aegis::client {

class CallGate {
 public:
  static constexpr std::size_t kCallsMax = 65'536;
  static constexpr std::size_t kBytesMax = 256ULL << 20;

  // Waits for room; a single call always fits. False: the gate was shut.
  bool Enter(std::size_t bytes) {
    std::unique_lock lock(mutex_);
    room_.wait(lock, [&] {
      return shut_ || (calls_ < kCallsMax && (bytes_ == 0 || bytes_ + bytes <= kBytesMax));
    });
    return Count(bytes);
  }

  // The same for callers that must not wait: lets them in over the limit.
  bool EnterAnyway(std::size_t bytes) {
    const std::lock_guard lock(mutex_);
    return Count(bytes);
  }

  void Leave(std::size_t calls, std::size_t bytes) {
    const std::lock_guard lock(mutex_);
    calls_ -= calls;
    bytes_ -= bytes;
    room_.notify_all();
  }

  // Lets nobody in any more, and wakes those who wait.
  void Shut() {
    const std::lock_guard lock(mutex_);
    shut_ = true;
    room_.notify_all();
  }

 private:
  bool Count(std::size_t bytes) {
    if (shut_) return false;
    ++calls_;
    bytes_ += bytes;
    return true;
  }

  std::mutex mutex_;
  std::condition_variable room_;
  bool shut_ = false;
  std::size_t calls_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace aegis::client
