#include "cli/executor.h"

#include <fmt/format.h>

#include <iostream>
#include <iterator>
#include <map>

#include "bench/core/figure_text.h"
#include "bench/exit_status.h"
#include "bench/load_view.h"
#include "cli/node_orders.h"
#include "cli/rough_duration.h"
#include "cli/table.h"
#include "cli/wal_command.h"

namespace aegis::cli {
namespace {

Json TtlJson(const std::optional<std::chrono::milliseconds>& ttl) {
  return ttl ? Json(ttl->count()) : Json();
}

std::string TtlText(const std::optional<std::chrono::milliseconds>& ttl) {
  return ttl ? RoughDuration(*ttl) : "never expires";
}

std::string AgeText(const Stale& stale) {
  return stale.age ? fmt::format("{} ms old at most", stale.age->count()) : "of unknown age";
}

void PutStale(Json& json, const std::optional<Stale>& stale) {
  if (!stale) return;
  json["stale"] = true;
  json["age_ms"] = stale->age ? Json(stale->age->count()) : Json();
}

}  // namespace

ClientConfig ConfigOf(const GlobalOptions& global) {
  ClientConfig config;
  config.seeds = global.servers;
  config.conn_timeout = global.timeout;
  config.read_timeout = global.timeout;
  config.write_timeout = global.timeout;
  config.quorums = global.quorums;
  config.max_staleness = global.max_staleness;
  return config;
}

ExitCode Executor::Run(const Command& command) {
  using Method = ExitCode (Executor::*)(const Command&);
  static const std::map<std::string, Method> methods = {
      {"bench", &Executor::Bench},    {"cluster", &Executor::Cluster},
      {"del", &Executor::Delete},     {"drain", &Executor::Drain},
      {"expire", &Executor::Expire},  {"get", &Executor::Get},
      {"incr", &Executor::Increment}, {"members", &Executor::Members},
      {"mget", &Executor::MultiGet},  {"ping", &Executor::Ping},
      {"set", &Executor::Set},        {"shards", &Executor::Shards},
      {"stats", &Executor::Stats},    {"ttl", &Executor::Ttl},
      {"wal", &Executor::Wal},
  };
  return (this->*methods.at(command.name))(command);
}

ExitCode Executor::Fail(const ClientError& error) {
  if (global_.json) {
    Json json = {{"error", NameOf(error.code)}, {"message", error.message}};
    if (error.code == Errc::kConflict) json["version"] = error.version;
    streams_.out << json.dump() << '\n';
  } else if (error.code == Errc::kConflict) {
    streams_.err << "not set: " << error.message << " (the key has version " << error.version
                 << ")\n";
  } else if (error.code == Errc::kNotFound) {
    streams_.err << error.message << '\n';  // "no such key", and in which copy.
  } else {
    streams_.err << "aegis-cli: " << NameOf(error.code) << ": " << error.message << '\n';
  }
  return ExitCodeOf(error.code);
}

void Executor::Show(const std::string& text, const Json& json) {
  streams_.out << (global_.json ? json.dump() : text) << '\n';
}

// --- Keys ----------------------------------------------------------------------------------------

ExitCode Executor::Get(const Command& command) {
  if (command.raw && global_.json) {
    return Fail({Errc::kInvalid, "--raw and --json exclude each other"});
  }
  const Expected<ItemWithTtl> item = client_.GetWithTtl(command.keys[0]);
  if (!item.ok()) return Fail(item.error());
  if (item->stale && !global_.json && !command.details) {
    streams_.err << "stale: from a copy " << AgeText(*item->stale) << '\n';
  }
  if (command.raw) {
    streams_.out << item->value << std::flush;
    return ExitCode::kOk;
  }
  Json json = Json::object();
  PutBytes(json, "key", command.keys[0]);
  PutBytes(json, "value", item->value);
  json["version"] = item->version;
  json["ttl_ms"] = TtlJson(item->ttl);
  PutStale(json, item->stale);
  const std::string value = streams_.out_is_terminal ? PrintableLines(item->value) : item->value;
  std::string details = fmt::format("value    {}\nversion  {}\nttl      {}", value, item->version,
                                    TtlText(item->ttl));
  if (item->stale) details += fmt::format("\nstale    from a copy {}", AgeText(*item->stale));
  Show(command.details ? details : value, json);
  return ExitCode::kOk;
}

ExitCode Executor::MultiGet(const Command& command) {
  const std::vector<std::string_view> keys(command.keys.begin(), command.keys.end());
  const std::vector<Expected<Item>> items = client_.MultiGet(keys);
  Table table({{.title = "KEY"}, {.title = "VALUE"}});
  Json json = Json::array();
  ExitCode worst = ExitCode::kOk;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    Json entry = Json::object();
    PutBytes(entry, "key", keys[i]);
    if (items[i].ok()) {
      PutBytes(entry, "value", items[i]->value);
      entry["version"] = items[i]->version;
      PutStale(entry, items[i]->stale);
      table.Add({Printable(keys[i]), Printable(items[i]->value)});
    } else {
      const ClientError& error = items[i].error();
      entry["error"] = NameOf(error.code);
      const bool missing = error.code == Errc::kNotFound;
      table.Add({Printable(keys[i]), missing ? "(no such key)" : "(" + error.message + ")"});
      worst = Worse(worst, ExitCodeOf(error.code));
    }
    json.push_back(std::move(entry));
  }
  streams_.out << (global_.json ? Json({{"items", std::move(json)}}).dump() + "\n"
                                : table.Render());
  return worst;
}

ExitCode Executor::Ttl(const Command& command) {
  const Expected<ItemWithTtl> item = client_.GetWithTtl(command.keys[0]);
  if (!item.ok()) return Fail(item.error());
  Json json = Json::object();
  PutBytes(json, "key", command.keys[0]);
  json["ttl_ms"] = TtlJson(item->ttl);
  Show(TtlText(item->ttl), json);
  return ExitCode::kOk;
}

ExitCode Executor::Set(const Command& command) {
  const std::string value = command.value == "-"
                                ? std::string(std::istreambuf_iterator<char>(streams_.in), {})
                                : command.value;
  SetOptions options;
  options.ttl = command.ttl;
  if (command.if_absent) options.when = SetWhen::kIfAbsent;
  if (command.if_present) options.when = SetWhen::kIfPresent;
  const Expected<Written> written =
      command.expected
          ? client_.CompareAndSet(command.keys[0], value, *command.expected, command.ttl)
          : client_.Set(command.keys[0], value, options);
  if (!written.ok()) return Fail(written.error());
  Json json = Json::object();
  PutBytes(json, "key", command.keys[0]);
  json["version"] = written->version;
  Show(fmt::format("OK, version {}", written->version), json);
  return ExitCode::kOk;
}

ExitCode Executor::Delete(const Command& command) {
  int deleted = 0;
  for (const std::string& key : command.keys) {
    const Expected<bool> done = client_.Delete(key);
    if (!done.ok()) return Fail(done.error());
    deleted += *done ? 1 : 0;
  }
  Show(std::to_string(deleted), {{"deleted", deleted}});
  return deleted > 0 ? ExitCode::kOk : ExitCode::kNo;
}

ExitCode Executor::Expire(const Command& command) {
  const Expected<bool> done = client_.Expire(command.keys[0], command.ttl);
  if (!done.ok()) return Fail(done.error());
  if (!*done) return Fail({Errc::kNotFound, "no such key"});
  Json json = Json::object();
  PutBytes(json, "key", command.keys[0]);
  json["ttl_ms"] = TtlJson(command.ttl);
  Show("OK", json);
  return ExitCode::kOk;
}

ExitCode Executor::Increment(const Command& command) {
  const Expected<Counter> counter = client_.Increment(command.keys[0], command.delta);
  if (!counter.ok()) return Fail(counter.error());
  Json json = Json::object();
  PutBytes(json, "key", command.keys[0]);
  json["value"] = counter->value;
  json["version"] = counter->version;
  Show(std::to_string(counter->value), json);
  return ExitCode::kOk;
}

// --- The cluster ---------------------------------------------------------------------------------

ExitCode Executor::Ping(const Command& command) {
  const std::vector<std::string>& addresses =
      command.addresses.empty() ? global_.servers : command.addresses;
  Table table({{.title = "NODE"}, {.title = "ROUND TRIP"}});
  Json json = Json::array();
  ExitCode worst = ExitCode::kOk;
  for (const std::string& address : addresses) {
    // The first one opens the connection; the second one is the network and the node alone.
    Expected<std::chrono::nanoseconds> round_trip = client_.Ping(address);
    if (round_trip.ok()) round_trip = client_.Ping(address);
    if (round_trip.ok()) {
      table.Add({address, bench::FormatLatency(*round_trip)});
      json.push_back({{"address", address},
                      {"round_trip_us", static_cast<double>(round_trip->count()) / 1e3}});
    } else {
      const ClientError& error = round_trip.error();
      table.Add({address, error.message});
      json.push_back(
          {{"address", address}, {"error", NameOf(error.code)}, {"message", error.message}});
      worst = Worse(worst, ExitCodeOf(error.code));
    }
  }
  streams_.out << (global_.json ? Json({{"nodes", std::move(json)}}).dump() + "\n"
                                : table.Render());
  return worst;
}

ExitCode Executor::Members(const Command&) {
  const Expected<ClusterInfo> cluster = client_.Topology();
  if (!cluster.ok()) return Fail(cluster.error());
  streams_.out << (global_.json ? MembersJson(*cluster).dump() + "\n" : MembersTable(*cluster));
  return ExitCode::kOk;
}

StatsOfNodes Executor::StatsOf(const ClusterInfo& cluster) {
  StatsOfNodes stats;
  for (const NodeInfo& node : cluster.nodes) {
    if (node.state != "alive" && node.state != "suspect") continue;
    const Expected<std::string> answer = client_.Stats(node.client_address);
    if (answer.ok()) stats[node.id] = Json::parse(*answer, nullptr, false);
  }
  return stats;
}

ExitCode Executor::Cluster(const Command& command) {
  if (command.recover) return Order(command, "/recover", "?confirm=yes", "recovered");
  if (!command.forgotten.empty()) {
    const std::string path = "/forget?node=" + command.forgotten;
    return Order(command, path, "&confirm=yes", "forgotten");
  }
  const Expected<ClusterInfo> cluster = client_.Topology();
  if (!cluster.ok()) return Fail(cluster.error());
  const StatsOfNodes stats = StatsOf(*cluster);
  streams_.out << (global_.json ? ClusterJson(*cluster, stats).dump() + "\n"
                                : ClusterTable(*cluster, stats));
  return ExitCode::kOk;
}

bool Executor::Confirms(const std::string& risks) {
  streams_.err << risks << "\nType yes to go on: " << std::flush;
  std::string answer;
  return std::getline(streams_.in, answer) && answer == "yes";
}

ExitCode Executor::Order(const Command& command, const std::string& path,
                         const std::string& confirmation, const char* done) {
  const Expected<NodeOrders> orders = NodeOrders::To(command.addresses.front(), global_.timeout);
  if (!orders.ok()) return Fail(orders.error());
  return ShowDone(
      orders->Give(path, confirmation,
                   [&](const std::string& risks) { return command.confirmed || Confirms(risks); }),
      done);
}

ExitCode Executor::Drain(const Command& command) {
  const Expected<NodeOrders> orders = NodeOrders::To(command.addresses.front(), global_.timeout);
  if (!orders.ok()) return Fail(orders.error());
  return ShowDone(orders->Drain(), "drained");
}

ExitCode Executor::ShowDone(const Expected<std::string>& said, const char* done) {
  if (!said.ok()) return Fail(said.error());
  Show(*said, {{done, true}, {"message", *said}});
  return ExitCode::kOk;
}

ExitCode Executor::Shards(const Command& command) {
  const Expected<ClusterInfo> cluster = client_.Topology();
  if (!cluster.ok()) return Fail(cluster.error());
  const StatsOfNodes stats = StatsOf(*cluster);
  if (global_.json) {
    const Json json =
        command.summary ? ShardsSummaryJson(*cluster, stats) : ShardsJson(*cluster, stats);
    streams_.out << json.dump() << '\n';
  } else {
    streams_.out << (command.summary ? ShardsSummary(*cluster, stats)
                                     : ShardsTable(*cluster, stats));
  }
  return ExitCode::kOk;
}

ExitCode Executor::Stats(const Command& command) {
  std::vector<std::string> addresses = command.addresses;
  if (addresses.empty()) addresses = {global_.servers.front()};
  Json json = Json::array();
  for (const std::string& address : addresses) {
    const Expected<std::string> stats = client_.Stats(address);
    if (!stats.ok()) return Fail(stats.error());
    if (global_.json) {
      Json figures = Json::parse(*stats, nullptr, false);
      if (figures.is_discarded()) figures = *stats;
      json.push_back({{"address", address}, {"stats", std::move(figures)}});
    } else {
      if (addresses.size() > 1) streams_.out << address << '\n';
      streams_.out << StatsTable(*stats);
    }
  }
  if (global_.json) streams_.out << Json({{"nodes", std::move(json)}}).dump() << '\n';
  return ExitCode::kOk;
}

ExitCode Executor::Bench(const Command& command) {
  bench::ProgressBar bar(streams_.err);
  const Expected<bench::LoadReport> report =
      bench::RunLoad(ConfigOf(global_), command.load,
                     [&](const std::string& phase, double fraction, std::uint64_t answered) {
                       if (streams_.show_progress) bar.Show(phase, fraction, answered);
                     });
  bar.Clear();
  if (report.ok()) {
    streams_.out << (global_.json ? bench::ToJson(*report) + "\n" : bench::ToText(*report));
  } else {
    Fail(report.error());
  }
  return static_cast<ExitCode>(bench::ExitStatusOf(report));
}

ExitCode Executor::Wal(const Command& command) {
  const auto confirm = [this](const std::string& risks) { return Confirms(risks); };
  return WalCommand(streams_, global_.json, confirm).Run(command);
}

}  // namespace aegis::cli
