// proto_fields: what the codecs of commands and of the state share: parts of proto/control.proto.
//
// For this module's .cc files only. A Take...() is nothing when the part is no such thing.

#pragma once

#include <google/protobuf/message_lite.h>
#include <google/protobuf/repeated_field.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "control/command.h"
#include "model/cluster.h"
#include "model/holder.h"
#include "model/ids.h"
#include "proto/control.pb.h"

namespace aegis::control {

Error Malformed(std::string what);

// Fills `message` from all of `data`; false if it is longer than `size_max` or no such message.
bool Parse(ByteView data, std::size_t size_max, google::protobuf::MessageLite& message);

void Fill(const Holder& holder, proto::ControlHolder& out);
void Fill(const Copy& copy, proto::ControlCopy& out);
void Fill(const ClusterSettings& settings, proto::ControlBirth& out);
void Fill(const Register& registration, proto::ControlRegister& out);
void Fill(const std::vector<NodeId>& nodes, google::protobuf::RepeatedField<std::uint64_t>& out);

std::optional<ShardId> TakeShard(std::uint32_t from);
// Below Version::kEpochMax.
std::optional<Epoch> TakeEpoch(std::uint32_t from);
std::optional<Holder> TakeHolder(const proto::ControlHolder& from);
// As above, or kNobody.
std::optional<Holder> TakeHolderOrNobody(const proto::ControlHolder& from);
std::optional<Copy> TakeCopy(const proto::ControlCopy& from);
std::optional<ClusterSettings> TakeSettings(const proto::ControlBirth& from);
std::optional<Register> TakeRegister(const proto::ControlRegister& from);
// At most kCopiesMax, none of them kNoNode.
std::optional<std::vector<NodeId>> TakeNodes(
    const google::protobuf::RepeatedField<std::uint64_t>& from);

}  // namespace aegis::control
