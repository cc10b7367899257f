#include "wal/entry.h"

#include <gtest/gtest.h>

#include <string>

#include "base/rng.h"
#include "log_samples.h"
#include "wal/payloads.h"

namespace aegis::wal {
namespace {

constexpr LogId kLog{0x1d};

Bytes Encoded(Lsn lsn, ByteView payload, LogId log = kLog) {
  Bytes bytes;
  AppendEntry(log, {lsn, EntryType::kRecords, ShardId{3}, payload}, bytes);
  return bytes;
}

// A whole entry with this payload stands there.
bool IsEntry(Lsn lsn, const Bytes& bytes, LogId log = kLog) {
  if (bytes.size() < kEntryHeadSize) return false;
  const auto head = ReadEntryHead(log, lsn, bytes.data());
  if (!head || head->size > bytes.size()) return false;
  return IsPayloadOf(log, lsn, *head, ByteView(bytes).substr(kEntryHeadSize, head->payload_size()));
}

TEST(EntryTest, WhatIsWrittenIsRead) {
  Rng rng(1);
  for (int i = 0; i < 2000; ++i) {
    const Lsn lsn(rng.Next());
    const Bytes payload(static_cast<std::size_t>(rng.Below(700)), static_cast<char>(rng.Next()));
    const Bytes bytes = Encoded(lsn, payload);
    const auto head = ReadEntryHead(kLog, lsn, bytes.data());
    ASSERT_TRUE(head);
    EXPECT_EQ(head->size, bytes.size());
    EXPECT_EQ(head->type, EntryType::kRecords);
    EXPECT_EQ(head->shard, ShardId{3});
    EXPECT_TRUE(IsEntry(lsn, bytes));
  }
}

TEST(EntryTest, EveryFlippedBitIsSeen) {
  const Lsn lsn{1000};
  for (const Bytes& payload : {Bytes(), Bytes("x"), Bytes(100, 'y'), Bytes(300, '\0')}) {
    const Bytes bytes = Encoded(lsn, payload);
    for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
      Bytes damaged = bytes;
      damaged[bit / 8] =
          static_cast<char>(static_cast<unsigned char>(damaged[bit / 8]) ^ (1U << (bit % 8)));
      EXPECT_FALSE(IsEntry(lsn, damaged)) << "bit " << bit << " of " << bytes.size() << " bytes";
    }
  }
}

TEST(EntryTest, ElsewhereItIsNone) {
  const Bytes bytes = Encoded(Lsn{1000}, "payload");
  for (std::uint64_t lsn = 0; lsn < 3000; ++lsn) {
    EXPECT_EQ(IsEntry(Lsn{lsn}, bytes), lsn == 1000) << lsn;
  }
  EXPECT_FALSE(IsEntry(Lsn{1000}, bytes, LogId{0x1e})) << "of another log";
}

TEST(EntryTest, ASizeThatNoEntryHasIsNoHead) {
  Bytes zeros(kEntryHeadSize, '\0');
  EXPECT_FALSE(ReadEntryHead(kLog, Lsn{}, zeros.data()));
  Bytes huge = Encoded(Lsn{}, "");
  huge[3] = '\x7f';
  EXPECT_FALSE(MayBeEntryHead(huge.data()));
}

TEST(EntryTest, ItsEndIsTheNextOnesPlaceAndASealTakesNoRoom) {
  const Entry entry{Lsn{100}, EntryType::kRecords, ShardId{}, "abc"};
  EXPECT_EQ(entry.end(), Lsn{100 + kEntryHeadSize + 3});
  EXPECT_EQ((Entry{Lsn{100}, EntryType::kSealed, kNoShard, {}}).end(), Lsn{100});
}

TEST(PayloadTest, OfTwoPiecesHashesAsOfOne) {
  for (const std::size_t size : {1U, 16U, 100U, 1000U, 100'000U}) {
    const Bytes bytes(size, 'z');
    for (const std::size_t cut : {std::size_t{0}, size / 2, size}) {
      EXPECT_EQ(PayloadHash(ByteView(bytes).substr(0, cut), ByteView(bytes).substr(cut)),
                PayloadHash(bytes));
    }
  }
}

TEST(PayloadTest, WhatIsEncodedIsDecoded) {
  Rng rng(2);
  for (int i = 0; i < 500; ++i) {
    std::vector<Reign> reigns;
    for (std::uint64_t n = rng.Below(10), epoch = 0; n > 0; --n) {
      epoch += 1 + rng.Below(5);
      const Seq seq{1 + rng.Below(Version::kSeqMax / 2)};
      const Seq known = rng.Chance(0.5) ? Seq{} : Seq{seq.value() + 1};
      reigns.push_back({Epoch{static_cast<std::uint32_t>(epoch)}, Session{rng.Next()}, seq, known});
    }
    const Adoption adoption{VersionVector(reigns), Version::Unpack(rng.Next())};
    Bytes bytes;
    AppendAdoption(adoption, bytes);
    EXPECT_EQ(Require(DecodeAdoption(bytes)), adoption);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      EXPECT_FALSE(DecodeAdoption(ByteView(bytes).substr(0, size)).ok()) << size;
    }
    EXPECT_FALSE(DecodeAdoption(bytes + '\0').ok());
  }
  const Opening opening{Session{5}, {6, 7}, Durability::kWrite};
  EXPECT_EQ(Require(DecodeOpening(EncodeOpening(opening))), opening);
  EXPECT_EQ(Require(DecodeLsn(EncodeLsn(Lsn{1234}))), Lsn{1234});
}

TEST(PayloadTest, WhatCannotBeIsRefused) {
  const auto adoption_of = [](std::vector<Reign> reigns) {
    Bytes bytes;
    AppendLittleEndian(std::uint64_t{0}, bytes);
    AppendLittleEndian(static_cast<std::uint32_t>(reigns.size()), bytes);
    for (const Reign& reign : reigns) {
      AppendLittleEndian(reign.epoch.value(), bytes);
      AppendLittleEndian(reign.writer.value(), bytes);
      AppendLittleEndian(reign.seq.value(), bytes);
      AppendLittleEndian(reign.known.value(), bytes);
    }
    return DecodeAdoption(bytes);
  };
  const Reign good{Epoch{2}, Session{1}, Seq{3}, Seq{}};
  EXPECT_TRUE(adoption_of({good}).ok());
  EXPECT_FALSE(adoption_of({good, good}).ok()) << "epochs that do not ascend";
  EXPECT_FALSE(adoption_of({{Epoch{0}, Session{1}, Seq{3}, Seq{}}}).ok());
  EXPECT_FALSE(adoption_of({{Epoch{1U << 24U}, Session{1}, Seq{3}, Seq{}}}).ok());
  EXPECT_FALSE(adoption_of({{Epoch{2}, Session{1}, Seq{0}, Seq{}}}).ok());
  EXPECT_FALSE(adoption_of({{Epoch{2}, Session{1}, Seq{3}, Seq{3}}}).ok());
  EXPECT_FALSE(adoption_of(std::vector<Reign>(limits::kVersionVectorEpochsMax + 1, good)).ok());

  Bytes range;
  AppendRange({5, 4}, range);
  EXPECT_FALSE(DecodeRangeReplacement(range).ok());
  range.clear();
  AppendRange({0, HashRange::kEnd + 1}, range);
  EXPECT_FALSE(DecodeRangeReplacement(range).ok());
  Bytes opening = EncodeOpening({Session{5}, {6, 7}, Durability::kWrite});
  opening.back() = 3;
  EXPECT_FALSE(DecodeOpening(opening).ok());
}

}  // namespace
}  // namespace aegis::wal
