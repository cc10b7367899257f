#include "bench/load_flags.h"

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdint>
#include <string>

#include "bench/flag_values.h"
#include "model/limits.h"

namespace aegis::bench {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kDurationMin = std::chrono::milliseconds(100);
constexpr milliseconds kDurationMax = std::chrono::days(1);

// A range whose error names the limits, and which leaves the help alone.
template <class T>
CLI::Validator Within(T least, T most) {
  return CLI::Validator(CLI::Range(least, most)).description("");
}

void TakeDuration(const std::string& text, LoadOptions& options) {
  options.duration = ToDuration(text, "--duration");
  if (options.duration < kDurationMin || options.duration > kDurationMax) {
    throw NotAllowed("--duration", text, "from 100ms to 1d");
  }
}

void TakeTtl(const std::string& text, LoadOptions& options) {
  options.keep = text == "never";
  if (!options.keep) options.ttl = ToDuration(text, "--ttl");
}

}  // namespace

void AddLoadFlags(CLI::App& app, LoadOptions& options) {
  app.add_option("-c,--clients", options.clients,
                 "Clients, each with a thread and connections of its own")
      ->type_name("N")
      ->capture_default_str()
      ->check(Within(1U, 256U));
  app.add_option("-p,--pipeline", options.pipeline, "Calls in flight per client")
      ->type_name("N")
      ->capture_default_str()
      ->check(Within(1U, 16'384U));
  auto* duration =
      app.add_option_function<std::string>(
             "-d,--duration", [&options](const std::string& text) { TakeDuration(text, options); },
             "How long to run")
          ->type_name("DURATION")
          ->default_str("10s");
  app.add_option("-n,--operations", options.operations, "Calls in all, instead of a duration")
      ->type_name("N")
      ->excludes(duration)
      ->check(Within(std::uint64_t{1}, std::uint64_t{1'000'000'000'000}));
  app.add_option("-k,--keys", options.keys, "Keys, drawn uniformly")
      ->type_name("N")
      ->capture_default_str()
      ->check(Within(std::uint64_t{1}, std::uint64_t{1'000'000'000}));
  app.add_option("--value-size", options.value_size, "Size of a value")
      ->type_name("BYTES")
      ->capture_default_str()
      ->check(Within(std::size_t{0}, limits::kValueSizeMax));
  app.add_option("-r,--reads", options.read_percent, "How many of 100 calls are reads")
      ->type_name("PERCENT")
      ->capture_default_str()
      ->check(Within(0U, 100U));
  app.add_option_function<std::string>(
         "--ttl", [&options](const std::string& text) { TakeTtl(text, options); },
         "Let the keys (bench:0, bench:1, ...) expire")
      ->type_name("DURATION|never")
      ->default_str("10m more than --duration");
  app.add_flag_callback(
      "--no-preload", [&options] { options.preload = false; },
      "Do not write every key before the clock starts");
}

}  // namespace aegis::bench
