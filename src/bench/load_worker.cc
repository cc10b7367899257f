#include "bench/load_worker.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <ctime>
#include <utility>

#include "base/check.h"
#include "model/duration_text.h"

namespace aegis::bench {
namespace {

constexpr std::int64_t kNsPerSecond = 1'000'000'000;
constexpr std::int64_t kLookAgainNs = kNsPerSecond / 10;
// Sleeping takes longer than asked for: what is due sooner is waited for awake.
constexpr std::int64_t kAwakeNs = 100'000;
constexpr std::size_t kErrorKindsMax = 64;  // More: counted together.
constexpr std::size_t kErrorTextMax = 160;  // Longer: cut.
constexpr std::size_t kEventsMax = 256;
// Bytes that a connection has yet to send. More: what comes next waits, as it would for a reply.
constexpr std::size_t kOutSizeMax = 16 << 20;
constexpr int kDrawsMax = 10'000;

bool HasRoom(LoadConnection& connection) {
  return connection.is_open() && !connection.ring().full() && connection.out().size() < kOutSizeMax;
}

void Watch(int epoll, int operation, LoadConnection& connection, bool for_room) {
  epoll_event event{};
  event.events = for_room ? EPOLLIN | EPOLLOUT : EPOLLIN;
  event.data.ptr = &connection;
  AEGIS_CHECK(epoll_ctl(epoll, operation, connection.fd(), &event) == 0,
              "an open socket can be watched");
}

}  // namespace

std::int64_t SteadyNowNs() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
}

LoadWorker::LoadWorker(const RunOptions& options, const Items& items, const Leaders* leaders,
                       ValueSizes sizes, CallSource source)
    : options_(options),
      items_(items),
      leaders_(leaders),
      sizes_(std::move(sizes)),
      source_(std::move(source)),
      patience_ns_(std::chrono::nanoseconds(options.patience).count()),
      epoll_(epoll_create1(EPOLL_CLOEXEC)) {
  AEGIS_CHECK(epoll_ >= 0, "an epoll instance can be made");
}

LoadWorker::~LoadWorker() { close(epoll_); }

Result<Ok> LoadWorker::Connect(std::size_t server, std::size_t depth) {
  auto connection = LoadConnection::Open(options_.servers[server], server, depth);
  if (!connection.ok()) return connection.error();
  Watch(epoll_, EPOLL_CTL_ADD, *connection.value(), false);
  connections_.push_back(std::move(connection).value());
  return Ok{};
}

void LoadWorker::Fill(std::uint64_t begin, std::uint64_t end) {
  window_ = {};
  RunBatches([this, begin, end](const auto&, std::int64_t) mutable -> std::optional<Call> {
    if (begin == end) return std::nullopt;
    return source_.SetOf(begin++);
  });
}

void LoadWorker::LoadClosed(const Window& window) {
  window_ = window;
  RunBatches([this](const LoadConnection& on, std::int64_t now_ns) -> std::optional<Call> {
    if (now_ns >= window_.end_ns) return std::nullopt;
    Call call = CallFor(on);
    call.since_ns = now_ns;
    return call;
  });
}

void LoadWorker::RunBatches(Next next) {
  next_ = std::move(next);
  heard_ns_ = SteadyNowNs();
  for (const auto& connection : connections_) SendBatch(*connection, SteadyNowNs());
  while (AnyWaits()) Turn(kLookAgainNs);
}

void LoadWorker::SendBatch(LoadConnection& connection, std::int64_t now_ns) {
  while (HasRoom(connection)) {
    const std::optional<Call> call = next_(connection, now_ns);
    if (!call) break;
    Append(connection, *call);
  }
  Flush(connection);
}

void LoadWorker::LoadOpen(const Window& window, const Schedule& schedule) {
  next_ = nullptr;
  window_ = window;
  sent_ = 0;
  heard_ns_ = SteadyNowNs();
  for (;;) {
    const std::int64_t now_ns = SteadyNowNs();
    SendDue(window, schedule, now_ns);
    const std::int64_t due_ns = schedule.DueNs(sent_);
    const bool all_sent = due_ns >= window.end_ns;
    const bool gave_up =
        now_ns >= window.end_ns + patience_ns_ ||
        std::ranges::none_of(connections_, [](const auto& each) { return each->is_open(); });
    if ((all_sent || gave_up) && !AnyWaits()) break;
    // What is overdue waits for a connection that has room.
    const bool waits_for_time = !all_sent && due_ns > now_ns;
    const std::int64_t until_due = std::max<std::int64_t>(0, due_ns - now_ns - kAwakeNs);
    Turn(waits_for_time ? std::min(until_due, kLookAgainNs) : kLookAgainNs);
  }
  const std::uint64_t all = schedule.CountBefore(window.end_ns);
  figures_.never_sent += all - std::clamp(sent_, schedule.CountBefore(window.begin_ns), all);
}

void LoadWorker::SendDue(const Window& window, const Schedule& schedule, std::int64_t now_ns) {
  if (now_ns >= window.end_ns + patience_ns_) return;
  bool any = false;
  for (; schedule.DueNs(sent_) <= std::min(now_ns, window.end_ns - 1); ++sent_) {
    LoadConnection* connection = NextWithRoom();
    if (connection == nullptr) break;
    Call call = CallFor(*connection);
    call.since_ns = schedule.DueNs(sent_);
    Append(*connection, call);
    any = true;
  }
  if (!any) return;
  for (const auto& connection : connections_) {
    if (connection->is_open() && !connection->flushed()) Flush(*connection);
  }
}

LoadConnection* LoadWorker::NextWithRoom() {
  for (std::size_t tried = 0; tried < connections_.size(); ++tried) {
    LoadConnection& connection = *connections_[turn_];
    turn_ = turn_ + 1 == connections_.size() ? 0 : turn_ + 1;
    if (HasRoom(connection)) return &connection;
  }
  return nullptr;
}

// Draws until the server leads the key, so the keys of each server keep their distribution. One
// that leads none of them gets those of others.
Call LoadWorker::CallFor(const LoadConnection& connection) {
  for (int tries = 0;; ++tries) {
    const Call call = source_.Next();
    if (leaders_ == nullptr || tries == kDrawsMax) return call;
    key_.clear();
    items_.AppendKey(call.key, key_);
    if (leaders_->ServerOf(key_) == connection.number()) return call;
  }
}

void LoadWorker::Append(LoadConnection& connection, const Call& call) {
  const std::uint64_t id = connection.ring().next_id();
  key_.clear();
  items_.AppendKey(call.key, key_);
  if (call.is_get) {
    AppendGet(options_.protocol, id, key_, connection.out());
  } else {
    value_.clear();
    items_.AppendValue(call.key, call.size, value_);
    AppendSet(options_.protocol, id, key_, value_, options_.ttl.count(), connection.out());
  }
  connection.ring().Push(call);
}

void LoadWorker::Flush(LoadConnection& connection) {
  if (!connection.is_open() || connection.flushed()) return;
  if (const auto why = connection.Flush()) return Fail(connection, *why);
  if (!connection.flushed()) Watch(epoll_, EPOLL_CTL_MOD, connection, true);
}

void LoadWorker::Turn(std::int64_t wait_ns) {
  std::array<epoll_event, kEventsMax> events;
  const timespec wait = {.tv_sec = wait_ns / kNsPerSecond, .tv_nsec = wait_ns % kNsPerSecond};
  const int count = epoll_pwait2(epoll_, events.data(), kEventsMax, &wait, nullptr);
  AEGIS_CHECK(count >= 0 || errno == EINTR, "waiting for sockets cannot fail");
  const std::int64_t now_ns = SteadyNowNs();
  for (int i = 0; i < count; ++i) {
    auto& connection = *static_cast<LoadConnection*>(events[static_cast<std::size_t>(i)].data.ptr);
    if (!connection.is_open()) continue;
    if ((events[static_cast<std::size_t>(i)].events & EPOLLOUT) != 0) {
      Flush(connection);
      if (!connection.is_open()) continue;
      if (connection.flushed()) Watch(epoll_, EPOLL_CTL_MOD, connection, false);
    }
    const auto why = connection.Receive();
    ScanReplies(connection, now_ns);
    if (why && connection.is_open()) Fail(connection, *why);
  }
  FailSilent(now_ns);
}

void LoadWorker::ScanReplies(LoadConnection& connection, std::int64_t now_ns) {
  std::uint64_t count = 0;
  while (!connection.input().empty()) {
    const auto scanned = ScanReply(options_.protocol, connection.input());
    if (!scanned.ok()) {
      Fail(connection, scanned.error().message);
      break;
    }
    if (!scanned.value()) break;
    const Reply& reply = *scanned.value();
    CallRing& ring = connection.ring();
    const auto call = options_.protocol == Protocol::kNative ? ring.Take(reply.id) : ring.Take();
    if (!call) {
      // An error that belongs to no call, as when a server turns a client away, says more.
      Fail(connection, reply.kind == ReplyKind::kError ? std::string(reply.text)
                                                       : "a reply that no call waits for");
      break;
    }
    Judge(*call, reply, now_ns);
    connection.Consume(reply.consumed);
    ++count;
  }
  if (count == 0) return;
  heard_ns_ = now_ns;
  replies_.store(replies() + count, std::memory_order_relaxed);
  if (next_ && connection.ring().empty()) SendBatch(connection, now_ns);
}

void LoadWorker::Judge(const Call& call, const Reply& reply, std::int64_t now_ns) {
  if (const std::string_view wrong = WrongWith(reply, call.is_get); !wrong.empty()) {
    return CountError(std::string(wrong), 1);
  }
  const bool missed = reply.kind == ReplyKind::kMissing;
  if (options_.verify && call.is_get && !missed &&
      !(sizes_.Contains(reply.value.size()) && items_.Belongs(call.key, reply.value))) {
    return CountError("a value that does not belong to its key", 1);
  }
  if (!window_.Has(call.since_ns)) return;
  figures_.misses += missed ? 1 : 0;
  (call.is_get ? figures_.gets : figures_.sets)
      .Record(std::chrono::nanoseconds(now_ns - call.since_ns));
}

void LoadWorker::Fail(LoadConnection& connection, const std::string& why) {
  CountError("connection: " + why, std::max<std::uint64_t>(1, connection.ring().waiting()));
  connection.Close();
}

void LoadWorker::FailSilent(std::int64_t now_ns) {
  if (now_ns - heard_ns_ < patience_ns_) return;
  heard_ns_ = now_ns;
  for (const auto& connection : connections_) {
    if (connection->is_open() && connection->ring().waiting() > 0) {
      Fail(*connection, "no reply within " + DurationText(options_.patience));
    }
  }
}

void LoadWorker::CountError(std::string text, std::uint64_t times) {
  if (text.size() > kErrorTextMax) text.resize(kErrorTextMax);
  const bool has_room = figures_.errors.size() < kErrorKindsMax || figures_.errors.contains(text);
  figures_.errors[has_room ? text : "(errors of other kinds)"] += times;
}

bool LoadWorker::AnyWaits() const {
  return std::ranges::any_of(connections_, [](const auto& connection) {
    return connection->is_open() && connection->ring().waiting() > 0;
  });
}

}  // namespace aegis::bench
