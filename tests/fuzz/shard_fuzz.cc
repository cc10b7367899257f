// Whatever frames its leader sends, a follower either takes them or says that they are malformed;
// and whatever it took, it can go on to lead.
//
// The input is a stream of peer frames, each with its length, as on a link.

#include <cstdint>

#include "invariant.h"
#include "node/core/shard.h"

namespace {

class Always final : public aegis::node::LeaseView {
 public:
  aegis::TimePoint Now() const override { return {}; }
  bool Holds(aegis::Session) const override { return true; }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace aegis;
  const NodeId self{1};
  const NodeId leader{2};
  store::MemoryMeter meter(1 << 20);
  const Always lease;
  node::Shard::Options options;
  options.id = ShardId{0};
  options.self = self;
  options.session = Session{3};
  options.meter = &meter;
  options.lease = &lease;
  {
    node::Shard shard(options);
    node::ShardEffects effects;
    shard.Follow(leader, Epoch{1}, /*change=*/0, effects);
    ByteView input(reinterpret_cast<const char*>(data), size);
    while (true) {
      const auto frame = replication::PeerFrameSize(input);
      if (!frame.ok() || frame.value() == 0 || frame.value() > input.size()) break;
      const ByteView payload = input.substr(4, frame.value() - 4);
      input.remove_prefix(frame.value());
      const auto message = replication::DecodePeerMessage(payload);
      if (!message.ok() || !shard.OnMessage({leader, Session{2}}, message.value(), effects).ok())
        break;
      Bytes out;
      shard.Pump(leader, 1 << 16, UnixMs{1}, out);
    }
    if (shard.Report().epoch.value() < Version::kEpochMax &&
        shard.Report().role != node::ShardRole::kLeader) {
      shard.Lead(Epoch{shard.Report().epoch.value() + 1}, Session{1}, false, effects);
    }
    const Operation set{.code = OpCode::kSet, .key = "k", .value = "v"};
    Require(shard.Execute(set, UnixMs{1}, effects).status == Status::kOk);
    shard.Maintain(UnixMs{1}, 1000, effects);
  }
  Require(meter.used() == 0);
  return 0;
}
