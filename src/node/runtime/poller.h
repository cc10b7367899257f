// Poller: says which sockets of a loop can move bytes.
//
// A socket is watched once, for both directions, edge-triggered, and told of in batches: nothing is
// asked of the system for a single command but to receive and to send it. (asio would ask once more
// for each: it tries to receive before it waits, or changes what is watched.) The loop's io_context
// waits for the poller itself, so sockets, timers and posted tasks share the loop's thread.
//
//   io_context --waits for--> the poller's epoll --watches--> fd, fd, fd, ...
//
// Everything is for the loop's own thread.

#pragma once

#include <sys/epoll.h>

#include <array>
#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "node/runtime/unique_fd.h"

namespace aegis::node {

class Poller {
 public:
  class Watcher {
   public:
    virtual ~Watcher() = default;
    // What has happened: EPOLLIN, EPOLLPRI, EPOLLOUT, EPOLLRDHUP, EPOLLHUP, EPOLLERR.
    virtual void OnEvents(std::uint32_t events) = 0;
  };

  // Around the telling of what happened since the last time.
  class Rounds {
   public:
    virtual ~Rounds() = default;
    virtual void OnRoundBegin() = 0;
    virtual void OnRoundEnd() = 0;
  };

  // Throws std::system_error if the system has no epoll to give.
  Poller();
  ~Poller();
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;

  // From now on watchers are told, by handlers of `io`. Stop() it before `io` goes.
  void Start(asio::io_context& io, Rounds& rounds);
  void Stop();

  // What is possible already is told too. False: the system watches no more sockets.
  bool Watch(int fd, Watcher& watcher);
  // Before `fd` is closed. The watcher hears nothing any more.
  void Forget(int fd, Watcher& watcher);
  // OnEvents(0) comes soon, though nothing has happened.
  void TellSoon(Watcher& watcher);

 private:
  // After so many the loop looks at something else.
  static constexpr std::size_t kEventsPerRound = 64;

  void Await();
  void Round();
  void TellThoseWhoAsked();
  void Tell(std::span<epoll_event> events);

  UniqueFd epoll_;
  Rounds* rounds_ = nullptr;
  std::optional<asio::posix::stream_descriptor> waiting_;  // On epoll_.
  std::array<epoll_event, kEventsPerRound> events_{};
  std::span<epoll_event> telling_;  // What is being told, for who is forgotten meanwhile.
  std::vector<epoll_event> soon_;
};

}  // namespace aegis::node
