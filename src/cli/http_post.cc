#include "cli/http_post.h"

#include <netdb.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>
#include <string_view>

namespace aegis::cli {
namespace {

constexpr std::size_t kAnswerSizeMax = 64 * 1024;

class Socket {
 public:
  explicit Socket(const addrinfo& address)
      : fd_(::socket(address.ai_family, address.ai_socktype, address.ai_protocol)) {}
  ~Socket() {
    if (fd_ >= 0) ::close(fd_);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  bool Connect(const addrinfo& address, std::chrono::milliseconds timeout) const {
    const timeval limit = {.tv_sec = timeout.count() / 1000,
                           .tv_usec = timeout.count() % 1000 * 1000};
    return fd_ >= 0 && ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) == 0 &&
           ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) == 0 &&
           ::connect(fd_, address.ai_addr, address.ai_addrlen) == 0;
  }

  bool Send(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  // Everything up to the end of the stream.
  bool Receive(std::string& bytes) const {
    std::array<char, 4096> chunk;
    while (bytes.size() < kAnswerSizeMax) {
      const ssize_t received = ::recv(fd_, chunk.data(), chunk.size(), 0);
      if (received < 0) return false;
      if (received == 0) return true;
      bytes.append(chunk.data(), static_cast<std::size_t>(received));
    }
    return true;
  }

 private:
  const int fd_;
};

Result<HttpAnswer> Parse(std::string_view text) {
  constexpr std::string_view kVersion = "HTTP/1.1 ";
  const std::size_t body = text.find("\r\n\r\n");
  HttpAnswer answer;
  if (text.starts_with(kVersion) && body != std::string_view::npos) {
    text.remove_prefix(kVersion.size());
    std::from_chars(text.data(), text.data() + text.size(), answer.status);
    answer.body = text.substr(body + 4 - kVersion.size());
  }
  if (answer.status == 0) return Error{ErrorCode::kMalformed, "what answers there is no HTTP"};
  return answer;
}

}  // namespace

Result<HttpAnswer> HttpPost(const Endpoint& address, const std::string& path,
                            std::chrono::milliseconds timeout) {
  const auto unavailable = [&](const std::string& why) {
    return Error{ErrorCode::kUnavailable, address.ToString() + ": " + why};
  };
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int failed =
      ::getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &hints, &found);
  if (failed != 0) return unavailable(::gai_strerror(failed));
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> addresses(found, ::freeaddrinfo);
  std::string why;
  for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
    const Socket socket(*each);
    std::string received;
    if (socket.Connect(*each, timeout) &&
        socket.Send("POST " + path + " HTTP/1.1\r\nHost: " + address.ToString() +
                    "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n") &&
        socket.Receive(received)) {
      return Parse(received);
    }
    why = errno == EAGAIN || errno == EINPROGRESS ? "no answer in time" : std::strerror(errno);
  }
  return unavailable(why);
}

}  // namespace aegis::cli
