// Any bytes, as a command of the control log or as a control state, must be refused or understood;
// and what is understood can be written, and never breaks a state, whatever it says.
//
// The first byte chooses: 'c' or 's'. What follows is the command or the state.

#include <cstdint>
#include <utility>
#include <vector>

#include "control/command.h"
#include "control/planner.h"
#include "control/state.h"
#include "invariant.h"

namespace aegis::control {
namespace {

void Apply(State& state, const Command& command) {
  state.Apply({state.applied().index + 1, state.applied().term}, command);
  Require(state.BrokenInvariant() == nullptr);
}

// Two nodes, of which the first leads shard 0 and the second is in sync.
State SmallState() {
  State state;
  Apply(state, Birth{{.id = ClusterId{7}, .num_shards = 2, .virtual_nodes = 2}});
  for (const std::uint64_t id : {std::uint64_t{1}, std::uint64_t{2}}) {
    Register registration;
    registration.node = NodeId{id};
    registration.session = Session{id * 10};
    registration.memory = Session{id * 100};
    Apply(state, registration);
  }
  const Holder first{NodeId{1}, Session{10}};
  Apply(state, Assign{{{ShardId{0}, Epoch{0}, kNobody, first, false}}});
  Apply(state, InSync{{{ShardId{0}, Epoch{1}, 0, Session{10}, {NodeId{2}, Session{200}}, false}}});
  return state;
}

void FeedCommand(ByteView input) {
  const auto decoded = DecodeCommand(input);
  if (!decoded.ok()) return Require(!decoded.error().message.empty());
  const Bytes canonical = Encode(decoded.value());
  const auto again = DecodeCommand(canonical);
  Require(again.ok());
  Require(Encode(again.value()) == canonical);
  State unborn;
  Apply(unborn, decoded.value());
  State state = SmallState();
  Apply(state, decoded.value());
  Require(State::Decode(state.Encode()).ok());
}

void FeedState(ByteView input) {
  auto decoded = State::Decode(input);
  if (!decoded.ok()) return Require(!decoded.error().message.empty());
  State state = std::move(decoded).value();
  const auto again = State::Decode(state.Encode());
  Require(again.ok());
  Require(again.value() == state);
  // It works: a control leader that finds it says what to do, and that can be done.
  if (state.applied().index > UINT64_MAX / 2 || state.settings().num_shards > 64) return;
  Planner planner({});
  Sight sight;
  for (const auto& [id, node] : state.nodes()) {
    sight.nodes[id].live = true;
    sight.safe.insert({id, node.session});
  }
  for (const Command& command : planner.Plan(state, sight, TimePoint{})) Apply(state, command);
}

}  // namespace
}  // namespace aegis::control

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace aegis;
  if (size == 0) return 0;
  const ByteView message(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] == 'c') control::FeedCommand(message);
  if (data[0] == 's') control::FeedState(message);
  return 0;
}
