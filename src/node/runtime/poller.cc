#include "node/runtime/poller.h"

#include <asio/post.hpp>
#include <cerrno>
#include <system_error>
#include <utility>

namespace aegis::node {

Poller::Poller() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  if (!epoll_.valid()) throw std::system_error(errno, std::generic_category(), "epoll_create1");
}

Poller::~Poller() { Stop(); }

void Poller::Start(asio::io_context& io, Rounds& rounds) {
  rounds_ = &rounds;
  waiting_.emplace(io, epoll_.get());
  Await();
}

void Poller::Stop() {
  if (!waiting_) return;
  waiting_->release();
  waiting_.reset();
}

bool Poller::Watch(int fd, Watcher& watcher) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLPRI | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.ptr = &watcher;
  return ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0;
}

void Poller::Forget(int fd, Watcher& watcher) {
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
  for (epoll_event& event : telling_) {
    if (event.data.ptr == &watcher) event.data.ptr = nullptr;
  }
  std::erase_if(soon_, [&](const epoll_event& event) { return event.data.ptr == &watcher; });
}

void Poller::TellSoon(Watcher& watcher) {
  if (soon_.empty() && waiting_) {
    asio::post(waiting_->get_executor(), [this] { TellThoseWhoAsked(); });
  }
  epoll_event event{};
  event.data.ptr = &watcher;
  soon_.push_back(event);
}

void Poller::TellThoseWhoAsked() {
  std::vector<epoll_event> now = std::exchange(soon_, {});
  if (now.size() > kEventsPerRound) {
    soon_.assign(now.begin() + kEventsPerRound, now.end());
    now.resize(kEventsPerRound);
    asio::post(waiting_->get_executor(), [this] { TellThoseWhoAsked(); });
  }
  Tell(now);
}

void Poller::Await() {
  waiting_->async_wait(asio::posix::stream_descriptor::wait_read,
                       [this](const asio::error_code& error) {
                         if (!error) Round();
                       });
}

void Poller::Round() {
  const int count = ::epoll_wait(epoll_.get(), events_.data(), static_cast<int>(events_.size()), 0);
  if (count > 0) Tell(std::span(events_).first(static_cast<std::size_t>(count)));
  Await();
}

void Poller::Tell(std::span<epoll_event> events) {
  telling_ = events;
  rounds_->OnRoundBegin();
  for (const epoll_event& event : events) {
    if (event.data.ptr != nullptr) static_cast<Watcher*>(event.data.ptr)->OnEvents(event.events);
  }
  telling_ = {};
  rounds_->OnRoundEnd();
}

}  // namespace aegis::node
