#include "client/runtime/engine.h"

#include <signal.h>

#include <asio/post.hpp>
#include <chrono>
#include <future>
#include <random>
#include <utility>

namespace aegis::client {
namespace {

TimePoint SteadyNow() { return TimePoint(std::chrono::steady_clock::now().time_since_epoch()); }

std::uint64_t RandomSeed() {
  std::random_device random;
  return std::uint64_t{random()} << 32U | random();
}

std::size_t SizeOf(const Expected<Request>& request) {
  return request.ok() ? request->key.size() + request->value.size() : 0;
}

// While it lives, threads are born with every signal blocked: the user's handlers run on the user's
// threads.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_;
};

ClientError Closed() { return {Errc::kClosed, "the client is closed"}; }

}  // namespace

Engine::Engine(Options options, StreamMaker make_stream)
    : make_stream_(std::move(make_stream)), dispatcher_(std::move(options), RandomSeed()) {}

std::shared_ptr<Engine> Engine::Start(Options options, StreamMaker make_stream) {
  const std::shared_ptr<Engine> engine(new Engine(std::move(options), std::move(make_stream)));
  std::promise<void> go;
  const SignalsBlocked blocked;
  engine->thread_ = std::thread([engine, started = go.get_future()] {
    started.wait();
    engine->io_.run();
  });
  engine->thread_id_ = engine->thread_.get_id();
  go.set_value();
  return engine;
}

// The last owner is the thread itself when the client was destroyed in a callback.
Engine::~Engine() {
  if (thread_.joinable()) thread_.detach();
}

void Engine::Submit(Expected<Request> request, Done done) {
  const std::size_t bytes = SizeOf(request);
  if (!(OnOwnThread() ? gate_.EnterAnyway(bytes) : gate_.Enter(bytes))) return done(Closed());
  bool announce = false;
  bool closed = false;
  {
    const std::lock_guard lock(mutex_);
    closed = closed_;
    if (!closed) {
      inbox_.push_back({std::move(request), std::move(done), bytes});
      announce = !std::exchange(inbox_announced_, true);
      if (announce) asio::post(io_, [this] { TakeInbox(); });
    }
  }
  if (closed) done(Closed());
}

void Engine::TakeInbox() {
  std::vector<Submission> submissions;
  {
    const std::lock_guard lock(mutex_);
    submissions.swap(inbox_);
    inbox_announced_ = false;
  }
  const TimePoint now = SteadyNow();
  for (Submission& submission : submissions) {
    const Token token = ++last_token_;
    pending_.emplace(token, Pending{std::move(submission.done), submission.bytes});
    if (submission.request.ok()) {
      dispatcher_.Submit(token, std::move(submission.request).value(), now, effects_);
    } else {
      effects_.finished.push_back({token, std::move(submission.request).error()});
    }
  }
  Perform();
}

bool Engine::Run(const Task& task) {
  std::promise<void> finished;
  const auto run = [&] {
    task(dispatcher_, SteadyNow(), effects_);
    Perform();
    finished.set_value();
  };
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return false;
    if (!OnOwnThread()) asio::post(io_, run);
  }
  if (OnOwnThread()) run();
  finished.get_future().wait();
  return true;
}

void Engine::Dial(const Effects::Dial& dial) {
  const ConnectionId id = dial.connection;
  const auto link = std::make_shared<Link>(
      make_stream_(io_),
      Link::Watcher{.connected =
                        [this, id] {
                          dispatcher_.OnConnected(id, SteadyNow(), effects_);
                          Perform();
                        },
                    .received =
                        [this, id](ByteView bytes) {
                          dispatcher_.OnReceived(id, bytes, SteadyNow(), effects_);
                          Perform();
                        },
                    .take_output = [this, id](Bytes& out) { dispatcher_.TakeOutput(id, out); },
                    .broken =
                        [this, id](const std::string& why) {
                          links_.erase(id);
                          dispatcher_.OnBroken(id, why, SteadyNow(), effects_);
                          Perform();
                        }});
  links_.emplace(id, link);
  link->Dial(dial.address);
}

void Engine::Perform() {
  Effects effects = std::exchange(effects_, Effects());  // Callbacks may come back here.
  for (const Effects::Dial& dial : effects.dials) Dial(dial);
  for (const ConnectionId id : effects.ready_to_send) {
    const auto link = links_.find(id);
    if (link != links_.end()) link->second->Flush();
  }
  for (const ConnectionId id : effects.hang_ups) {
    const auto link = links_.find(id);
    if (link == links_.end()) continue;
    link->second->Close();
    links_.erase(link);
  }
  ArmTimer(effects.wake_up_at);

  std::vector<Done> callbacks;
  std::size_t bytes = 0;
  callbacks.reserve(effects.finished.size());
  for (const Effects::Finished& finished : effects.finished) {
    const auto pending = pending_.find(finished.token);
    bytes += pending->second.bytes;
    callbacks.push_back(std::move(pending->second.done));
    pending_.erase(pending);
  }
  if (!callbacks.empty()) gate_.Leave(callbacks.size(), bytes);
  for (std::size_t i = 0; i < callbacks.size(); ++i) {
    callbacks[i](std::move(effects.finished[i].result));
  }
}

void Engine::ArmTimer(TimePoint at) {
  if (at >= timer_at_) return;
  timer_at_ = at;
  timer_.expires_at(std::chrono::steady_clock::time_point(at.time_since_epoch()));
  timer_.async_wait([this](std::error_code error) {
    if (error) return;  // Set anew, or the engine stops.
    timer_at_ = TimePoint::max();
    dispatcher_.Tick(SteadyNow(), effects_);
    Perform();
  });
}

void Engine::Close() {
  gate_.Shut();
  {
    const std::lock_guard lock(mutex_);
    if (!std::exchange(closed_, true)) asio::post(io_, [this] { Stop(); });
  }
  if (OnOwnThread()) return;
  const std::lock_guard lock(join_mutex_);
  if (thread_.joinable()) thread_.join();
}

void Engine::Stop() {
  TakeInbox();
  dispatcher_.Close(effects_);
  effects_.wake_up_at = TimePoint::max();
  Perform();
  timer_.cancel();
  work_.reset();
  io_.stop();
}

}  // namespace aegis::client
