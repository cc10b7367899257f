#include "replication/peer_message.h"

#include <fmt/format.h>

#include "base/protobuf_fields.h"
#include "model/limits.h"

namespace aegis::replication {
namespace {

using protobuf::Field;
using protobuf::FieldWriter;
using protobuf::Guarded;
using protobuf::kFixed64;
using protobuf::kLengthDelimited;
using protobuf::kVarint;
using protobuf::ReadBool;
using protobuf::ReadBytes;
using protobuf::ReadEnum;
using protobuf::ReadU32;
using protobuf::RefuseMalformed;
using protozero::pbf_reader;

// Field numbers of proto/peer.proto.
enum class MessageTag : protozero::pbf_tag_type {
  kType = 1,
  kShard = 2,
  kEpoch = 3,
  kCopyId = 4,
  kVersion = 5,
  kReigns = 6,
  kRecords = 7,
  kClockMs = 8,
  kPressure = 9,
  kHello = 12,
  kCommitted = 13,
  kRound = 14,
  kChange = 15,
  kNewest = 16,
  kQuorumUsed = 17,
  kRoot = 20,
  kContent = 21,
  kRanges = 22,
  kSums = 23,
  kLast = 24,
};
enum class ReignTag : protozero::pbf_tag_type { kEpoch = 1, kWriter = 2, kSeq = 3, kKnown = 4 };
enum class RangeTag : protozero::pbf_tag_type { kBegin = 1, kEnd = 2 };
enum class HelloTag : protozero::pbf_tag_type {
  kProtocol = 1,
  kCluster = 2,
  kNode = 3,
  kSession = 4,
  kName = 5,
  kRefusal = 6,
  kMemory = 7,
};

void WriteReign(const Reign& reign, Bytes& out) {
  using Tag = ReignTag;
  FieldWriter<Tag> fields(out);
  fields.Unsigned(Tag::kEpoch, reign.epoch.value());
  fields.Fixed(Tag::kWriter, reign.writer.value());
  fields.Unsigned(Tag::kSeq, reign.seq.value());
  fields.Unsigned(Tag::kKnown, reign.known.value());
}

void WriteRange(const HashRange& range, Bytes& out) {
  using Tag = RangeTag;
  FieldWriter<Tag> fields(out);
  fields.Unsigned(Tag::kBegin, range.begin);
  fields.Unsigned(Tag::kEnd, range.end);
}

void WriteHello(const Hello& hello, Bytes& out) {
  using Tag = HelloTag;
  FieldWriter<Tag> fields(out);
  fields.Unsigned(Tag::kProtocol, hello.protocol);
  fields.Fixed(Tag::kCluster, hello.cluster.value());
  fields.Fixed(Tag::kNode, hello.node.value());
  fields.Fixed(Tag::kSession, hello.session.value());
  fields.String(Tag::kName, hello.name);
  fields.String(Tag::kRefusal, hello.refusal);
  fields.Fixed(Tag::kMemory, hello.memory.value());
}

Epoch ReadEpoch(pbf_reader& from) {
  const std::uint64_t epoch = from.get_uint64();
  if (epoch > Version::kEpochMax) RefuseMalformed(fmt::format("epoch {}", epoch));
  return Epoch{static_cast<std::uint32_t>(epoch)};
}

ShardId ReadShard(pbf_reader& from) {
  const std::uint64_t shard = from.get_uint64();
  if (shard >= limits::kShardsMax) RefuseMalformed(fmt::format("shard {}", shard));
  return ShardId{static_cast<std::uint32_t>(shard)};
}

Reign ReadReign(pbf_reader from) {
  using Tag = ReignTag;
  Reign reign;
  while (from.next()) {
    switch (from.tag_and_type()) {
      case Field(Tag::kEpoch, kVarint):
        reign.epoch = ReadEpoch(from);
        break;
      case Field(Tag::kWriter, kFixed64):
        reign.writer = Session{from.get_fixed64()};
        break;
      case Field(Tag::kSeq, kVarint):
        reign.seq = Seq{from.get_uint64()};
        break;
      case Field(Tag::kKnown, kVarint):
        reign.known = Seq{from.get_uint64()};
        break;
      default:
        from.skip();
    }
  }
  return reign;
}

HashRange ReadRange(pbf_reader from) {
  using Tag = RangeTag;
  HashRange range{0, 0};
  while (from.next()) {
    switch (from.tag_and_type()) {
      case Field(Tag::kBegin, kVarint):
        range.begin = from.get_uint64();
        break;
      case Field(Tag::kEnd, kVarint):
        range.end = from.get_uint64();
        break;
      default:
        from.skip();
    }
  }
  return range;
}

PeerMessageType ReadType(pbf_reader& from) {
  using Type = PeerMessageType;
  const Type type = ReadEnum(from, "a type", Type::kHello, Type::kDigestRepair);
  if (type > Type::kTail && type < Type::kDigest) {
    RefuseMalformed(fmt::format("no such type: {}", static_cast<int>(type)));
  }
  return type;
}

Hello ReadHello(pbf_reader from) {
  using Tag = HelloTag;
  Hello hello;
  while (from.next()) {
    switch (from.tag_and_type()) {
      case Field(Tag::kProtocol, kVarint):
        hello.protocol = ReadU32(from);
        break;
      case Field(Tag::kCluster, kFixed64):
        hello.cluster = ClusterId{from.get_fixed64()};
        break;
      case Field(Tag::kNode, kFixed64):
        hello.node = NodeId{from.get_fixed64()};
        break;
      case Field(Tag::kSession, kFixed64):
        hello.session = Session{from.get_fixed64()};
        break;
      case Field(Tag::kMemory, kFixed64):
        hello.memory = Session{from.get_fixed64()};
        break;
      case Field(Tag::kName, kLengthDelimited):
        hello.name = ReadBytes(from);
        break;
      case Field(Tag::kRefusal, kLengthDelimited):
        hello.refusal = ReadBytes(from);
        break;
      default:
        from.skip();
    }
  }
  return hello;
}

void CheckReigns(const std::vector<Reign>& reigns) {
  if (reigns.size() > limits::kVersionVectorEpochsMax) RefuseMalformed("too many reigns");
  Epoch before;
  for (const Reign& reign : reigns) {
    if (reign.epoch <= before) RefuseMalformed("reigns out of order");
    if (reign.seq == Seq{} || reign.seq.value() > Version::kSeqMax) {
      RefuseMalformed(fmt::format("a reign that ends at seq {}", reign.seq.value()));
    }
    if (reign.known != Seq{} &&
        (reign.known <= reign.seq || reign.known.value() > Version::kSeqMax)) {
      RefuseMalformed(fmt::format("a reign of which seq {} is known", reign.known.value()));
    }
    before = reign.epoch;
  }
}

// The ranges and sums of messages about digests; others have none.
void CheckDigests(const PeerMessage& message) {
  if (message.ranges.size() > limits::kDigestRangesMax) RefuseMalformed("too many ranges");
  for (const HashRange& range : message.ranges) {
    if (!range.IsSound()) RefuseMalformed("a range of hashes without any");
  }
  if (message.sums.size() > limits::kDigestBucketsMax) RefuseMalformed("too many sums");
  const bool from_leader = message.type == PeerMessageType::kDigest ||
                           message.type == PeerMessageType::kDigestSums ||
                           message.type == PeerMessageType::kDigestRepair;
  if (from_leader && message.reigns.size() != 1) RefuseMalformed("a digest of no position");
  const bool of_a_range = from_leader && message.type != PeerMessageType::kDigestSums;
  if (of_a_range && message.ranges.size() != 1) RefuseMalformed("not one range");
}

void ReadMessage(pbf_reader from, PeerMessage& message) {
  using Tag = MessageTag;
  message = {};
  bool typed = false;
  while (from.next()) {
    switch (from.tag_and_type()) {
      case Field(Tag::kType, kVarint):
        message.type = ReadType(from);
        typed = true;
        break;
      case Field(Tag::kShard, kVarint):
        message.shard = ReadShard(from);
        break;
      case Field(Tag::kEpoch, kVarint):
        message.epoch = ReadEpoch(from);
        break;
      case Field(Tag::kCopyId, kVarint):
        message.copy_id = from.get_uint64();
        break;
      case Field(Tag::kVersion, kVarint):
        message.version = Version::Unpack(from.get_uint64());
        break;
      case Field(Tag::kReigns, kLengthDelimited):
        message.reigns.push_back(ReadReign(from.get_message()));
        break;
      case Field(Tag::kRecords, kLengthDelimited):
        message.records = ReadBytes(from);
        break;
      case Field(Tag::kClockMs, kVarint):
        message.clock_ms = from.get_int64();
        if (message.clock_ms < 0 || message.clock_ms > limits::kUnixMsMax) {
          RefuseMalformed(fmt::format("a wall clock at {} ms", message.clock_ms));
        }
        break;
      case Field(Tag::kPressure, kVarint):
        message.pressure = ReadBool(from);
        break;
      case Field(Tag::kHello, kLengthDelimited):
        message.hello = ReadHello(from.get_message());
        break;
      case Field(Tag::kCommitted, kVarint):
        message.committed = Version::Unpack(from.get_uint64());
        break;
      case Field(Tag::kNewest, kVarint):
        message.newest = Version::Unpack(from.get_uint64());
        break;
      case Field(Tag::kRound, kVarint):
        message.round = from.get_uint64();
        break;
      case Field(Tag::kChange, kVarint):
        message.change = ReadU32(from);
        break;
      case Field(Tag::kQuorumUsed, kVarint):
        message.quorum_used = ReadBool(from);
        break;
      case Field(Tag::kRoot, kFixed64):
        message.root = from.get_fixed64();
        break;
      case Field(Tag::kContent, kFixed64):
        message.content = from.get_fixed64();
        break;
      case Field(Tag::kRanges, kLengthDelimited):
        message.ranges.push_back(ReadRange(from.get_message()));
        break;
      case Field(Tag::kSums, kLengthDelimited): {
        const auto sums = from.get_packed_fixed64();
        message.sums.insert(message.sums.end(), sums.begin(), sums.end());
        break;
      }
      case Field(Tag::kLast, kVarint):
        message.last = ReadBool(from);
        break;
      default:
        from.skip();
    }
  }
  if (!typed) RefuseMalformed("a message without a type");
  if (message.type == PeerMessageType::kHello && !message.hello) RefuseMalformed("an empty hello");
  CheckReigns(message.reigns);
  CheckDigests(message);
}

}  // namespace

void AppendPeerFrame(const PeerMessage& message, OutgoingTail tail) {
  using Tag = MessageTag;
  Bytes& out = tail.bytes();
  const std::size_t start = out.size();
  out.append(sizeof(std::uint32_t), '\0');
  FieldWriter<Tag> fields(out);
  fields.Enumerator(Tag::kType, message.type);
  fields.Unsigned(Tag::kShard, message.shard.value());
  fields.Unsigned(Tag::kEpoch, message.epoch.value());
  fields.Unsigned(Tag::kCopyId, message.copy_id);
  fields.Unsigned(Tag::kVersion, message.version.Pack());
  for (const Reign& reign : message.reigns) {
    fields.Message(Tag::kReigns, [&](Bytes& to) { WriteReign(reign, to); });
  }
  fields.Unsigned(Tag::kClockMs, static_cast<std::uint64_t>(message.clock_ms));
  fields.Bool(Tag::kPressure, message.pressure);
  if (message.hello) {
    fields.Message(Tag::kHello, [&](Bytes& to) { WriteHello(*message.hello, to); });
  }
  fields.Unsigned(Tag::kCommitted, message.committed.Pack());
  fields.Unsigned(Tag::kRound, message.round);
  fields.Unsigned(Tag::kChange, message.change);
  fields.Unsigned(Tag::kNewest, message.newest.Pack());
  fields.Bool(Tag::kQuorumUsed, message.quorum_used);
  fields.Fixed(Tag::kRoot, message.root);
  fields.Fixed(Tag::kContent, message.content);
  for (const HashRange& range : message.ranges) {
    fields.Message(Tag::kRanges, [&](Bytes& to) { WriteRange(range, to); });
  }
  fields.PackedFixed(Tag::kSums, message.sums);
  fields.Bool(Tag::kLast, message.last);
  // Last, because the end of them may lie elsewhere.
  const std::size_t records = message.records.size() + message.records_end.size();
  if (records > 0) fields.StringHead(Tag::kRecords, records);
  out.append(message.records);
  Bytes length;
  AppendBigEndian(static_cast<std::uint32_t>(out.size() + message.records_end.size() - start -
                                             sizeof(std::uint32_t)),
                  length);
  out.replace(start, length.size(), length);
  tail.Append(message.records_end, message.block);
}

Result<Ok> DecodePeerMessage(ByteView payload, PeerMessage& message) {
  return Guarded("peer", [&] {
    ReadMessage(pbf_reader(payload.data(), payload.size()), message);
    return Ok{};
  });
}

Result<PeerMessage> DecodePeerMessage(ByteView payload) {
  PeerMessage message;
  const auto decoded = DecodePeerMessage(payload, message);
  if (!decoded.ok()) return decoded.error();
  return message;
}

Result<std::size_t> PeerFrameSize(ByteView input) {
  if (input.size() < sizeof(std::uint32_t)) return std::size_t{0};
  const std::size_t length = LoadBigEndian<std::uint32_t>(input);
  if (length > limits::kPeerFrameSizeMax) {
    return Error{ErrorCode::kTooLarge, "peer frame of " + std::to_string(length) + " bytes"};
  }
  return length + sizeof(std::uint32_t);
}

}  // namespace aegis::replication
