// LoadConnection: one socket of a load, what is on its way out, what came in, and the calls that
// wait for their replies. Never blocks once it is open. One thread at a time.

#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "bench/core/call.h"

namespace aegis::bench {

class LoadConnection {
 public:
  // Waits until it is open. `server` is HOST:PORT, `number` its owner's name for it; at most
  // `depth` calls wait at once. Errors: kUnavailable, with the address and the system's reason.
  static Result<std::unique_ptr<LoadConnection>> Open(const std::string& server, std::size_t number,
                                                      std::size_t depth);
  ~LoadConnection();
  LoadConnection(const LoadConnection&) = delete;
  LoadConnection& operator=(const LoadConnection&) = delete;

  int fd() const { return fd_; }
  std::size_t number() const { return number_; }
  bool is_open() const { return fd_ >= 0; }
  void Close();

  CallRing& ring() { return ring_; }
  const CallRing& ring() const { return ring_; }

  // What is appended here goes out with the next Flush.
  Bytes& out() { return out_; }
  bool flushed() const { return out_.empty(); }

  // Both: nothing, or why the connection is of no use any more.
  std::optional<std::string> Flush();
  std::optional<std::string> Receive();

  ByteView input() const { return {in_.data() + in_begin_, in_end_ - in_begin_}; }
  void Consume(std::size_t bytes) { in_begin_ += bytes; }

 private:
  LoadConnection(int fd, std::size_t number, std::size_t depth)
      : fd_(fd), number_(number), ring_(depth) {}

  int fd_;
  const std::size_t number_;
  CallRing ring_;
  Bytes out_;
  std::size_t out_begin_ = 0;
  std::vector<char> in_;
  std::size_t in_begin_ = 0;
  std::size_t in_end_ = 0;
};

}  // namespace aegis::bench
