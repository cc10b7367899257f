// The calls that most programs need, and what to do when one fails.
//
//   quickstart [host:port ...]     default: the three nodes of `make demo` and docker-compose

#include <aegis/client.h>

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

using namespace std::chrono_literals;

namespace {

[[noreturn]] void Fail(const std::string& what, const aegis::ClientError& error) {
  std::cerr << what << ": " << aegis::NameOf(error.code) << ": " << error.message << '\n';
  std::exit(1);
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> seeds(argv + 1, argv + argc);
  if (seeds.empty()) seeds = {"localhost:7700", "localhost:7710", "localhost:7720"};

  // Every field but the seeds has a default; these are the defaults.
  auto opened = aegis::Client::Open({
      .seeds = seeds,
      .max_conns = 10,
      .conn_timeout = 5s,
      .read_timeout = 5s,
      .write_timeout = 5s,
      .max_retries = 3,
  });
  if (!opened.ok()) Fail("open", opened.error());
  aegis::Client client = std::move(opened).value();

  // Set a value.
  auto set = client.Set("user:1", R"({"name":"John"})");
  if (!set.ok()) {
    // The one error that needs thought: the write may have happened.
    if (set.Is(aegis::Errc::kUnknownOutcome)) std::cerr << "user:1 may or may not be set\n";
    Fail("set", set.error());
  }

  // Set with a TTL: expires in one hour.
  if (auto timed = client.SetWithTtl("session:abc", "token123", 1h); !timed.ok()) {
    Fail("set with TTL", timed.error());
  }

  // Get a value. A missing key is an answer, not a failure.
  if (auto got = client.Get("user:1"); got.ok()) {
    std::cout << "Value: " << got->value << '\n';
  } else if (got.Is(aegis::Errc::kNotFound)) {
    std::cout << "Key not found\n";
  } else {
    Fail("get", got.error());
  }

  // Get a value with the time it has left.
  auto session = client.GetWithTtl("session:abc");
  if (!session.ok()) Fail("get with TTL", session.error());
  std::cout << "Value: " << session->value << ", TTL: ";
  if (session->ttl) {
    std::cout << std::chrono::ceil<std::chrono::seconds>(*session->ttl).count() << " s\n";
  } else {
    std::cout << "none\n";
  }

  // Change a value only if nobody else did since it was read.
  auto read = client.Get("user:1");
  if (!read.ok()) Fail("get", read.error());
  auto changed = client.CompareAndSet("user:1", R"({"name":"Jane"})", read->version);
  if (!changed.ok() && !changed.Is(aegis::Errc::kConflict))
    Fail("compare and set", changed.error());
  std::cout << (changed.ok() ? "Changed\n" : "Somebody else was faster\n");

  // Many calls at once: they travel together, and their answers are taken afterwards.
  std::vector<aegis::Client::Future<aegis::Counter>> counts;
  for (int i = 0; i < 100; ++i) counts.push_back(client.IncrementAsync("visits"));
  for (auto& count : counts) {
    if (auto result = count.get(); !result.ok()) Fail("increment", result.error());
  }

  // Delete a value.
  for (const char* key : {"user:1", "visits"}) {
    if (auto deleted = client.Delete(key); !deleted.ok()) Fail("delete", deleted.error());
  }

  // Ping a specific node.
  auto round_trip = client.Ping(seeds.front());
  if (!round_trip.ok()) Fail("ping", round_trip.error());
  std::cout << "Ping: " << round_trip->count() / 1000 << " us\n";
  return 0;
}
