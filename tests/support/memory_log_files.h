// MemoryLogFiles: LogFiles in memory, for tests and simulations: a disk that knows what is durable,
// and loses, tears and reorders the rest in a power failure, sector by sector. It fails on demand.
// Deterministic.
//
// Not thread-safe.

#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/rng.h"
#include "wal/log_files.h"

namespace aegis::wal {

class MemoryLogFiles : public LogFiles {
 public:
  using Contents = std::map<std::string, Bytes>;

  // A power failure tears writes at multiples of `sector`, and now and then within one.
  explicit MemoryLogFiles(std::size_t sector = 64) : sector_(sector) {}
  // All of them durable.
  explicit MemoryLogFiles(const Contents& contents, std::size_t sector = 64);

  const std::string& path() const override { return path_; }
  Result<std::vector<FileInfo>> List() override;
  Result<std::unique_ptr<LogFile>> Create(const std::string& name, std::uint64_t room) override;
  Result<std::unique_ptr<LogFile>> Open(const std::string& name, std::uint64_t offset) override;
  Result<std::size_t> Read(const std::string& name, std::uint64_t offset,
                           std::span<char> into) override;
  Result<Ok> Rename(const std::string& from, const std::string& to) override;
  Result<Ok> Remove(const std::string& name) override;
  Result<Ok> SyncDirectory() override;

  // The power fails: of what is not durable any part may be lost, whatever came before or after it.
  // What is open is no longer of these files.
  void Crash(Rng& rng);

  // The n-th call from now on fails, n = 0: the next one; of an append, a share `done` is carried
  // out. A sync that fails forgets what it was to write: no later one writes it.
  void FailCall(std::uint64_t n, double done = 0);
  // The same, of syncs of files alone.
  void FailSync(std::uint64_t n) { fail_sync_at_ = syncs_ + n; }
  // Whether either has happened.
  bool failed() const { return failed_; }
  void StopFailing();

  // Bytes of all files together; beyond, nothing can be written or set aside.
  void SetCapacity(std::uint64_t bytes) { capacity_ = bytes; }

  Contents contents() const;
  std::uint64_t calls() const { return calls_; }
  std::uint64_t appends() const { return appends_; }
  std::uint64_t syncs() const { return syncs_; }

 private:
  friend class MemoryLogFile;

  struct Inode {
    Bytes visible;
    Bytes durable;
    std::set<std::size_t> dirty;  // Sectors that a sync will write.
    std::set<std::size_t> lost;   // Sectors that one was to write and did not.
  };
  using Names = std::map<std::string, std::shared_ptr<Inode>>;

  bool FailsNow();
  bool SyncFailsNow();
  Error Fail(const std::string& name, const char* what, const char* reason) const;
  void MarkDirty(Inode& inode, std::size_t from, std::size_t to) const;
  bool HasRoom(std::uint64_t more) const;
  void Change(std::function<void(Names&)> change);
  void SyncInode(Inode& inode);
  void LoseWrites(Inode& inode);
  Bytes Survivor(const Inode& inode, Rng& rng) const;

  const std::string path_ = "memory";
  const std::size_t sector_;
  Names names_;
  Names durable_names_;
  std::vector<std::function<void(Names&)>> changes_;  // Of names, not durable yet.
  std::uint64_t capacity_ = UINT64_MAX;
  std::uint64_t calls_ = 0;
  std::uint64_t appends_ = 0;
  std::uint64_t syncs_ = 0;
  std::optional<std::uint64_t> fail_at_;
  std::optional<std::uint64_t> fail_sync_at_;
  double done_ = 0;
  bool failed_ = false;
};

}  // namespace aegis::wal
