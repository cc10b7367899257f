#include "node/runtime/byte_stream.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/check.h"
#include "base/log.h"
#include "node/runtime/addresses.h"

namespace aegis::node {

namespace {

constexpr std::uint32_t kHungUp = EPOLLRDHUP | EPOLLHUP | EPOLLERR;

// Of getpeername() or getsockname(); empty if the socket has none any more.
template <class Name>
std::string AddressBy(const Name& name, int fd) {
  asio::ip::tcp::endpoint endpoint;
  auto size = static_cast<socklen_t>(endpoint.capacity());
  if (name(fd, endpoint.data(), &size) != 0) return {};
  endpoint.resize(size);
  return ToEndpoint(endpoint).ToString();
}

UniqueFd ReleaseFd(asio::ip::tcp::socket& socket) {
  asio::error_code ignored;
  return UniqueFd(socket.release(ignored));
}

ByteStream::Transfer Judge(ssize_t moved) {
  using State = ByteStream::State;
  if (moved > 0) return {State::kMoved, static_cast<std::size_t>(moved)};
  if (moved == 0) return {State::kEnded, 0};
  const bool later = errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
  return {later ? State::kWouldBlock : State::kBroken, 0};
}

}  // namespace

TcpStream::TcpStream(Poller& poller, UniqueFd socket) : poller_(poller), fd_(std::move(socket)) {
  // A socket that is already broken says so at the first transfer.
  const int on = 1;
  ::fcntl(fd_.get(), F_SETFL, ::fcntl(fd_.get(), F_GETFL) | O_NONBLOCK);
  ::setsockopt(fd_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  // Urgent bytes are bytes like others.
  ::setsockopt(fd_.get(), SOL_SOCKET, SO_OOBINLINE, &on, sizeof(on));
  if (!poller_.Watch(fd_.get(), *this)) {
    AEGIS_LOG(kError, "net", "cannot watch a connection: {}", std::strerror(errno));
    ::shutdown(fd_.get(), SHUT_RDWR);
    readable_ = hung_up_ = true;
  }
}

TcpStream::TcpStream(Poller& poller, asio::ip::tcp::socket socket)
    : TcpStream(poller, ReleaseFd(socket)) {}

TcpStream::~TcpStream() { Close(); }

ByteStream::Transfer TcpStream::Receive(std::span<char> room) {
  const Transfer transfer = Judge(::recv(fd_.get(), room.data(), room.size(), 0));
  // What comes after a receive that found less than it had room for is told by another event. But
  // one that ended before an urgent byte may have left some.
  const bool drained = transfer.bytes < room.size() && !urgent_;
  if (drained || transfer.state == State::kWouldBlock) readable_ = hung_up_;
  return transfer;
}

ByteStream::Transfer TcpStream::Send(ByteView bytes) {
  return Judge(::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL));
}

ByteStream::Transfer TcpStream::SendAll(std::span<const ByteView> pieces) {
  std::array<iovec, kPiecesMax> vectors;
  AEGIS_CHECK(pieces.size() <= vectors.size(), "no more than kPiecesMax");
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    vectors[i] = {const_cast<char*>(pieces[i].data()), pieces[i].size()};
  }
  msghdr message{};
  message.msg_iov = vectors.data();
  message.msg_iovlen = pieces.size();
  return Judge(::sendmsg(fd_.get(), &message, MSG_NOSIGNAL));
}

void TcpStream::AwaitReadable(std::shared_ptr<Listener> listener) {
  reader_ = std::move(listener);
  if (readable_) poller_.TellSoon(*this);
}

void TcpStream::AwaitWritable(std::shared_ptr<Listener> listener) { writer_ = std::move(listener); }

void TcpStream::OnEvents(std::uint32_t events) {
  if ((events & kHungUp) != 0) hung_up_ = true;
  if ((events & EPOLLPRI) != 0) urgent_ = true;
  if ((events & (EPOLLIN | kHungUp)) != 0) readable_ = true;
  const std::shared_ptr<Listener> reader = readable_ ? std::exchange(reader_, {}).lock() : nullptr;
  const bool writable = (events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0;
  if (reader) reader->OnReadable();
  if (!writable) return;
  if (const auto writer = std::exchange(writer_, {}).lock()) writer->OnWritable();
}

void TcpStream::EndSending() { ::shutdown(fd_.get(), SHUT_WR); }

void TcpStream::Close() {
  if (!fd_.valid()) return;
  poller_.Forget(fd_.get(), *this);
  fd_.Close();
  reader_.reset();
  writer_.reset();
}

std::string TcpStream::PeerAddress() const { return AddressBy(::getpeername, fd_.get()); }

std::string TcpStream::LocalAddress() const { return AddressBy(::getsockname, fd_.get()); }

}  // namespace aegis::node
