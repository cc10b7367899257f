#include "bench/load_flags.h"

#include <CLI/CLI.hpp>
#include <cstdint>

#include "model/limits.h"

namespace aegis::bench {

namespace {

// A range whose error names the limits, and which leaves the help alone.
template <class T>
CLI::Validator Within(T least, T most) {
  return CLI::Validator(CLI::Range(least, most)).description("");
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
  auto* seconds = app.add_option("-d,--duration", options.seconds, "How long to run")
                      ->type_name("SECONDS")
                      ->capture_default_str()
                      ->check(Within(0.1, 86'400.0));
  app.add_option("-n,--operations", options.operations, "Calls in all, instead of a duration")
      ->type_name("N")
      ->excludes(seconds)
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
  app.add_flag_callback(
      "--no-preload", [&options] { options.preload = false; },
      "Do not write every key before the clock starts");
}

}  // namespace aegis::bench
