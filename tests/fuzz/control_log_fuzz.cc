// Any directory opens as a control log that can go on, or is refused and left alone.
//
// The input: a byte, then files: size of the name u8, name, size u32, content. If the first byte is
// odd, the checksums are made right first, so that what lies behind them is reached too.

#define XXH_INLINE_ALL

#include <xxhash.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "consensus/log_store.h"
#include "invariant.h"
#include "support/memory_directory.h"

namespace aegis::consensus {
namespace {

constexpr NodeId kNode{0xa1};
constexpr std::size_t kSegment = 256;

ByteView TakeUpTo(std::size_t size, ByteView& input) {
  const ByteView taken = input.substr(0, size);
  input.remove_prefix(taken.size());
  return taken;
}

// Writes the checksum of [begin, end) to `at`.
void PutChecksum(Bytes& file, std::size_t begin, std::size_t end, std::uint64_t seed,
                 std::size_t at) {
  Bytes checksum;
  AppendBigEndian(std::uint64_t{XXH3_64bits_withSeed(file.data() + begin, end - begin, seed)},
                  checksum);
  file.replace(at, checksum.size(), checksum);
}

void SealSegment(Bytes& file) {
  constexpr std::size_t kHead = 40;
  if (file.size() < kHead) return;
  PutChecksum(file, 0, 32, 0, 32);
  const auto server = LoadBigEndian<std::uint64_t>(ByteView(file).substr(8));
  for (std::size_t at = kHead; file.size() - at >= kHead;) {
    const auto size = LoadBigEndian<std::uint64_t>(ByteView(file).substr(at + 16));
    if (size > file.size() - at - kHead) return;
    const std::size_t end = at + kHead + static_cast<std::size_t>(size);
    PutChecksum(file, at + kHead, end, 0, at + 24);
    PutChecksum(file, at, at + 32, server + at, at + 32);
    at = end;
  }
}

void Seal(Bytes& file) {
  if (file.starts_with("AGLE")) {
    SealSegment(file);
  } else if (file.size() >= 32) {
    Bytes size;
    AppendBigEndian(std::uint64_t{file.size() - 32}, size);
    file.replace(16, size.size(), size);
    PutChecksum(file, 0, file.size() - 8, 0, file.size() - 8);
  }
}

MemoryDirectory::Files ReadImage(ByteView input) {
  MemoryDirectory::Files files;
  const ByteView seal = TakeUpTo(1, input);
  while (!input.empty()) {
    const auto name_size = static_cast<unsigned char>(input.front());
    input.remove_prefix(1);
    const std::string name(TakeUpTo(name_size, input));
    const ByteView size = TakeUpTo(4, input);
    if (name.empty() || size.size() < 4) break;
    Bytes& file = files[name];
    file = TakeUpTo(LoadBigEndian<std::uint32_t>(size), input);
    if (!seal.empty() && (static_cast<unsigned char>(seal.front()) & 1U) != 0) Seal(file);
  }
  return files;
}

LogPosition CheckedEnd(const Persisted& persisted) {
  LogPosition end = persisted.snapshot.last;
  for (const Entry& entry : persisted.entries) {
    Require(entry.at.index == end.index + 1 && entry.at.term >= end.term);
    end = entry.at;
  }
  Require(end.term <= persisted.hard_state.term);
  return end;
}

void RequireSame(const Persisted& a, const Persisted& b) {
  Require(a.hard_state == b.hard_state && a.snapshot == b.snapshot && a.entries == b.entries);
}

void FuzzDirectory(ByteView input) {
  const MemoryDirectory::Files files = ReadImage(input);
  MemoryDirectory directory(files);
  auto opened = LogStore::Open(directory, kNode, kSegment);
  if (!opened.ok()) {
    Require(opened.error().code == ErrorCode::kInvalid);
    Require(opened.error().message.starts_with("memory/"));
    Require(opened.error().message.find(": offset ") != std::string::npos);
    Require(directory.files() == files);
    return;
  }
  Require(LogStore::Exists(directory).value());
  Persisted persisted = opened.value().persisted;
  const LogPosition end = CheckedEnd(persisted);

  auto again = LogStore::Open(directory, kNode, kSegment);
  Require(again.ok() && again.value().torn_bytes == 0);
  RequireSame(again.value().persisted, persisted);

  persisted.entries.push_back(
      {{end.index + 1, persisted.hard_state.term}, EntryType::kCommand, "one more"});
  Require(again.value().store->Append({persisted.entries.back()}).ok());
  again = LogStore::Open(directory, kNode, kSegment);
  Require(again.ok());
  RequireSame(again.value().persisted, persisted);
}

}  // namespace
}  // namespace aegis::consensus

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  aegis::consensus::FuzzDirectory({reinterpret_cast<const char*>(data), size});
  return 0;
}
