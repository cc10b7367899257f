#include "bench/run_flags.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdint>

#include "bench/core/key_choice.h"
#include "bench/core/number_text.h"
#include "bench/core/value_sizes.h"
#include "bench/flag_values.h"
#include "model/duration_text.h"
#include "model/limits.h"

namespace aegis::bench {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kTimeMax = std::chrono::days(1);
constexpr unsigned kRatioMax = 1'000'000;

// A range whose error names the limits, and which leaves the help alone.
template <class T>
CLI::Validator Within(T least, T most) {
  return CLI::Validator(CLI::Range(least, most)).description("");
}

CLI::Option* AddTime(CLI::App& app, const std::string& name, milliseconds& time,
                     const std::string& help) {
  const std::string flag = name.substr(name.find("--"));
  return app
      .add_option_function<std::string>(
          name,
          [&time, flag](const std::string& text) {
            time = ToDuration(text, flag);
            if (time > kTimeMax) throw NotAllowed(flag, text, "at most 1d");
          },
          help)
      ->type_name("DURATION")
      ->default_str(DurationText(time));
}

void TakeRatio(const std::string& text, RunOptions& options) {
  const std::size_t colon = text.find(':');
  const auto gets = ReadNumber<unsigned>(text.substr(0, colon));
  const auto sets =
      colon == std::string::npos ? std::nullopt : ReadNumber<unsigned>(text.substr(colon + 1));
  if (!gets || !sets || *gets + *sets == 0 || std::max(*gets, *sets) > kRatioMax) {
    throw NotAllowed("--ratio", text, "GETs and SETs, like 10:1, 1:0 or 0:1");
  }
  options.gets = *gets;
  options.sets = *sets;
}

void TakeProtocol(const std::string& text, RunOptions& options) {
  const auto protocol = ReadProtocol(text);
  if (!protocol) throw NotAllowed("--protocol", text, "resp, memcached or native");
  options.protocol = *protocol;
}

void TakeTtl(const std::string& text, RunOptions& options) {
  options.ttl = text == "never" ? milliseconds(0) : ToDuration(text, "--ttl");
}

void AddTrafficFlags(CLI::App& app, RunOptions& options) {
  AddServersFlag(app, options.servers);
  app.get_option("--servers")->description("Servers; connections take turns over them");
  app.add_option_function<std::string>(
         "--protocol", [&options](const std::string& text) { TakeProtocol(text, options); },
         "What the servers speak")
      ->type_name("resp|memcached|native")
      ->default_str("resp");
  app.add_option("-c,--connections", options.connections,
                 "In all; they take turns over threads and servers")
      ->type_name("N")
      ->capture_default_str()
      ->check(Within(1U, 10'000U));
  app.add_option("-t,--threads", options.threads, "Each with an epoll loop of its own")
      ->type_name("N")
      ->capture_default_str()
      ->check(Within(1U, 256U));
  app.add_option("-p,--pipeline", options.pipeline,
                 "Calls that a connection sends at once before it waits for all their replies; "
                 "with --rate: that it waits for at most")
      ->type_name("N")
      ->capture_default_str()
      ->check(Within(1U, 16'384U));
  app.add_option("--rate", options.rate,
                 "An open loop: calls per second in all, sent when they are due whether or not "
                 "others were answered; latency counts from when a call was due")
      ->type_name("N")
      ->check(Within(0.001, 1e9));
  app.add_flag("--to-leaders", options.to_leaders,
               "Send each call to the node of AegisKV that leads its key; the servers have to be "
               "all nodes");
  AddTime(app, "-d,--duration", options.duration, "What is measured; 0: nothing, only --fill");
  AddTime(app, "--warm-up", options.warm_up, "The same load before that, not measured");
}

void AddItemFlags(CLI::App& app, RunOptions& options) {
  app.add_option_function<std::string>(
         "--ratio", [&options](const std::string& text) { TakeRatio(text, options); },
         "How many GETs for how many SETs")
      ->type_name("GET:SET")
      ->default_str("10:1");
  app.add_option("-k,--keys", options.keys, "How many there are")
      ->type_name("N")
      ->capture_default_str()
      ->check(Within(std::uint64_t{1}, std::uint64_t{1'000'000'000}));
  app.add_option("--key-size", options.key_size, "The prefix, zeros, and the key's number")
      ->type_name("BYTES")
      ->capture_default_str()
      ->check(Within(std::size_t{1}, limits::kKeySizeMax));
  app.add_option("--key-prefix", options.key_prefix, "What every key begins with")
      ->type_name("TEXT")
      ->capture_default_str();
  app.add_option("--distribution", options.distribution,
                 "Which keys are asked for: uniform, zipf[:THETA], sequential, or "
                 "hotspot:KEYS%:CALLS%")
      ->type_name("NAME")
      ->capture_default_str();
  app.add_option("--value-size", options.value_size,
                 "Bytes: 100, a range 50-200, or a list with weights 64:9,1024:1")
      ->type_name("SIZES")
      ->capture_default_str();
  app.add_option_function<std::string>(
         "--ttl", [&options](const std::string& text) { TakeTtl(text, options); },
         "Of all that is written")
      ->type_name("DURATION|never")
      ->default_str("never");
  app.add_flag("--fill", options.fill, "SET every key once before the load begins");
  app.add_flag("--verify", options.verify, "A value that does not belong to its key is an error");
  app.add_option("--seed", options.seed, "Of everything that is drawn")
      ->type_name("N")
      ->capture_default_str();
}

void AddReportFlags(CLI::App& app, RunOptions& options) {
  app.add_option("--server-pid", options.server_pids,
                 "Processes on this machine whose CPU time and memory are reported")
      ->type_name("PID,...")
      ->delimiter(',')
      ->allow_extra_args(false);
  app.add_option("--label", options.label, "What the run is called in reports and plots")
      ->type_name("TEXT")
      ->capture_default_str();
  app.add_option("--json", options.json_file, "Write the report there; - is standard output")
      ->type_name("FILE");
  app.add_option("--svg", options.svg_file, "Draw latency and throughput there; - likewise")
      ->type_name("FILE");
}

}  // namespace

void AddRunFlags(CLI::App& app, RunOptions& options) {
  AddTrafficFlags(app, options);
  AddItemFlags(app, options);
  AddReportFlags(app, options);
}

void CheckTogether(const RunOptions& options) {
  const auto refuse = [](const std::string& flag, const std::string& why) {
    throw CLI::ValidationError(flag, why);
  };
  if (!ValueSizes::Parse(options.value_size).ok()) {
    throw NotAllowed("--value-size", options.value_size, ValueSizes::Allowed());
  }
  if (!KeyChoice::Parse(options.distribution, options.keys).ok()) {
    throw NotAllowed("--distribution", options.distribution, KeyChoice::Allowed());
  }
  if (options.connections < options.threads) {
    refuse("--connections", "there must be at least one for each of the threads");
  }
  if (options.duration.count() == 0 && !options.fill) {
    refuse("--duration", "0 without --fill leaves nothing to do");
  }
  if (options.protocol != Protocol::kMemcached) return;
  if (options.key_size > kMemcachedKeySizeMax) {
    refuse("--key-size",
           fmt::format("keys of memcached have at most {} bytes", kMemcachedKeySizeMax));
  }
  if (options.key_prefix.find_first_of(" \t\r\n") != std::string::npos) {
    refuse("--key-prefix", "keys of memcached have no blanks");
  }
  if (options.ttl > std::chrono::seconds(kMemcachedTtlSecondsMax)) {
    refuse("--ttl", "memcached takes at most 30d");
  }
}

std::map<std::string, std::string> SetupOf(const RunOptions& options) {
  return {{"servers", fmt::format("{}", fmt::join(options.servers, ","))},
          {"protocol", std::string(NameOf(options.protocol))},
          {"threads", fmt::to_string(options.threads)},
          {"connections", fmt::to_string(options.connections)},
          {"pipeline", fmt::to_string(options.pipeline)},
          {"to-leaders", options.to_leaders ? "yes" : "no"},
          {"rate", options.rate > 0 ? fmt::to_string(options.rate) : "as fast as it goes"},
          {"ratio", fmt::format("{}:{}", options.gets, options.sets)},
          {"keys", fmt::to_string(options.keys)},
          {"key-size", fmt::to_string(options.key_size)},
          {"distribution", options.distribution},
          {"value-size", options.value_size},
          {"ttl", options.ttl.count() == 0 ? "never" : DurationText(options.ttl)},
          {"seed", fmt::to_string(options.seed)},
          {"label", options.label}};
}

}  // namespace aegis::bench
