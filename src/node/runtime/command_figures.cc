#include "node/runtime/command_figures.h"

#include "node/core/resp_command_table.h"
#include "node/runtime/command_tally.h"

namespace aegis::node {

namespace {

CommandUsage UsageOf(const LatencyDistribution& times) {
  CommandUsage usage;
  usage.calls = times.count();
  usage.total = times.sum();
  usage.p50 = times.Quantile(0.5);
  usage.p99 = times.Quantile(0.99);
  usage.p999 = times.Quantile(0.999);
  for (std::size_t i = 0; i < kUsageBounds; ++i) {
    usage.within[i] = times.CountAtMost(UsageBound(i) - Duration(1));
  }
  return usage;
}

}  // namespace

CommandFigures CommandFigures::Of(std::span<const CommandTally* const> tallies) {
  CommandFigures figures;
  figures.commands_.resize(resp::kCommandNumbers);
  for (std::uint16_t number = 0; number < resp::kCommandNumbers; ++number) {
    Figures& command = figures.commands_[number];
    LatencyDistribution times;
    for (const CommandTally* const tally : tallies) {
      tally->AddTo(times, number);
      command.failed += tally->failed(number);
      command.rejected += tally->rejected(number);
    }
    if (times.count() > 0) command.times = std::make_unique<LatencyDistribution>(times);
  }
  return figures;
}

void CommandFigures::Subtract(const CommandFigures& earlier) {
  for (std::size_t number = 0; number < earlier.commands_.size(); ++number) {
    Figures& command = commands_[number];
    const Figures& before = earlier.commands_[number];
    command.failed -= before.failed;
    command.rejected -= before.rejected;
    if (before.times) command.times->Subtract(*before.times);
  }
}

std::vector<CommandUsage> CommandFigures::Usages() const {
  std::vector<CommandUsage> usages;
  const auto add = [&](const resp::CommandInfo& info) {
    if (info.number >= commands_.size()) return;
    const Figures& command = commands_[info.number];
    CommandUsage usage = command.times ? UsageOf(*command.times) : CommandUsage{};
    usage.name = info.name;
    usage.failed = command.failed;
    usage.rejected = command.rejected;
    if (usage.calls + usage.failed + usage.rejected > 0) usages.push_back(usage);
  };
  for (const resp::CommandInfo& command : resp::AllCommands()) {
    add(command);
    for (const resp::CommandInfo& subcommand : command.subcommands) add(subcommand);
  }
  return usages;
}

}  // namespace aegis::node
