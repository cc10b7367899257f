// aegis::Client: an AegisKV cluster as one map of bytes to bytes.
//
//     auto client = aegis::Client::Open({.seeds = {"localhost:7700", "localhost:7710"}});
//     if (auto set = client->SetWithTtl("session:abc", "token123", 1h); !set.ok()) ...
//     if (auto got = client->Get("user:1"); got.ok()) use(got->value);
//     else if (got.Is(aegis::Errc::kNotFound)) ...
//
// Thread-safe: share one client between all threads. It runs one thread of its own, keeps up to
// max_conns connections per node, learns which node leads which key and goes straight there, and
// sends what many callers ask in one go. Keys and values are arbitrary bytes.
//
// Whom it talks to: the first node that answers decides which cluster this client is of, for good.
// Every connection is asked who answers before anything else is sent. One to a node of another
// cluster, or to another node than the cluster's own list has at that address, is as good as none:
// the call goes elsewhere, and when there is nowhere else it ends with Errc::kUnavailable and the
// names of both. After a cluster was born anew, open a new client.
//
// Order: calls that are in flight at the same time may be applied in any order, on one key too.
// Where the order matters, wait for one before starting the next.
//
// Retries: a failed try is repeated, up to max_retries times and within the call's timeout, if
// and only if that is safe: always for reads, and for writes that certainly left nothing behind.
// A write whose answer was lost ends with Errc::kUnknownOutcome, never with another error.
//
// Depends on the standard library only.

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "aegis/result.h"

namespace aegis {

// How many copies of a key take part in a call, its leader's included. Nothing: as the nodes are
// set
// (--write-quorum, --read-quorum); from -1 to 7.
struct Quorums {
  // A write is acknowledged when every copy in sync holds it and there are at least so many: then
  // it is not lost while one of them survives. 0: when the leader has it; -1: when all copies have.
  // With too few in sync it fails as if nobody led the key, and nothing has happened.
  std::optional<int> write = {};
  // A read is answered when so many have confirmed that its leader still leads. 0 and 1: the
  // leader's lease is enough; -1: all.
  std::optional<int> read = {};
};

// A bound on the age of an answer that says: any age will do.
inline constexpr std::chrono::milliseconds kAnyAge = std::chrono::milliseconds::max();

// Marks an answer that is not the leader's but of another copy of the key.
struct Stale {
  // Whatever was acknowledged longer ago is in it. Nothing: nobody knows how old it is.
  std::optional<std::chrono::milliseconds> age = {};
};

struct ClientConfig {
  // "host:port" or "[v6]:port" of some nodes' client ports; one that answers is enough, the rest
  // of the cluster is learnt from it. All of one cluster: the others' are refused.
  std::vector<std::string> seeds = {};
  // Connections per node, opened as the load asks for them. At least 1.
  std::size_t max_conns = 10;
  // For one connection to come up, name resolution included.
  std::chrono::milliseconds conn_timeout = std::chrono::seconds(5);
  // For one call from its start to its answer, all tries included. At least 1 ms.
  std::chrono::milliseconds read_timeout = std::chrono::seconds(5);
  std::chrono::milliseconds write_timeout = std::chrono::seconds(5);
  // Tries after the first one. A server that cannot be connected to costs no retry as long as
  // there is another one to ask. 0: never repeat anything.
  unsigned max_retries = 3;
  // Of every call; see also WithQuorums().
  Quorums quorums = {};
  // Of every read; see WithStaleness().
  std::optional<std::chrono::milliseconds> max_staleness = {};
  // Authentication and TLS get their fields (auth_token, tls) together with the server's side of
  // them: a field that is accepted and ignored would promise a protection that is not there.
};

// What a key holds. Versions rise with every write of a key; 0 is the version of an absent one.
struct Item {
  std::string value;
  std::uint64_t version = 0;
  std::optional<Stale> stale = {};  // Only ever there if the read allows it.
};

struct ItemWithTtl {
  std::string value;
  std::uint64_t version = 0;
  std::optional<std::chrono::milliseconds> ttl;  // What is left; nothing: it never expires.
  std::optional<Stale> stale = {};               // As Item::stale.
};

struct Written {
  std::uint64_t version = 0;  // Of what was just written; see CompareAndSet().
};

struct Counter {
  std::int64_t value = 0;  // After the increment.
  std::uint64_t version = 0;
};

enum class SetWhen : std::uint8_t { kAlways, kIfAbsent, kIfPresent };

struct SetOptions {
  // From 1 ms to 10,000 years. Nothing: the key never expires, whatever it did before.
  std::optional<std::chrono::milliseconds> ttl = {};
  SetWhen when = SetWhen::kAlways;
};

struct KeyAndValue {
  std::string_view key;
  std::string_view value;
};

// A node as the cluster knows it.
struct NodeInfo {
  std::uint64_t id = 0;
  std::string name;
  std::string client_address;
  std::string gossip_address;
  std::string zone;
  std::uint32_t weight = 1;
  std::string state;  // "alive", "suspect", "dead", "left"
  std::string software;
  std::uint64_t incarnation = 0;
};

struct ShardInfo {
  std::uint32_t epoch = 0;              // Rises whenever the leader changes.
  std::uint64_t leader = 0;             // NodeInfo::id; 0: none at the moment.
  std::vector<std::uint64_t> replicas;  // Where the shard should live, the preferred leader first.
};

struct ClusterInfo {
  std::uint64_t cluster_id = 0;
  std::uint64_t version = 0;  // Rises with every change that the answering node sees.
  std::uint64_t self = 0;     // The answering node.
  std::uint32_t replication_factor = 0;
  std::vector<NodeInfo> nodes;
  std::vector<ShardInfo> shards;  // Indexed by shard.
};

class Client {
 public:
  // Runs on the client's own thread, so it must not block and must not throw; it may start other
  // asynchronous calls, and close the client. (On a closed client it runs on the calling thread,
  // before the call returns.) It is called exactly once.
  template <class T>
  using Callback = std::function<void(Expected<T>)>;

  // Checks the configuration; connects to nobody yet. Errors: kInvalid, naming the field.
  static Expected<Client> Open(ClientConfig config);

  // Closes. Of a client that was moved from, nothing but assignment and destruction may be called.
  ~Client();
  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;

  // The same client, its threads and connections, with other quorums for calls through it:
  //     client.WithQuorums({.write = 2}).Set(key, value)
  // Costs next to nothing. Closing either closes both. Errors: kInvalid for what is no quorum.
  Expected<Client> WithQuorums(Quorums quorums) const;

  // Likewise, with reads that any copy of the key may answer, if it has all that was acknowledged
  // more than `max` (1 ms to one day) before; else, and of course, the leader does. kAnyAge: any
  // copy as it is, even when nobody can lead. Nothing: the leader alone again. What waits for a
  // quorum is not shown here, either. Reads through it have no quorum. Errors: kInvalid.
  Expected<Client> WithStaleness(std::optional<std::chrono::milliseconds> max) const;

  // Likewise, with a session of its own that remembers, per key, what it wrote and read: a later
  // read of the key, on whichever copy, shows that or what came after. If a failover lost some of
  // it, the next call on the key ends with kSessionLost, once. Clients made of this one share it.
  Client WithSession() const;

  // --- Blocking calls ---------------------------------------------------------------------------
  // Each waits for its answer, at most its timeout. All can fail with kTimeout, kUnavailable,
  // kMaxRetries, kProtocol, kClosed, kInvalid (an empty key) and kTooLarge, writes also with
  // kUnknownOutcome; other errors stand at the call. Calling one inside a callback is kInvalid.

  // Errors: kNotFound.
  Expected<Item> Get(std::string_view key);

  // As Get(), with the time the key has left. Errors: kNotFound.
  Expected<ItemWithTtl> GetWithTtl(std::string_view key);

  // Errors: kConflict if options.when did not hold; kInvalid for a TTL out of range.
  Expected<Written> Set(std::string_view key, std::string_view value,
                        const SetOptions& options = {});

  Expected<Written> SetWithTtl(std::string_view key, std::string_view value,
                               std::chrono::milliseconds ttl);

  // False: there was no such key.
  Expected<bool> Delete(std::string_view key);

  // Lets the key expire after `ttl` (from 1 ms on), or never when there is none. False: there is
  // no such key.
  Expected<bool> Expire(std::string_view key, std::optional<std::chrono::milliseconds> ttl);

  // Adds to the decimal integer that the key holds; an absent key counts as 0. The key keeps its
  // TTL. Errors: kInvalid if it holds something else or the sum leaves 64 bits.
  Expected<Counter> Increment(std::string_view key, std::int64_t delta = 1);

  // Sets the key if its version is `expected` (0: if it is absent). Errors: kConflict, with the
  // version that the key has.
  Expected<Written> CompareAndSet(std::string_view key, std::string_view value,
                                  std::uint64_t expected,
                                  std::optional<std::chrono::milliseconds> ttl = {});

  // One result per key, in order, as Get() and Set() would give them; the keys travel together.
  // Not atomic across keys. With a key given twice, either value may stay.
  std::vector<Expected<Item>> MultiGet(std::span<const std::string_view> keys);
  std::vector<Expected<Written>> MultiSet(std::span<const KeyAndValue> items,
                                          const SetOptions& options = {});

  // --- The cluster ------------------------------------------------------------------------------

  // The round trip to this one node ("host:port"), which need not be among the servers, nor of
  // their cluster, nor of any yet. Errors: kUnavailable, kTimeout if it does not answer.
  Expected<std::chrono::nanoseconds> Ping(std::string_view address);

  // The cluster as `address`, whatever cluster it is of, or any node of ours, sees it now.
  Expected<ClusterInfo> Topology(std::string_view address = {});

  // The figures of `address`, as above, or of any node of ours, as a JSON object.
  Expected<std::string> Stats(std::string_view address = {});

  // Adds a server to the ones to ask; it is used if it turns out to be of this cluster. Errors:
  // kInvalid for what is no address; kClosed.
  Expected<void> AddServer(std::string_view address);

  // Takes a server out: nothing more is sent to it, even if the cluster names it as a member,
  // until it is added again. Calls in flight to it may finish. Errors: as AddServer().
  Expected<void> RemoveServer(std::string_view address);

  // Every server known, given or learnt, in order of address. Empty on a closed client.
  std::vector<std::string> Servers() const;

  // Ends every call in flight (kClosed; a write that was sent: kUnknownOutcome), closes all
  // connections and stops the thread. Later calls end with kClosed. May be called more than once.
  void Close();

  // --- Asynchronous calls -----------------------------------------------------------------------
  // The same, pipelined: start as many as you like before taking the first result. At most 65,536
  // calls or 256 MiB of keys and values are in flight; beyond that, starting one waits for room
  // (except inside a callback, which must not wait).

  void GetAsync(std::string_view key, Callback<Item> done);
  void GetWithTtlAsync(std::string_view key, Callback<ItemWithTtl> done);
  void SetAsync(std::string_view key, std::string_view value, const SetOptions& options,
                Callback<Written> done);
  void DeleteAsync(std::string_view key, Callback<bool> done);
  void ExpireAsync(std::string_view key, std::optional<std::chrono::milliseconds> ttl,
                   Callback<bool> done);
  void IncrementAsync(std::string_view key, std::int64_t delta, Callback<Counter> done);
  void CompareAndSetAsync(std::string_view key, std::string_view value, std::uint64_t expected,
                          std::optional<std::chrono::milliseconds> ttl, Callback<Written> done);
  void PingAsync(std::string_view address, Callback<std::chrono::nanoseconds> done);

  template <class T>
  using Future = std::future<Expected<T>>;

  Future<Item> GetAsync(std::string_view key) {
    return AsFuture<Item>([&](auto done) { GetAsync(key, std::move(done)); });
  }
  Future<ItemWithTtl> GetWithTtlAsync(std::string_view key) {
    return AsFuture<ItemWithTtl>([&](auto done) { GetWithTtlAsync(key, std::move(done)); });
  }
  Future<Written> SetAsync(std::string_view key, std::string_view value,
                           const SetOptions& options = {}) {
    return AsFuture<Written>([&](auto done) { SetAsync(key, value, options, std::move(done)); });
  }
  Future<bool> DeleteAsync(std::string_view key) {
    return AsFuture<bool>([&](auto done) { DeleteAsync(key, std::move(done)); });
  }
  Future<bool> ExpireAsync(std::string_view key, std::optional<std::chrono::milliseconds> ttl) {
    return AsFuture<bool>([&](auto done) { ExpireAsync(key, ttl, std::move(done)); });
  }
  Future<Counter> IncrementAsync(std::string_view key, std::int64_t delta = 1) {
    return AsFuture<Counter>([&](auto done) { IncrementAsync(key, delta, std::move(done)); });
  }
  Future<Written> CompareAndSetAsync(std::string_view key, std::string_view value,
                                     std::uint64_t expected,
                                     std::optional<std::chrono::milliseconds> ttl = {}) {
    return AsFuture<Written>(
        [&](auto done) { CompareAndSetAsync(key, value, expected, ttl, std::move(done)); });
  }

 private:
  class Impl;
  explicit Client(std::unique_ptr<Impl> impl);

  template <class T, class Start>
  static Future<T> AsFuture(Start start) {
    auto promise = std::make_shared<std::promise<Expected<T>>>();
    Future<T> future = promise->get_future();
    start([promise](Expected<T> result) { promise->set_value(std::move(result)); });
    return future;
  }

  std::unique_ptr<Impl> impl_;
};

}  // namespace aegis
