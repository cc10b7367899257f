// ByteStream: a connection as the client sees it, whatever lies below: TCP now, TLS later, a pair
// of buffers in a test.
//
// Everything happens on the I/O thread. Handlers are called from the event loop, never from
// within the call that started them, and once each; after Close() with an error. At most one
// ReadSome() and one WriteSome() may be under way at a time; buffers belong to the caller and
// must outlive the handler.

#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <system_error>

#include "base/bytes.h"

namespace aegis::client {

class ByteStream {
 public:
  using ConnectHandler = std::function<void(std::error_code)>;
  using IoHandler = std::function<void(std::error_code, std::size_t)>;

  virtual ~ByteStream() = default;

  // REQUIRES: `address` is "host:port" as ParseEndpoint() reads it; called once, first.
  virtual void Connect(const std::string& address, ConnectHandler done) = 0;
  virtual void ReadSome(std::span<char> into, IoHandler done) = 0;
  virtual void WriteSome(ByteView from, IoHandler done) = 0;
  virtual void Close() = 0;
};

using ByteStreamFactory = std::function<std::shared_ptr<ByteStream>()>;

}  // namespace aegis::client
