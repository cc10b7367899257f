#include "pause_watch.h"

#include <algorithm>
#include <chrono>

#include "ring/slot.h"

namespace aegis::sim {

using namespace std::chrono_literals;

namespace {

// Between an answer and the next write.
constexpr Duration kBreath = 500us;

}  // namespace

PauseWatch::PauseWatch(SimCluster& cluster, std::size_t node) : cluster_(cluster), node_(node) {
  clients_.resize(cluster.options().num_shards);
  std::size_t missing = clients_.size();
  for (std::uint64_t number = 0; missing > 0; ++number) {
    Bytes key = "pause:" + std::to_string(number);
    Client& client = clients_[ring::ShardOf(key, cluster.options().num_shards).value()];
    if (!client.key.empty()) continue;
    client.key = std::move(key);
    --missing;
  }
}

void PauseWatch::Start() {
  running_ = true;
  for (std::size_t i = 0; i < clients_.size(); ++i) {
    clients_[i].succeeded = cluster_.now();
    Write(i);
  }
}

void PauseWatch::Write(std::size_t i) {
  if (!running_) return;
  cluster_.Submit(node_, {.code = OpCode::kSet, .key = clients_[i].key, .value = "value"},
                  [this, i](const Outcome& outcome) {
                    Client& client = clients_[i];
                    if (outcome.status != Status::kOk) {
                      ++failures_;
                    } else {
                      const Duration gap = cluster_.now() - client.succeeded;
                      if (gap > client.longest) {
                        client.longest = gap;
                        client.longest_began = client.succeeded;
                      }
                      client.succeeded = cluster_.now();
                    }
                    cluster_.After(kBreath, [this, i] { Write(i); });
                  });
}

Duration PauseWatch::longest() const {
  return std::ranges::max_element(clients_, {}, &Client::longest)->longest;
}

std::string PauseWatch::Describe() const {
  const auto worst = std::ranges::max_element(clients_, {}, &Client::longest);
  const auto milliseconds = [](auto time) {
    return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(time).count());
  };
  return "shard " + std::to_string(worst - clients_.begin()) + " for " +
         milliseconds(worst->longest) + " ms from " +
         milliseconds(worst->longest_began.time_since_epoch()) + " ms on";
}

}  // namespace aegis::sim
