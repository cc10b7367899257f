#include "agreed.h"

#include "base/check.h"

namespace aegis::lease::sim {

bool Agreed::IsRegistered(const Holder& holder) const {
  const auto found = registered_.find(holder.node);
  return found != registered_.end() && found->second == holder.session;
}

std::vector<Holder> Agreed::Apply(std::size_t index, const Entry& entry) {
  AEGIS_CHECK(index == ++applied_, "entries are applied in order");
  switch (entry.kind) {
    case Kind::kBarrier:
      break;
    case Kind::kConfiguration:
      voters_ = entry.voters;
      break;
    case Kind::kRegister:
      if (entry.previous == kNobody ? !registered_.contains(entry.holder.node)
                                    : IsRegistered(entry.previous) && IsFenced(entry.previous)) {
        registered_[entry.holder.node] = entry.holder.session;
      }
      break;
    case Kind::kFence:
      if (IsRegistered(entry.holder) || leader_ == entry.holder) {
        fences_.try_emplace(entry.holder, ConfigurationId{.index = index, .term = entry.term});
      }
      break;
    case Kind::kAssign:
      if (entry.epoch == epoch_ && entry.previous == leader_ &&
          (leader_ == kNobody || IsFenced(leader_)) && IsRegistered(entry.holder) &&
          !IsFenced(entry.holder)) {
        leader_ = entry.holder;
        ++epoch_;
      }
      break;
  }
  std::vector<Holder> dropped;
  for (const auto& [holder, at] : fences_) {
    if (!IsRegistered(holder) && leader_ != holder) dropped.push_back(holder);
  }
  for (const Holder& holder : dropped) fences_.erase(holder);
  if (entry.kind == Kind::kFence && !IsFenced(entry.holder)) dropped.push_back(entry.holder);
  return dropped;
}

}  // namespace aegis::lease::sim
