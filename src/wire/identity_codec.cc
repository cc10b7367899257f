#include "wire/identity_codec.h"

#include <fmt/format.h>

#include "base/protobuf_fields.h"
#include "model/limits.h"

namespace aegis::wire {
namespace {

using protobuf::Field;
using protobuf::kFixed64;
using protobuf::kLengthDelimited;

// Field numbers of proto/client.proto.
enum class IdentityTag : protozero::pbf_tag_type { kClusterId = 1, kNodeId = 2, kName = 3 };

Identity ReadIdentity(protozero::pbf_reader from) {
  using Tag = IdentityTag;
  Identity identity;
  while (from.next()) {
    switch (from.tag_and_type()) {
      case Field(Tag::kClusterId, kFixed64):
        identity.cluster = ClusterId{from.get_fixed64()};
        break;
      case Field(Tag::kNodeId, kFixed64):
        identity.node = NodeId{from.get_fixed64()};
        break;
      case Field(Tag::kName, kLengthDelimited):
        identity.name = protobuf::ReadBytes(from);
        break;
      default:
        from.skip();
    }
  }
  return identity;
}

}  // namespace

void AppendIdentity(const Identity& identity, Bytes& out) {
  using Tag = IdentityTag;
  protobuf::FieldWriter<Tag> fields(out);
  fields.Fixed(Tag::kClusterId, identity.cluster.value());
  fields.Fixed(Tag::kNodeId, identity.node.value());
  fields.String(Tag::kName, identity.name);
}

Result<Identity> DecodeIdentity(ByteView input) {
  return protobuf::Guarded("Identity", [&] {
    Identity identity = ReadIdentity(protozero::pbf_reader(input.data(), input.size()));
    if (identity.cluster == ClusterId{}) protobuf::RefuseMalformed("an identity without a cluster");
    if (identity.node == kNoNode) protobuf::RefuseMalformed("an identity without a node");
    if (identity.name.size() > limits::kNameSizeMax) {
      protobuf::RefuseTooLarge(fmt::format("a name of {} bytes, the limit is {}",
                                           identity.name.size(), limits::kNameSizeMax));
    }
    return identity;
  });
}

}  // namespace aegis::wire
