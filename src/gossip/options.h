// Options: the tunable numbers of gossip. The defaults are what a node runs with; the
// tests and the simulator change single ones.

#pragma once

#include <chrono>

#include "base/time.h"

namespace aegis::gossip {

struct Options {
  // One member is probed per interval; a probe that nobody answered within it ends in suspicion.
  Duration probe_interval = std::chrono::milliseconds(500);
  // How long the direct ping has before others are asked to ping, and TCP is tried.
  Duration probe_timeout = std::chrono::milliseconds(200);
  int indirect_probes = 3;

  // A suspect is declared dead after between suspicion_mult * max(1, log10(n)) * probe_interval
  // and suspicion_max_mult times that. See suspicion.h for what comes out.
  int suspicion_mult = 4;
  int suspicion_max_mult = 6;

  // Timeouts grow up to this many times while this node seems to be the slow one.
  int awareness_max = 8;

  // A rumour is sent retransmit_mult * ceil(log10(n + 1)) times: on every ping and ack that goes
  // out anyway, and to rumour_fanout random members every rumour_interval while there are any.
  int retransmit_mult = 4;
  Duration rumour_interval = std::chrono::milliseconds(200);
  int rumour_fanout = 3;
  // How long a dead member still gets those, so that one which lives can refute.
  Duration rumours_to_the_dead = std::chrono::seconds(30);

  // Full state over TCP with a random live member. Beyond 32 members the interval grows by one
  // more of itself with every doubling, so that the load stays bounded.
  Duration push_pull_interval = std::chrono::seconds(15);
  // The same with a random dead one, and with every seed that is no live member, for ever:
  // so partitions heal however long they last.
  Duration dead_contact_interval = std::chrono::seconds(5);
  Duration seed_interval = std::chrono::seconds(10);
  // Until a seed has answered, and until the node is born, seeds are tried this often, with
  // doubling waits.
  Duration join_backoff_min = std::chrono::milliseconds(200);
  Duration join_backoff_max = std::chrono::seconds(2);

  // Dead and left members are forgotten after this long.
  Duration dead_retention = std::chrono::seconds(60);
  // A stream that was not answered for this long counts as failed.
  Duration stream_timeout = std::chrono::seconds(3);
};

}  // namespace aegis::gossip
