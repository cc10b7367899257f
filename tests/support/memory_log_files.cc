#include "support/memory_log_files.h"

#include <algorithm>
#include <utility>

namespace aegis::wal {

class MemoryLogFile : public LogFile {
 public:
  MemoryLogFile(MemoryLogFiles& files, std::string name,
                std::shared_ptr<MemoryLogFiles::Inode> inode, std::uint64_t offset)
      : files_(files), name_(std::move(name)), inode_(std::move(inode)), offset_(offset) {}

  Result<Ok> Append(std::span<const ByteView> pieces) override;
  Result<Ok> Sync() override;
  Result<Ok> Cut(std::uint64_t room) override;

 private:
  void Write(ByteView bytes);

  MemoryLogFiles& files_;
  const std::string name_;
  const std::shared_ptr<MemoryLogFiles::Inode> inode_;
  std::uint64_t offset_;
};

void MemoryLogFile::Write(ByteView bytes) {
  const auto from = static_cast<std::size_t>(offset_);
  if (inode_->visible.size() < from + bytes.size()) inode_->visible.resize(from + bytes.size());
  inode_->visible.replace(from, bytes.size(), bytes);
  files_.MarkDirty(*inode_, from, from + bytes.size());
  offset_ += bytes.size();
}

Result<Ok> MemoryLogFile::Append(std::span<const ByteView> pieces) {
  ++files_.appends_;
  Bytes all;
  for (const ByteView piece : pieces) all.append(piece);
  if (files_.FailsNow()) {
    all.resize(static_cast<std::size_t>(files_.done_ * static_cast<double>(all.size())));
    Write(all);
    return files_.Fail(name_, "written", "Input/output error");
  }
  // What fits is written.
  const std::uint64_t end = offset_ + all.size();
  const std::uint64_t more = end - std::min<std::uint64_t>(end, inode_->visible.size());
  if (!files_.HasRoom(more)) {
    all.resize(all.size() / 2);
    if (files_.HasRoom(more / 2)) Write(all);
    return files_.Fail(name_, "written", "No space left on device");
  }
  Write(all);
  return Ok{};
}

Result<Ok> MemoryLogFile::Sync() {
  const bool fails = files_.FailsNow();
  if (files_.SyncFailsNow() || fails) {
    files_.LoseWrites(*inode_);
    return files_.Fail(name_, "synced", "Input/output error");
  }
  files_.SyncInode(*inode_);
  return Ok{};
}

Result<Ok> MemoryLogFile::Cut(std::uint64_t room) {
  if (files_.FailsNow()) return files_.Fail(name_, "cut", "Input/output error");
  const auto from = static_cast<std::size_t>(offset_);
  const std::size_t before = inode_->visible.size();
  inode_->visible.resize(from);
  const bool fits = files_.HasRoom(room);
  if (fits) inode_->visible.resize(from + static_cast<std::size_t>(room));
  files_.MarkDirty(*inode_, from, std::max(before, inode_->visible.size()));
  if (!fits) return files_.Fail(name_, "given room", "No space left on device");
  return Ok{};
}

MemoryLogFiles::MemoryLogFiles(const Contents& contents, std::size_t sector) : sector_(sector) {
  for (const auto& [name, bytes] : contents) {
    names_[name] = std::make_shared<Inode>(Inode{bytes, bytes, {}, {}});
  }
  durable_names_ = names_;
}

bool MemoryLogFiles::FailsNow() {
  if (calls_++ != fail_at_) return false;
  failed_ = true;
  return true;
}

bool MemoryLogFiles::SyncFailsNow() {
  if (syncs_++ != fail_sync_at_) return false;
  failed_ = true;
  return true;
}

Error MemoryLogFiles::Fail(const std::string& name, const char* what, const char* reason) const {
  return {ErrorCode::kUnavailable,
          path_ + (name.empty() ? "" : "/" + name) + ": cannot be " + what + ": " + reason};
}

void MemoryLogFiles::FailCall(std::uint64_t n, double done) {
  fail_at_ = calls_ + n;
  done_ = done;
}

void MemoryLogFiles::StopFailing() {
  fail_at_.reset();
  fail_sync_at_.reset();
  failed_ = false;
  capacity_ = UINT64_MAX;
}

void MemoryLogFiles::MarkDirty(Inode& inode, std::size_t from, std::size_t to) const {
  for (std::size_t sector = from / sector_; sector * sector_ < to; ++sector) {
    inode.dirty.insert(sector);
    inode.lost.erase(sector);
  }
}

bool MemoryLogFiles::HasRoom(std::uint64_t more) const {
  std::uint64_t used = 0;
  for (const auto& [name, inode] : names_) used += inode->visible.size();
  return used <= capacity_ && more <= capacity_ - used;
}

void MemoryLogFiles::Change(std::function<void(Names&)> change) {
  change(names_);
  changes_.push_back(std::move(change));
}

void MemoryLogFiles::SyncInode(Inode& inode) {
  Bytes durable = inode.visible;
  for (const std::size_t sector : inode.lost) {
    for (std::size_t at = sector * sector_; at < (sector + 1) * sector_; ++at) {
      if (at < durable.size()) durable[at] = at < inode.durable.size() ? inode.durable[at] : '\0';
    }
  }
  inode.durable = std::move(durable);
  inode.dirty.clear();
}

void MemoryLogFiles::LoseWrites(Inode& inode) { inode.lost.merge(inode.dirty); }

Result<std::vector<FileInfo>> MemoryLogFiles::List() {
  if (FailsNow()) return Fail("", "listed", "Input/output error");
  std::vector<FileInfo> files;
  for (const auto& [name, inode] : names_) files.push_back({name, inode->visible.size()});
  return files;
}

Result<std::unique_ptr<LogFile>> MemoryLogFiles::Create(const std::string& name,
                                                        std::uint64_t room) {
  if (FailsNow()) return Fail(name, "created", "Input/output error");
  const auto inode = std::make_shared<Inode>();
  Change([name, inode](Names& names) { names[name] = inode; });
  if (!HasRoom(room)) return Fail(name, "given room", "No space left on device");
  inode->visible.resize(static_cast<std::size_t>(room));
  MarkDirty(*inode, 0, inode->visible.size());
  return std::unique_ptr<LogFile>(std::make_unique<MemoryLogFile>(*this, name, inode, 0));
}

Result<std::unique_ptr<LogFile>> MemoryLogFiles::Open(const std::string& name,
                                                      std::uint64_t offset) {
  const auto found = names_.find(name);
  if (FailsNow()) return Fail(name, "opened", "Input/output error");
  if (found == names_.end()) return Fail(name, "opened", "No such file or directory");
  return std::unique_ptr<LogFile>(
      std::make_unique<MemoryLogFile>(*this, name, found->second, offset));
}

Result<std::size_t> MemoryLogFiles::Read(const std::string& name, std::uint64_t offset,
                                         std::span<char> into) {
  const auto found = names_.find(name);
  if (FailsNow()) return Fail(name, "read", "Input/output error");
  if (found == names_.end()) return Fail(name, "opened", "No such file or directory");
  const Bytes& bytes = found->second->visible;
  if (offset >= bytes.size()) return std::size_t{0};
  return bytes.copy(into.data(), into.size(), static_cast<std::size_t>(offset));
}

Result<Ok> MemoryLogFiles::Rename(const std::string& from, const std::string& to) {
  const auto found = names_.find(from);
  if (FailsNow()) return Fail(from, "renamed", "Input/output error");
  if (found == names_.end()) return Fail(from, "renamed", "No such file or directory");
  Change([from, to, inode = found->second](Names& names) {
    names.erase(from);
    names[to] = inode;
  });
  return Ok{};
}

Result<Ok> MemoryLogFiles::Remove(const std::string& name) {
  if (FailsNow()) return Fail(name, "removed", "Input/output error");
  Change([name](Names& names) { names.erase(name); });
  return Ok{};
}

Result<Ok> MemoryLogFiles::SyncDirectory() {
  if (FailsNow()) return Fail("", "synced", "Input/output error");
  durable_names_ = names_;
  changes_.clear();
  return Ok{};
}

Bytes MemoryLogFiles::Survivor(const Inode& inode, Rng& rng) const {
  const bool new_size = rng.Chance(0.5);
  Bytes bytes = inode.durable;
  bytes.resize(new_size ? inode.visible.size() : inode.durable.size());
  for (const std::size_t sector : inode.dirty) {
    const std::size_t from = sector * sector_;
    const std::size_t to = std::min({from + sector_, bytes.size(), inode.visible.size()});
    if (from >= to || rng.Chance(0.5)) continue;  // Lost.
    const std::size_t whole = to - from;
    const std::size_t size = rng.Chance(0.1) ? static_cast<std::size_t>(rng.Below(whole)) : whole;
    bytes.replace(from, size, inode.visible, from, size);
  }
  return bytes;
}

void MemoryLogFiles::Crash(Rng& rng) {
  Names names = durable_names_;
  const double kept = rng.Unit();
  for (const auto& change : changes_) {
    if (rng.Chance(kept)) change(names);
  }
  changes_.clear();
  for (auto& [name, inode] : names) {
    const Bytes bytes = Survivor(*inode, rng);
    inode = std::make_shared<Inode>(Inode{bytes, bytes, {}, {}});
  }
  names_ = names;
  durable_names_ = std::move(names);
}

MemoryLogFiles::Contents MemoryLogFiles::contents() const {
  Contents contents;
  for (const auto& [name, inode] : names_) contents[name] = inode->visible;
  return contents;
}

}  // namespace aegis::wal
