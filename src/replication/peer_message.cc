#include "replication/peer_message.h"

#include <protozero/pbf_message.hpp>
#include <protozero/pbf_writer.hpp>

#include "model/limits.h"

namespace aegis::replication {
namespace {

enum class Field : protozero::pbf_tag_type {
  kType = 1,
  kShard = 2,
  kEpoch = 3,
  kCopyId = 4,
  kVersion = 5,
  kReigns = 6,
  kRecords = 7,
  kClockMs = 8,
  kPressure = 9,
  kReports = 10,
  kLeaving = 11,
  kHello = 12,
};
enum class ReignField : protozero::pbf_tag_type { kEpoch = 1, kWriter = 2, kSeq = 3 };
enum class ReportField : protozero::pbf_tag_type {
  kShard = 1,
  kRole = 2,
  kEpoch = 3,
  kLeader = 4,
  kWhole = 5,
  kSettled = 6,
  kLast = 7,
};
enum class HelloField : protozero::pbf_tag_type {
  kProtocol = 1,
  kCluster = 2,
  kNode = 3,
  kSession = 4,
  kName = 5,
  kRefusal = 6,
};

template <class F>
class Writer {
 public:
  explicit Writer(Bytes& out) : pbf_(out) {}
  template <class G>
  Writer(Writer<G>& parent, G field)
      : pbf_(parent.pbf(), static_cast<protozero::pbf_tag_type>(field)) {}

  void U32(F field, std::uint32_t value) {
    if (value != 0) pbf_.add_uint32(Tag(field), value);
  }
  void U64(F field, std::uint64_t value) {
    if (value != 0) pbf_.add_uint64(Tag(field), value);
  }
  void I64(F field, std::int64_t value) {
    if (value != 0) pbf_.add_int64(Tag(field), value);
  }
  void Fixed64(F field, std::uint64_t value) {
    if (value != 0) pbf_.add_fixed64(Tag(field), value);
  }
  void Bool(F field, bool value) {
    if (value) pbf_.add_bool(Tag(field), value);
  }
  void Blob(F field, ByteView value) {
    if (!value.empty()) pbf_.add_bytes(Tag(field), value.data(), value.size());
  }
  protozero::pbf_writer& pbf() { return pbf_; }

 private:
  static protozero::pbf_tag_type Tag(F field) {
    return static_cast<protozero::pbf_tag_type>(field);
  }
  protozero::pbf_writer pbf_;
};

void WriteReign(const Reign& reign, Writer<Field>& parent) {
  Writer<ReignField> out(parent, Field::kReigns);
  out.U32(ReignField::kEpoch, reign.epoch.value());
  out.Fixed64(ReignField::kWriter, reign.writer.value());
  out.U64(ReignField::kSeq, reign.seq.value());
}

void WriteReport(const ShardReport& report, Writer<Field>& parent) {
  Writer<ReportField> out(parent, Field::kReports);
  out.U32(ReportField::kShard, report.shard.value());
  out.U32(ReportField::kRole, static_cast<std::uint32_t>(report.role));
  out.U32(ReportField::kEpoch, report.epoch.value());
  out.Fixed64(ReportField::kLeader, report.leader.value());
  out.Bool(ReportField::kWhole, report.whole);
  out.Fixed64(ReportField::kSettled, report.settled);
  out.U64(ReportField::kLast, report.last.Pack());
}

void WriteHello(const Hello& hello, Writer<Field>& parent) {
  Writer<HelloField> out(parent, Field::kHello);
  out.U32(HelloField::kProtocol, hello.protocol);
  out.Fixed64(HelloField::kCluster, hello.cluster.value());
  out.Fixed64(HelloField::kNode, hello.node.value());
  out.Fixed64(HelloField::kSession, hello.session.value());
  out.Blob(HelloField::kName, hello.name);
  out.Blob(HelloField::kRefusal, hello.refusal);
}

// protozero's get_bool() reads a byte before it looks whether there is one.
template <class Message>
bool GetBool(Message& in) {
  return in.get_uint64() != 0;
}

Reign ReadReign(protozero::pbf_message<ReignField> in) {
  Reign reign;
  while (in.next()) {
    switch (in.tag()) {
      case ReignField::kEpoch:
        reign.epoch = Epoch{in.get_uint32()};
        break;
      case ReignField::kWriter:
        reign.writer = Session{in.get_fixed64()};
        break;
      case ReignField::kSeq:
        reign.seq = Seq{in.get_uint64()};
        break;
      default:
        in.skip();
    }
  }
  return reign;
}

ShardReport ReadReport(protozero::pbf_message<ReportField> in, bool& valid) {
  ShardReport report;
  while (in.next()) {
    switch (in.tag()) {
      case ReportField::kShard:
        report.shard = ShardId{in.get_uint32()};
        break;
      case ReportField::kRole: {
        const std::uint32_t role = in.get_uint32();
        valid = valid && role <= static_cast<std::uint32_t>(ShardRole::kDraining);
        report.role = static_cast<ShardRole>(role);
        break;
      }
      case ReportField::kEpoch:
        report.epoch = Epoch{in.get_uint32()};
        break;
      case ReportField::kLeader:
        report.leader = NodeId{in.get_fixed64()};
        break;
      case ReportField::kWhole:
        report.whole = GetBool(in);
        break;
      case ReportField::kSettled:
        report.settled = in.get_fixed64();
        break;
      case ReportField::kLast:
        report.last = Version::Unpack(in.get_uint64());
        break;
      default:
        in.skip();
    }
  }
  valid = valid && report.shard.value() < limits::kShardsMax &&
          report.epoch.value() <= Version::kEpochMax;
  return report;
}

Hello ReadHello(protozero::pbf_message<HelloField> in) {
  Hello hello;
  while (in.next()) {
    switch (in.tag()) {
      case HelloField::kProtocol:
        hello.protocol = in.get_uint32();
        break;
      case HelloField::kCluster:
        hello.cluster = ClusterId{in.get_fixed64()};
        break;
      case HelloField::kNode:
        hello.node = NodeId{in.get_fixed64()};
        break;
      case HelloField::kSession:
        hello.session = Session{in.get_fixed64()};
        break;
      case HelloField::kName:
        hello.name = in.get_bytes();
        break;
      case HelloField::kRefusal:
        hello.refusal = in.get_bytes();
        break;
      default:
        in.skip();
    }
  }
  return hello;
}

bool ReignsAreValid(const std::vector<Reign>& reigns) {
  if (reigns.size() > limits::kVersionVectorEpochsMax) return false;
  for (std::size_t i = 0; i < reigns.size(); ++i) {
    const Reign& reign = reigns[i];
    if (reign.epoch == Epoch{} || reign.epoch.value() > Version::kEpochMax) return false;
    if (reign.seq == Seq{} || reign.seq.value() > Version::kSeqMax) return false;
    if (i > 0 && reigns[i - 1].epoch >= reign.epoch) return false;
  }
  return true;
}

// Throws protozero::exception on broken bytes. False: well-formed, but not a message of ours.
bool ReadMessage(protozero::pbf_message<Field> in, PeerMessage& message) {
  bool valid = true;
  std::uint32_t type = 0;
  while (in.next()) {
    switch (in.tag()) {
      case Field::kType:
        type = in.get_uint32();
        break;
      case Field::kShard:
        message.shard = ShardId{in.get_uint32()};
        break;
      case Field::kEpoch:
        message.epoch = Epoch{in.get_uint32()};
        break;
      case Field::kCopyId:
        message.copy_id = in.get_uint64();
        break;
      case Field::kVersion:
        message.version = Version::Unpack(in.get_uint64());
        break;
      case Field::kReigns:
        message.reigns.push_back(ReadReign(in.get_message()));
        break;
      case Field::kRecords: {
        const protozero::data_view view = in.get_view();
        message.records = {view.data(), view.size()};
        break;
      }
      case Field::kClockMs:
        message.clock_ms = in.get_int64();
        break;
      case Field::kPressure:
        message.pressure = GetBool(in);
        break;
      case Field::kReports:
        message.reports.push_back(ReadReport(in.get_message(), valid));
        break;
      case Field::kLeaving:
        message.leaving = GetBool(in);
        break;
      case Field::kHello:
        message.hello = ReadHello(in.get_message());
        break;
      default:
        in.skip();
    }
  }
  if (type < static_cast<std::uint32_t>(PeerMessageType::kHello) ||
      type > static_cast<std::uint32_t>(PeerMessageType::kHandOver)) {
    return false;
  }
  message.type = static_cast<PeerMessageType>(type);
  if (message.type == PeerMessageType::kHello && !message.hello) return false;
  return valid && message.shard.value() < limits::kShardsMax &&
         message.epoch.value() <= Version::kEpochMax && ReignsAreValid(message.reigns);
}

}  // namespace

void AppendPeerFrame(const PeerMessage& message, Bytes& out) {
  const std::size_t start = out.size();
  out.append(sizeof(std::uint32_t), '\0');
  {
    Writer<Field> writer(out);
    writer.U32(Field::kType, static_cast<std::uint32_t>(message.type));
    writer.U32(Field::kShard, message.shard.value());
    writer.U32(Field::kEpoch, message.epoch.value());
    writer.U64(Field::kCopyId, message.copy_id);
    writer.U64(Field::kVersion, message.version.Pack());
    for (const Reign& reign : message.reigns) WriteReign(reign, writer);
    writer.Blob(Field::kRecords, message.records);
    writer.I64(Field::kClockMs, message.clock_ms);
    writer.Bool(Field::kPressure, message.pressure);
    for (const ShardReport& report : message.reports) WriteReport(report, writer);
    writer.Bool(Field::kLeaving, message.leaving);
    if (message.hello) WriteHello(*message.hello, writer);
  }
  Bytes length;
  AppendBigEndian(static_cast<std::uint32_t>(out.size() - start - sizeof(std::uint32_t)), length);
  out.replace(start, length.size(), length);
}

Result<PeerMessage> DecodePeerMessage(ByteView payload) {
  PeerMessage message;
  try {
    const protozero::data_view view(payload.data(), payload.size());
    if (ReadMessage(protozero::pbf_message<Field>(view), message)) return message;
  } catch (const protozero::exception& broken) {
    return Error{ErrorCode::kMalformed, std::string("peer message: ") + broken.what()};
  }
  return Error{ErrorCode::kMalformed, "peer message: a field is out of its range"};
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
