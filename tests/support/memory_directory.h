// MemoryDirectory: a Directory in memory, for tests and simulations. It knows what is durable,
// loses the rest in a power failure, and fails on demand. Deterministic.
//
// Not thread-safe.

#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/directory.h"
#include "base/rng.h"

namespace aegis {

class MemoryDirectory : public Directory {
 public:
  using Files = std::map<std::string, Bytes>;

  explicit MemoryDirectory(std::string path = "memory") : path_(std::move(path)) {}
  // All of them durable.
  explicit MemoryDirectory(Files files, std::string path = "memory")
      : path_(std::move(path)), visible_(files), durable_(std::move(files)) {}

  const std::string& path() const override { return path_; }
  Result<std::vector<std::string>> List() override;
  Result<std::optional<Bytes>> Read(const std::string& name) override;
  Result<Ok> Append(const std::string& name, ByteView bytes) override;
  Result<Ok> Truncate(const std::string& name, std::uint64_t size) override;
  Result<Ok> Sync(const std::string& name) override;
  Result<Ok> Replace(const std::string& name, ByteView bytes) override;
  Result<Ok> Remove(const std::string& name) override;

  // The power fails: of what is not durable anything may be lost. An append is whole, cut short,
  // or has its full length and other bytes where the disk had not written yet; a truncation, a
  // creation, a replacement or a removal happened or did not.
  void Crash(Rng& rng);

  // The n-th call from now on fails, n = 0: the next one. Before it does, a share `done` of it is
  // carried out: of the bytes of an append; of all else everything from 0.5 on, but not durably.
  void FailCall(std::uint64_t n, double done = 0);
  // Whether that has happened.
  bool failed() const { return failed_; }

  std::uint64_t calls() const { return calls_; }
  const Files& files() const { return visible_; }

 private:
  enum class Failure { kNone, kUndone, kDone };
  // Counts a call and decides its fate.
  Failure BeginCall();
  Error Fail(const std::string& name, const char* what, const char* reason) const;
  // What became of replaced and removed names is durable now.
  void SettleNames();
  // A file between what is durable of it and what was seen of it, both of which exist.
  static Bytes Tear(const Bytes& durable, const Bytes& seen, Rng& rng);

  const std::string path_;
  Files visible_;
  Files durable_;
  // Replaced or removed without being durable.
  std::set<std::string> unsettled_;
  std::uint64_t calls_ = 0;
  std::optional<std::uint64_t> fail_at_;
  double done_ = 0;
  bool failed_ = false;
};

}  // namespace aegis
