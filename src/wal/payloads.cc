#include "wal/payloads.h"

#include <utility>
#include <vector>

#include "model/limits.h"

namespace aegis::wal {
namespace {

Error Malformed(const char* why) { return {ErrorCode::kMalformed, why}; }

Result<Reign> TakeReign(Fields& fields) {
  const auto epoch = fields.Take<std::uint32_t>();
  const auto writer = fields.Take<std::uint64_t>();
  const auto seq = fields.Take<std::uint64_t>();
  const auto known = fields.Take<std::uint64_t>();
  if (epoch == 0 || epoch > Version::kEpochMax) return Malformed("a reign without an epoch");
  if (seq == 0 || seq > Version::kSeqMax) return Malformed("a reign without a record");
  if (known != 0 && (known <= seq || known > Version::kSeqMax)) {
    return Malformed("a reign of which less is known than there is");
  }
  return Reign{Epoch{epoch}, Session{writer}, Seq{seq}, Seq{known}};
}

}  // namespace

void AppendAdoption(const Adoption& adoption, Bytes& out) {
  AppendLittleEndian(adoption.vanished.Pack(), out);
  AppendLittleEndian(static_cast<std::uint32_t>(adoption.history.reigns().size()), out);
  for (const Reign& reign : adoption.history.reigns()) {
    AppendLittleEndian(reign.epoch.value(), out);
    AppendLittleEndian(reign.writer.value(), out);
    AppendLittleEndian(reign.seq.value(), out);
    AppendLittleEndian(reign.known.value(), out);
  }
}

Result<Adoption> TakeAdoption(Fields& fields) {
  Adoption adoption;
  adoption.vanished = Version::Unpack(fields.Take<std::uint64_t>());
  const auto count = fields.Take<std::uint32_t>();
  if (fields.failed()) return Malformed("a history that is cut short");
  if (count > limits::kVersionVectorEpochsMax) return Malformed("a history of too many reigns");
  std::vector<Reign> reigns;
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto reign = TakeReign(fields);
    if (!reign.ok()) return reign.error();
    if (!reigns.empty() && reign.value().epoch <= reigns.back().epoch) {
      return Malformed("reigns out of order");
    }
    reigns.push_back(reign.value());
  }
  adoption.history = VersionVector(std::move(reigns));
  return adoption;
}

Result<Adoption> DecodeAdoption(ByteView payload) {
  Fields fields(payload);
  auto adoption = TakeAdoption(fields);
  if (adoption.ok() && !fields.Finished()) return Malformed("more than a history");
  return adoption;
}

void AppendRange(HashRange range, Bytes& out) {
  AppendLittleEndian(range.begin, out);
  AppendLittleEndian(range.end, out);
}

Result<RangeReplacement> DecodeRangeReplacement(ByteView payload) {
  Fields fields(payload);
  RangeReplacement replacement;
  replacement.range.begin = fields.Take<std::uint64_t>();
  replacement.range.end = fields.Take<std::uint64_t>();
  replacement.records = fields.rest();
  if (fields.failed() || !replacement.range.IsSound()) return Malformed("no range of hashes");
  return replacement;
}

Bytes EncodeOpening(const Opening& opening) {
  Bytes payload;
  AppendLittleEndian(opening.session.value(), payload);
  AppendLittleEndian(opening.boot.high, payload);
  AppendLittleEndian(opening.boot.low, payload);
  AppendLittleEndian(static_cast<std::uint8_t>(opening.durability), payload);
  return payload;
}

Result<Opening> DecodeOpening(ByteView payload) {
  Fields fields(payload);
  Opening opening;
  opening.session = Session{fields.Take<std::uint64_t>()};
  opening.boot.high = fields.Take<std::uint64_t>();
  opening.boot.low = fields.Take<std::uint64_t>();
  const auto durability = fields.Take<std::uint8_t>();
  opening.durability = static_cast<Durability>(durability);
  const bool known =
      opening.durability == Durability::kWrite || opening.durability == Durability::kFsync;
  if (!fields.Finished() || !known) return Malformed("no opening");
  return opening;
}

Bytes EncodeLsn(Lsn lsn) {
  Bytes payload;
  AppendLittleEndian(lsn.value(), payload);
  return payload;
}

Result<Lsn> DecodeLsn(ByteView payload) {
  Fields fields(payload);
  const Lsn lsn(fields.Take<std::uint64_t>());
  if (!fields.Finished()) return Malformed("no place in the log");
  return lsn;
}

}  // namespace aegis::wal
