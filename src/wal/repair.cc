#include "wal/repair.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "wal/file_head.h"

namespace aegis::wal {
namespace {

class Surgeon {
 public:
  Surgeon(LogFiles& files, const RepairPlan& plan) : files_(files), plan_(plan) {}

  Result<std::vector<SetAside>> Run() {
    const auto listed = files_.List();
    if (!listed.ok()) return listed.error();
    for (const FileInfo& file : listed.value()) names_.push_back(file.name);
    if (plan_.newest) {
      if (auto done = CutSegment(*plan_.newest); !done.ok()) return done.error();
    }
    for (const std::string& name : plan_.set_aside) {
      const std::string aside = NameAside(name);
      if (auto done = files_.Rename(name, aside); !done.ok()) return done.error();
      asides_.push_back({name, aside});
    }
    if (auto done = files_.SyncDirectory(); !done.ok()) return done.error();
    if (std::ranges::count(names_, kManifestName) != 0) {
      auto done = CopyAside(kManifestName);
      if (!done.ok()) return done.error();
    }
    auto done = ReplaceFile(files_, kManifestName, EncodeManifest(plan_.manifest));
    if (!done.ok()) return done.error();
    return std::move(asides_);
  }

 private:
  // The first name of this form that is free.
  std::string NameAside(const std::string& name) {
    for (int i = 1;; ++i) {
      std::string aside = fmt::format("{}.aside-{}", name, i);
      if (std::ranges::count(names_, aside) != 0) continue;
      names_.push_back(aside);
      return aside;
    }
  }

  Result<Ok> CopyAside(const std::string& name) {
    const std::string aside = NameAside(name);
    auto to = files_.Create(aside, /*room=*/0);
    if (!to.ok()) return to.error();
    if (auto done = Copy(name, 0, ~std::uint64_t{0}, *to.value()); !done.ok()) return done;
    if (auto done = to.value()->Sync(); !done.ok()) return done;
    asides_.push_back({name, aside});
    return files_.SyncDirectory();
  }

  // Also of one that is to be empty, and whose head cannot be read.
  Result<Ok> CutSegment(const SegmentFile& segment) {
    const std::string name = SegmentName(segment.first);
    if (auto done = CopyAside(name); !done.ok()) return done;
    const std::string draft = DraftName(name);
    auto to = files_.Create(draft, /*room=*/0);
    if (!to.ok()) return to.error();
    const Bytes head = EncodeSegmentHead(plan_.manifest.identity, segment.first);
    if (auto done = to.value()->Append(std::array{ByteView(head)}); !done.ok()) return done;
    auto copied = Copy(name, kSegmentHeadSize, segment.size, *to.value());
    if (!copied.ok()) return copied;
    if (auto done = to.value()->Sync(); !done.ok()) return done;
    return files_.Rename(draft, name);
  }

  // The bytes of `name` from `from` to `to`, or to its end.
  Result<Ok> Copy(const std::string& name, std::uint64_t from, std::uint64_t to, LogFile& file) {
    constexpr std::uint64_t kPiece = 1 << 20;
    Bytes piece;
    while (from < to) {
      piece.resize(static_cast<std::size_t>(std::min(kPiece, to - from)));
      const auto read = files_.Read(name, from, {piece.data(), piece.size()});
      if (!read.ok()) return read.error();
      const bool ends = read.value() < piece.size();
      piece.resize(read.value());
      if (auto done = file.Append(std::array{ByteView(piece)}); !done.ok()) return done;
      if (ends) return Ok{};
      from += piece.size();
    }
    return Ok{};
  }

  LogFiles& files_;
  const RepairPlan& plan_;
  std::vector<std::string> names_;
  std::vector<SetAside> asides_;
};

}  // namespace

Result<std::vector<SetAside>> CarryOut(LogFiles& files, const RepairPlan& plan) {
  return Surgeon(files, plan).Run();
}

}  // namespace aegis::wal
