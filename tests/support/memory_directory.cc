#include "support/memory_directory.h"

#include <algorithm>
#include <utility>

namespace aegis {

MemoryDirectory::Failure MemoryDirectory::BeginCall() {
  if (calls_++ != fail_at_) return Failure::kNone;
  failed_ = true;
  return done_ < 0.5 ? Failure::kUndone : Failure::kDone;
}

Error MemoryDirectory::Fail(const std::string& name, const char* what, const char* reason) const {
  return {ErrorCode::kUnavailable,
          path_ + (name.empty() ? "" : "/" + name) + ": cannot be " + what + ": " + reason};
}

void MemoryDirectory::FailCall(std::uint64_t n, double done) {
  fail_at_ = calls_ + n;
  done_ = done;
  failed_ = false;
}

void MemoryDirectory::SettleNames() {
  for (const std::string& name : std::exchange(unsettled_, {})) {
    if (const auto file = visible_.find(name); file != visible_.end()) {
      durable_[name] = file->second;
    } else {
      durable_.erase(name);
    }
  }
}

Result<std::vector<std::string>> MemoryDirectory::List() {
  if (BeginCall() != Failure::kNone) return Fail("", "listed", "Input/output error");
  std::vector<std::string> names;
  for (const auto& [name, bytes] : visible_) names.push_back(name);
  return names;
}

Result<std::optional<Bytes>> MemoryDirectory::Read(const std::string& name) {
  if (BeginCall() != Failure::kNone) return Fail(name, "read", "Input/output error");
  const auto file = visible_.find(name);
  if (file == visible_.end()) return std::optional<Bytes>();
  return std::optional<Bytes>(file->second);
}

Result<Ok> MemoryDirectory::Append(const std::string& name, ByteView bytes) {
  if (BeginCall() == Failure::kNone) {
    visible_[name] += bytes;
    return Ok{};
  }
  visible_[name] += bytes.substr(
      0,
      std::min(bytes.size(), static_cast<std::size_t>(done_ * static_cast<double>(bytes.size()))));
  return Fail(name, "written", "No space left on device");
}

Result<Ok> MemoryDirectory::Truncate(const std::string& name, std::uint64_t size) {
  const Failure failure = BeginCall();
  const auto file = visible_.find(name);
  if (file == visible_.end()) return Fail(name, "truncated", "No such file or directory");
  if (failure != Failure::kUndone && size < file->second.size()) {
    file->second.resize(static_cast<std::size_t>(size));
  }
  if (failure != Failure::kNone) return Fail(name, "truncated", "Input/output error");
  return Ok{};
}

Result<Ok> MemoryDirectory::Sync(const std::string& name) {
  if (BeginCall() != Failure::kNone) return Fail(name, "synced", "Input/output error");
  const auto file = visible_.find(name);
  if (file == visible_.end()) return Fail(name, "synced", "No such file or directory");
  durable_[name] = file->second;
  SettleNames();
  return Ok{};
}

Result<Ok> MemoryDirectory::Replace(const std::string& name, ByteView bytes) {
  const Failure failure = BeginCall();
  if (failure != Failure::kUndone) {
    visible_[name] = bytes;
    unsettled_.insert(name);
  }
  if (failure != Failure::kNone) return Fail(name, "replaced", "Input/output error");
  SettleNames();
  return Ok{};
}

Result<Ok> MemoryDirectory::Remove(const std::string& name) {
  const Failure failure = BeginCall();
  if (failure != Failure::kUndone) {
    visible_.erase(name);
    unsettled_.insert(name);
  }
  if (failure != Failure::kNone) return Fail(name, "removed", "Input/output error");
  SettleNames();
  return Ok{};
}

Bytes MemoryDirectory::Tear(const Bytes& durable, const Bytes& seen, Rng& rng) {
  const auto common =
      static_cast<std::size_t>(std::ranges::mismatch(durable, seen).in1 - durable.begin());
  if (common < durable.size() && rng.Chance(0.5)) return durable;  // The truncation is lost.
  Bytes torn = seen;
  const std::size_t fresh = seen.size() - common;
  if (fresh == 0) return torn;
  switch (rng.Below(4)) {
    case 0:  // Cut short.
      torn.resize(common + static_cast<std::size_t>(rng.Below(fresh + 1)));
      break;
    case 1:
    case 2: {  // A stretch was not written: zeros, or what was on the disk before.
      const std::size_t begin = common + static_cast<std::size_t>(rng.Below(fresh));
      const std::size_t size = 1 + static_cast<std::size_t>(rng.Below(torn.size() - begin));
      const bool zeros = rng.Chance(0.5);
      for (std::size_t i = begin; i < begin + size; ++i) {
        torn[i] = zeros ? '\0' : static_cast<char>(rng.Below(256));
      }
      break;
    }
    default:
      break;
  }
  return torn;
}

void MemoryDirectory::Crash(Rng& rng) {
  Files survivors;
  std::set<std::string> names;
  for (const auto& [name, bytes] : visible_) names.insert(name);
  for (const auto& [name, bytes] : durable_) names.insert(name);
  for (const std::string& name : names) {
    const auto seen = visible_.find(name);
    const auto durable = durable_.find(name);
    if (seen == visible_.end() || durable == durable_.end() || unsettled_.contains(name)) {
      // It is there as a whole or not at all, but for a file that was only appended to.
      const bool is_new = rng.Chance(0.5);
      if (is_new && seen != visible_.end()) {
        const bool replaced = unsettled_.contains(name);
        survivors[name] = replaced ? seen->second : Tear({}, seen->second, rng);
      } else if (!is_new && durable != durable_.end()) {
        survivors[name] = durable->second;
      }
    } else {
      survivors[name] = Tear(durable->second, seen->second, rng);
    }
  }
  visible_ = survivors;
  durable_ = std::move(survivors);
  unsettled_.clear();
  fail_at_.reset();
}

}  // namespace aegis
