// ConnectionPool: the servers this client knows and the connections it has to them.
//
// A connection is dialled when a call wants it, takes calls while it is ready, and is retired
// when it seems stuck, leads to somebody else or its server was removed: it gets no new calls and
// is closed with its last one. A server that failed is not dialled again for a while, the longer
// the more often it failed in a row. Dialling ends when it is known who answers (introduction.h).
//
// Pure; owned by the dispatcher. Pointers to connections are valid until the next call that takes
// Effects.

#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "base/rng.h"
#include "base/time.h"
#include "client/core/effects.h"
#include "client/core/options.h"
#include "client/core/pipeline.h"
#include "client/core/reply_reader.h"
#include "model/ids.h"

namespace aegis::client {

struct Connection {
  enum class State : std::uint8_t { kDialling, kReady, kRetired };

  ConnectionId id = 0;
  std::string address;
  State state = State::kDialling;
  TimePoint dial_ends;      // kDialling: given up then.
  bool connected = false;   // kDialling: what is missing is to hear who answers.
  Bytes introduction;       // To be written before anything else.
  NodeId node;              // kReady: who answers.
  TimePoint last_received;  // Of the last byte.
  Pipeline pipeline;
  ReplyReader reader;
};

class ConnectionPool {
 public:
  explicit ConnectionPool(const Options& options);

  // --- Servers ----------------------------------------------------------------------------------
  void AddServer(const std::string& address);
  void RemoveServer(const std::string& address, Effects& effects);
  // The cluster's members: asked for keys like the servers that were given.
  void SetMembers(const std::vector<std::string>& addresses);
  // A redirect named this one; a member until the next SetMembers().
  void LearnMember(const std::string& address);
  std::vector<std::string> Servers() const;

  // --- Choosing ---------------------------------------------------------------------------------
  // Whether keys may be asked of this server.
  bool Lists(const std::string& address) const;
  // Whether the user named it, as a seed or by AddServer(), and has not removed it.
  bool IsGiven(const std::string& address) const;

  // The ready connection to this server that has least to do; nullptr: there is none. Of a listed
  // server one more is dialled when there is none or all are busy, unless it is avoided.
  Connection* PickAt(const std::string& address, TimePoint now, Effects& effects);

  // The same of any listed server with a ready connection, one not avoided if possible.
  Connection* PickAny(TimePoint now, Rng& rng, Effects& effects);

  // Dials some listed servers; `insist`: avoided ones too if all are. False: no dial is under way.
  bool DialAny(bool insist, TimePoint now, Rng& rng, Effects& effects);

  // Makes sure that this one server is being dialled, whatever we think of it.
  void DialAt(const std::string& address, TimePoint now, Effects& effects);
  bool IsDialling(const std::string& address) const;

  bool AnyReady() const { return ready_ > 0; }

  // --- Events -----------------------------------------------------------------------------------
  // nullptr: unknown, or hung up before.
  Connection* Find(ConnectionId id);

  // From now on the connection takes calls. REQUIRES: kDialling.
  void Admit(Connection& connection, NodeId node, TimePoint now);

  // Somebody else answers there: retires the connection and avoids its server. Settle() it when
  // it has the calls that do not mind. REQUIRES: kDialling.
  void Refuse(Connection& connection, TimePoint now);

  // Forgets the connection and avoids its server. Returns the calls that waited on it.
  std::vector<Pipeline::Waiting> Drop(Connection& connection, TimePoint now);

  // The server let a call that was sent at `since` run out of time. Retires its connections that
  // brought nothing since then; if there are any, the server is avoided.
  void OnSilence(const std::string& address, TimePoint since, TimePoint now, Effects& effects);

  // Closes the connection if nothing waits on it and nothing new will come.
  void Settle(Connection& connection, Effects& effects);

  std::vector<ConnectionId> DialsEndingBy(TimePoint now) const;
  TimePoint NextDialEnd() const;
  std::vector<ConnectionId> All() const;

 private:
  struct Server {
    bool given = false;     // A seed, or added.
    bool member = false;    // Learnt from the cluster.
    bool excluded = false;  // Removed: never used until it is added again.
    unsigned failures = 0;  // In a row.
    TimePoint avoid_until = TimePoint::min();
    std::vector<ConnectionId> connections;  // Dialling and ready ones.

    bool Listed() const { return (given || member) && !excluded; }
  };

  const Server* FindServer(const std::string& address) const;
  void Dial(const std::string& address, Server& server, TimePoint now, Effects& effects);
  void Retire(Connection& connection, Effects& effects);
  void Fail(Server& server, TimePoint now);
  void Detach(const Connection& connection);
  Connection* LeastLoaded(const Server& server);
  bool HasDial(const Server& server) const;
  void ForgetIfUseless(const std::string& address);

  const Options& options_;
  std::map<std::string, Server> servers_;
  std::map<ConnectionId, Connection> connections_;
  ConnectionId last_id_ = 0;
  std::size_t ready_ = 0;     // Connections in kReady whose server is listed or not.
  std::size_t dialling_ = 0;  // Connections in kDialling.
};

}  // namespace aegis::client
