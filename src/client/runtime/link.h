// Link: moves the bytes of one connection between a ByteStream and whoever watches.
//
// Reading goes on all the time. Writing takes everything that has gathered since the last write,
// so the busier the connection, the more requests share one send. I/O thread only.

#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "client/runtime/byte_stream.h"

namespace aegis::client {

class Link : public std::enable_shared_from_this<Link> {
 public:
  // Outlives the link's Close().
  struct Watcher {
    std::function<void()> connected;
    std::function<void(ByteView)> received;
    std::function<void(Bytes&)> take_output;             // Fills the empty buffer, or leaves it so.
    std::function<void(const std::string& why)> broken;  // The link is closed; nothing follows.
  };

  Link(std::shared_ptr<ByteStream> stream, Watcher watcher)
      : stream_(std::move(stream)), watcher_(std::move(watcher)) {}

  void Dial(const std::string& address);

  // There is output to take. Does nothing while a write is under way: that one will ask.
  void Flush();

  // The watcher hears nothing any more.
  void Close();

 private:
  void Read();
  void Write();
  void Break(const std::string& why);

  const std::shared_ptr<ByteStream> stream_;
  const Watcher watcher_;
  bool closed_ = false;
  bool writing_ = false;
  Bytes output_;
  std::size_t written_ = 0;  // Of output_.
  std::array<char, 64 * 1024> input_;
};

}  // namespace aegis::client
