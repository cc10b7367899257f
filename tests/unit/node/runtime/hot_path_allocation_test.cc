// What a client does all the time takes no memory from the allocator: from the bytes in its socket
// to those of the replies, on a node that leads what the client asks for.

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "allocation_counter.h"
#include "client_test_support.h"
#include "model/limits.h"

namespace aegis::node {
namespace {

// The client's end of a TCP connection. Takes no memory once it stands.
class PlainClient {
 public:
  // Connects, and sets `node_side` to the other end.
  explicit PlainClient(int& node_side) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(::bind(listener, any, size), 0);
    EXPECT_EQ(::listen(listener, 1), 0);
    EXPECT_EQ(::getsockname(listener, any, &size), 0);
    socket_ = ::socket(AF_INET, SOCK_STREAM, 0);
    EXPECT_EQ(::connect(socket_, any, size), 0);
    node_side = ::accept(listener, nullptr, nullptr);
    ::close(listener);
  }
  ~PlainClient() { ::close(socket_); }
  PlainClient(const PlainClient&) = delete;
  PlainClient& operator=(const PlainClient&) = delete;

  void Send(ByteView bytes) const {
    const auto sent = ::send(socket_, bytes.data(), bytes.size(), 0);
    EXPECT_EQ(sent, static_cast<ssize_t>(bytes.size()));
  }
  // What has come, at most as much as there is room for.
  ByteView Receive() {
    const auto size = ::recv(socket_, room_.data(), room_.size(), MSG_DONTWAIT);
    return {room_.data(), size > 0 ? static_cast<std::size_t>(size) : 0};
  }

 private:
  int socket_ = -1;
  std::array<char, 64 * 1024> room_{};
};

class HotPathAllocationTest : public ForwarderTest {
 protected:
  HotPathAllocationTest() {
    BeBorn();
    shards_.Lead(1);
    shards_.BeAlone(1);
    Publish(kSelf, 1);
  }
  ~HotPathAllocationTest() override {
    if (connection_) connection_->Close("the test is over");
    loop_.io().poll();
  }

  void Connect(ClientPort port = ClientPort::kMain) {
    int node_side = -1;
    client_ = std::make_unique<PlainClient>(node_side);
    asio::ip::tcp::socket socket(loop_.io());
    socket.assign(asio::ip::tcp::v4(), node_side);
    connection_ = std::make_shared<ClientConnection>(
        loop_, std::make_unique<TcpStream>(loop_.poller(), std::move(socket)), services_, 1, port);
    connection_->Start();
  }

  // Sends the requests once; how much memory was taken until all of these replies had come. Bytes
  // that differ each time, such as versions, are '?' there.
  std::uint64_t AllocationsOf(ByteView requests, ByteView replies) {
    const std::uint64_t before = Allocations();
    client_->Send(requests);
    std::size_t received = 0;
    bool equal = true;
    const TimePoint begin = SteadyNow();
    while (received < replies.size() && SteadyNow() - begin < std::chrono::minutes(1)) {
      loop_.io().poll();
      for (const char came : client_->Receive()) {
        equal = equal && received < replies.size() &&
                (replies[received] == came || replies[received] == '?');
        ++received;
      }
    }
    const std::uint64_t taken = Allocations() - before;
    EXPECT_TRUE(equal);
    EXPECT_EQ(received, replies.size());
    return taken;
  }
  // The same, once buffers have grown to what such requests need.
  std::uint64_t AllocationsOnceWarm(ByteView requests, ByteView replies) {
    for (int i = 0; i < 3; ++i) AllocationsOf(requests, replies);
    std::uint64_t taken = 0;
    for (int i = 0; i < 100; ++i) taken += AllocationsOf(requests, replies);
    return taken;
  }

  static std::string Command(const std::vector<std::string>& words) {
    std::string out = "*" + std::to_string(words.size()) + "\r\n";
    for (const std::string& word : words) {
      out += "$" + std::to_string(word.size()) + "\r\n" + word + "\r\n";
    }
    return out;
  }
  static std::string Key(int i) { return "key:" + std::to_string(100'000 + i); }

  TestWorker worker_{shards_.host, board_, forwarder_, counters_};
  ClientServices& services_ = worker_.services;
  std::unique_ptr<PlainClient> client_;
  std::shared_ptr<ClientConnection> connection_;

  static constexpr int kDepth = 32;  // Commands at a time, more than are parsed ahead.
  const std::string value_ = std::string(100, 'v');
  const std::string bulk_ = "$100\r\n" + value_ + "\r\n";
};

TEST_F(HotPathAllocationTest, TheCounterSeesMemoryBeingTaken) {
  const std::uint64_t before = Allocations();
  const std::string by_new(100, 'x');
  EXPECT_EQ(Allocations() - before, 1U) << by_new;
  void* volatile by_malloc = std::malloc(100);
  EXPECT_EQ(Allocations() - before, 2U);
  std::free(by_malloc);
}

TEST_F(HotPathAllocationTest, PipelinedGetsTakeNone) {
  std::string requests;
  std::string replies;
  for (int i = 0; i < kDepth; ++i) {
    if (i % 4 != 3) shards_.Execute(SetOf(Key(i), value_));
    requests += Command({"GET", Key(i)});
    replies += i % 4 != 3 ? bulk_ : "$-1\r\n";
  }
  Connect();
  EXPECT_EQ(AllocationsOnceWarm(requests, replies), 0U);
}

TEST_F(HotPathAllocationTest, AGetAtATimeTakesNone) {
  shards_.Execute(SetOf(Key(0), value_));
  Connect();
  EXPECT_EQ(AllocationsOnceWarm(Command({"GET", Key(0)}), bulk_), 0U);
}

TEST_F(HotPathAllocationTest, SetsThatOverwriteTakeNone) {
  std::string requests;
  std::string replies;
  for (int i = 0; i < kDepth; ++i) {
    shards_.Execute(SetOf(Key(i), value_));
    requests += Command({"SET", Key(i), value_});
    replies += "+OK\r\n";
  }
  Connect();
  EXPECT_EQ(AllocationsOnceWarm(requests, replies), 0U);
}

TEST_F(HotPathAllocationTest, MemcachedGetsAndSetsThatOverwriteTakeNone) {
  std::string requests;
  std::string replies;
  for (int i = 0; i < kDepth; ++i) {
    shards_.Execute(SetOf(Key(i), value_));
    requests += "get " + Key(i) + "\r\nset " + Key(i) + " 0 0 100\r\n" + value_ + "\r\n";
    replies += "VALUE " + Key(i) + " 0 100\r\n" + value_ + "\r\nEND\r\nSTORED\r\n";
  }
  Connect(ClientPort::kMemcached);
  EXPECT_EQ(AllocationsOnceWarm(requests, replies), 0U);
}

TEST_F(HotPathAllocationTest, NativeGetsAndSetsThatOverwriteTakeNone) {
  constexpr std::uint64_t kAnyVersion = 0x3f3f3f3f3f3f3f3f;  // Eight '?'.
  Bytes requests;
  Bytes replies;
  for (int i = 0; i < kDepth; ++i) {
    const std::string key = Key(i);
    shards_.Execute(SetOf(key, value_));
    wire::AppendRequest({.command = static_cast<std::uint8_t>(wire::Command::kSet),
                         .id = 1,
                         .key = key,
                         .value = value_},
                        requests);
    wire::AppendReply({.id = 1, .version = kAnyVersion}, replies);
    wire::AppendRequest(
        {.command = static_cast<std::uint8_t>(wire::Command::kGet), .id = 2, .key = key}, requests);
    wire::AppendReply({.id = 2, .version = kAnyVersion, .value = value_}, replies);
  }
  Connect();
  EXPECT_EQ(AllocationsOnceWarm(requests, replies), 0U);
}

}  // namespace
}  // namespace aegis::node
