// echo-loop: the least that a server can do. One thread, one epoll loop: it reads, finds out how
// many RESP commands that were, and answers each with a fixed reply as large as a real one. It
// stores nothing and looks at no key. What it costs per command is the floor under every server
// that takes its bytes from sockets; `make bench-peers` measures it beside the others.
//
//   echo-loop --port PORT [--value-size BYTES]
//
// A command of two words is answered with a bulk string of that size, any other with +OK.

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>

namespace aegis::bench {
namespace {

constexpr std::size_t kReadChunk = 16 * 1024;
constexpr std::size_t kWordsMax = 16;

[[noreturn]] void Die(const char* what) {
  std::perror(what);
  std::exit(1);
}

// The number of a header line like "$16\r\n" at `at`, which then moves behind it. False: the line
// is incomplete, or no such header.
bool TakeHeader(std::string_view input, std::size_t& at, char type, std::size_t& number) {
  if (at >= input.size() || input[at] != type) return false;
  const auto [end, error] =
      std::from_chars(input.data() + at + 1, input.data() + input.size(), number);
  const auto after = static_cast<std::size_t>(end - input.data());
  if (error != std::errc() || after + 2 > input.size()) return false;
  at = after + 2;
  return true;
}

// Where the command at the front ends, and of how many words it is; 0: not there yet.
std::size_t EndOfCommand(std::string_view input, std::size_t& words) {
  std::size_t at = 0;
  if (!TakeHeader(input, at, '*', words) || words > kWordsMax) return 0;
  for (std::size_t i = 0; i < words; ++i) {
    std::size_t size = 0;
    if (!TakeHeader(input, at, '$', size)) return 0;
    at += size + 2;
  }
  return at <= input.size() ? at : 0;
}

class EchoLoop {
 public:
  EchoLoop(std::uint16_t port, std::size_t value_size)
      : value_("$" + std::to_string(value_size) + "\r\n" + std::string(value_size, 'v') + "\r\n") {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const int on = 1;
    setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    if (bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) Die("bind");
    if (listen(listener_, SOMAXCONN) != 0) Die("listen");
    Watch(listener_);
  }

  [[noreturn]] void Run() {
    std::array<epoll_event, 128> events;
    for (;;) {
      const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
      if (count < 0 && errno != EINTR) Die("epoll_wait");
      for (int i = 0; i < count; ++i) {
        const int fd = events[static_cast<std::size_t>(i)].data.fd;
        fd == listener_ ? Accept() : Answer(fd);
      }
    }
  }

 private:
  void Watch(int fd) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = fd;
    if (epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0) Die("epoll_ctl");
  }

  void Accept() {
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) return;
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    Watch(fd);
  }

  void Answer(int fd) {
    const ssize_t got = recv(fd, chunk_.data(), chunk_.size(), 0);
    if (got <= 0) {
      rest_.erase(fd);
      close(fd);
      return;
    }
    // What one read did not bring to its end waits for the next; most reads leave nothing.
    std::string_view input(chunk_.data(), static_cast<std::size_t>(got));
    std::string& rest = rest_[fd];
    if (!rest.empty()) input = rest.append(input);
    out_.clear();
    std::size_t words = 0;
    while (const std::size_t end = EndOfCommand(input, words)) {
      out_.append(words == 2 ? std::string_view(value_) : "+OK\r\n");
      input.remove_prefix(end);
    }
    rest.assign(std::string(input));
    // Blocking: the load generator reads what it asked for.
    for (std::string_view out = out_; !out.empty();) {
      const ssize_t sent = send(fd, out.data(), out.size(), MSG_NOSIGNAL);
      if (sent <= 0) break;
      out.remove_prefix(static_cast<std::size_t>(sent));
    }
  }

  const std::string value_;
  const int epoll_ = epoll_create1(EPOLL_CLOEXEC);
  int listener_ = -1;
  std::map<int, std::string> rest_;
  std::array<char, kReadChunk> chunk_;
  std::string out_;
};

int Main(int argc, char** argv) {
  CLI::App app("Answers every RESP command with a fixed reply, and does nothing else.");
  std::uint16_t port = 0;
  std::size_t value_size = 100;
  app.add_option("--port", port, "Of the loopback address")->required();
  app.add_option("--value-size", value_size, "Bytes that a command of two words is answered with");
  CLI11_PARSE(app, argc, argv);
  EchoLoop(port, value_size).Run();
}

}  // namespace
}  // namespace aegis::bench

int main(int argc, char** argv) { return aegis::bench::Main(argc, argv); }
