// UniqueFd: a file descriptor that is closed when its owner goes away.

#pragma once

#include <unistd.h>

#include <utility>

namespace aegis::node {

class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~UniqueFd() { Close(); }

  bool valid() const { return fd_ >= 0; }
  int get() const { return fd_; }

  // The caller closes it from now on.
  int Release() { return std::exchange(fd_, -1); }

  // Returns false if the system reported a failure of what was written before.
  bool Close() { return fd_ < 0 || ::close(std::exchange(fd_, -1)) == 0; }

 private:
  int fd_ = -1;
};

}  // namespace aegis::node
