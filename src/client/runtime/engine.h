// Engine: the client's own thread. It runs the dispatcher, tells it the time, and performs what it
// wants done on sockets.
//
// Every public method may be called from any thread. The thread keeps the engine alive until
// Close() has ended it.

#pragma once

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <vector>

#include "aegis/result.h"
#include "base/time.h"
#include "client/core/dispatcher.h"
#include "client/runtime/byte_stream.h"
#include "client/runtime/call_gate.h"
#include "client/runtime/link.h"

namespace aegis::client {

class Engine : public std::enable_shared_from_this<Engine> {
 public:
  using Done = std::function<void(Expected<Reply>)>;
  // Makes the streams that connections run over.
  using StreamMaker = std::function<std::shared_ptr<ByteStream>(asio::io_context&)>;
  using Task = std::function<void(Dispatcher&, TimePoint, Effects&)>;

  static std::shared_ptr<Engine> Start(Options options, StreamMaker make_stream);
  ~Engine();

  // Calls `done` once: on the engine's thread, or on this one, at once, when the engine is closed.
  // A request that is an error already ends with it.
  void Submit(Expected<Request> request, Done done);

  // Runs the task on the engine's thread and waits for it. False: the engine is closed.
  bool Run(const Task& task);

  // Ends all calls and the thread, and waits for that (unless this is the thread).
  void Close();

  bool OnOwnThread() const { return std::this_thread::get_id() == thread_id_; }

 private:
  struct Submission {
    Expected<Request> request;
    Done done;
    std::size_t bytes;
  };
  struct Pending {
    Done done;
    std::size_t bytes;
  };

  Engine(Options options, StreamMaker make_stream);

  void TakeInbox();
  void Perform();
  void Dial(const Effects::Dial& dial);
  void ArmTimer(TimePoint at);
  void Stop();

  const StreamMaker make_stream_;
  CallGate gate_;

  std::mutex mutex_;  // Guards the next three.
  std::vector<Submission> inbox_;
  bool inbox_announced_ = false;  // TakeInbox() is on its way.
  bool closed_ = false;

  // The rest belongs to the engine's thread.
  asio::io_context io_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_{io_.get_executor()};
  asio::steady_timer timer_{io_};
  TimePoint timer_at_ = TimePoint::max();
  Dispatcher dispatcher_;
  Effects effects_;
  std::map<ConnectionId, std::shared_ptr<Link>> links_;
  std::unordered_map<Token, Pending> pending_;
  Token last_token_ = 0;

  std::mutex join_mutex_;
  std::thread thread_;  // Guarded by join_mutex_ once it runs.
  std::thread::id thread_id_;
};

}  // namespace aegis::client
