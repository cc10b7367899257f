#include "bench/load_connection.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "model/endpoint.h"

namespace aegis::bench {
namespace {

constexpr std::size_t kReadChunk = 64 * 1024;

std::string Reason(int error) { return std::strerror(error); }

using Addresses = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

}  // namespace

Result<std::unique_ptr<LoadConnection>> LoadConnection::Open(const std::string& server,
                                                             std::size_t number,
                                                             std::size_t depth) {
  const auto failed = [&server](const std::string& why) {
    return Error{ErrorCode::kUnavailable, server + ": " + why};
  };
  const Result<Endpoint> endpoint = ParseEndpoint(server);
  if (!endpoint.ok()) return endpoint.error();
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const std::string port = std::to_string(endpoint.value().port);
  if (const int error = getaddrinfo(endpoint.value().host.c_str(), port.c_str(), &hints, &found);
      error != 0) {
    return failed(gai_strerror(error));
  }
  const Addresses addresses(found, &freeaddrinfo);
  int error = 0;
  for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
    const int fd = socket(each->ai_family, each->ai_socktype | SOCK_CLOEXEC, each->ai_protocol);
    if (fd < 0) return failed(Reason(errno));
    std::unique_ptr<LoadConnection> connection(new LoadConnection(fd, number, depth));
    const int on = 1;
    if (connect(fd, each->ai_addr, each->ai_addrlen) == 0 &&
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0 &&
        fcntl(fd, F_SETFL, O_NONBLOCK) == 0) {
      return connection;
    }
    error = errno;
  }
  return failed(Reason(error));
}

LoadConnection::~LoadConnection() { Close(); }

void LoadConnection::Close() {
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
}

std::optional<std::string> LoadConnection::Flush() {
  while (out_begin_ < out_.size()) {
    const ssize_t sent =
        send(fd_, out_.data() + out_begin_, out_.size() - out_begin_, MSG_NOSIGNAL);
    if (sent >= 0) {
      out_begin_ += static_cast<std::size_t>(sent);
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      return std::nullopt;
    } else if (errno != EINTR) {
      return Reason(errno);
    }
  }
  out_.clear();
  out_begin_ = 0;
  return std::nullopt;
}

std::optional<std::string> LoadConnection::Receive() {
  if (in_begin_ == in_end_) in_begin_ = in_end_ = 0;
  if (in_.size() - in_end_ < kReadChunk && in_begin_ > 0) {
    std::copy(in_.begin() + static_cast<std::ptrdiff_t>(in_begin_),
              in_.begin() + static_cast<std::ptrdiff_t>(in_end_), in_.begin());
    in_end_ -= in_begin_;
    in_begin_ = 0;
  }
  if (in_.size() - in_end_ < kReadChunk) in_.resize(std::max(2 * in_.size(), 2 * kReadChunk));
  const ssize_t got = recv(fd_, in_.data() + in_end_, in_.size() - in_end_, 0);
  if (got > 0) {
    in_end_ += static_cast<std::size_t>(got);
    return std::nullopt;
  }
  if (got == 0) return "closed by the server";
  if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return std::nullopt;
  return Reason(errno);
}

}  // namespace aegis::bench
