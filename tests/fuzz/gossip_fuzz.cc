// Any bytes, as a datagram, a question or an answer, must be refused or understood by gossip, and
// must leave a node that hears them working.
//
// The first byte chooses: 'd', 'q' or 'a'. What follows is the message.

#include <chrono>
#include <cstdint>
#include <string>

#include "gossip/codec.h"
#include "gossip/swim.h"
#include "invariant.h"
#include "model/limits.h"

namespace aegis::gossip {
namespace {

using namespace std::chrono_literals;

Bytes Encode(const DatagramMessage& message) {
  Bytes bytes = EncodeDatagramHead(message.sender, message.body);
  for (const Rumour& rumour : message.rumours) bytes += EncodeRumour(rumour);
  return bytes;
}
Bytes Encode(const StreamQuestion& question) { return EncodeQuestion(question); }
Bytes Encode(const StreamAnswer& answer) { return EncodeAnswer(answer); }

// What is accepted can be written, accepted again, and is then the same.
template <class Decode>
void RequireCanonical(ByteView input, const Decode& decode) {
  const auto decoded = decode(input);
  if (!decoded.ok()) return Require(!decoded.error().message.empty());
  const Bytes canonical = Encode(decoded.value());
  const auto again = decode(canonical);
  Require(again.ok());
  Require(Encode(again.value()) == canonical);
}

Member Self() {
  Member self;
  self.id = NodeId{1};
  self.session = Session{101};
  self.name = "m1";
  self.gossip_address = {"10.0.0.1", 7701};
  self.client_address = {"10.0.0.1", 7700};
  self.incarnation = 5;
  return self;
}

void RequireWorking(const Swim& swim, const Effects& effects) {
  for (const Datagram& datagram : effects.datagrams) {
    Require(datagram.body.size() <= limits::kDatagramSizeMax);
    Require(DecodeDatagram(datagram.body).ok());
  }
  for (const StreamRequest& request : effects.streams) Require(DecodeQuestion(request.body).ok());
  Require(swim.self().state == MemberState::kAlive);
  Require(swim.self().session == Session{101});
  Require(swim.members().size() <= limits::kMembersMax);
}

void Feed(char kind, ByteView message, std::uint64_t cluster) {
  const Endpoint from{"10.0.0.2", 7701};
  TimePoint now{1h};
  Effects effects;
  ClusterSettings settings;
  settings.id = ClusterId{cluster};
  Swim swim(Self(), settings, Options{}, Rng(1), now);
  swim.Join({&from, 1}, now, effects);
  if (kind == 'd') {
    swim.OnDatagram(from, message, now, effects);
  } else if (kind == 'q') {
    Require(DecodeAnswer(swim.OnStreamRequest(from, message, now, effects)).ok());
  } else {
    swim.OnStreamReply(effects.streams.at(0).id, Bytes(message), now, effects);
  }
  for (int i = 0; i < 20; ++i) {
    now += 150ms;
    swim.Tick(now, effects);
  }
  RequireWorking(swim, effects);
}

}  // namespace
}  // namespace aegis::gossip

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace aegis;
  using namespace aegis::gossip;
  if (size == 0) return 0;
  const char kind = static_cast<char>(data[0]);
  const ByteView message(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (kind) {
    case 'd':
      RequireCanonical(message, DecodeDatagram);
      break;
    case 'q':
      RequireCanonical(message, DecodeQuestion);
      break;
    case 'a':
      RequireCanonical(message, DecodeAnswer);
      break;
    default:
      return 0;
  }
  Feed(kind, message, 0xc1);
  Feed(kind, message, 0);
  return 0;
}
