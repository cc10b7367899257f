// node-redis against every node, in RESP2 and RESP3: node node_redis_test.mjs port port port

import { createClient } from 'redis';
import { run } from './scenario.mjs';

const ports = process.argv.slice(2).map(Number);

for (const RESP of [2, 3]) {
  const connections = ports.map((port) => createClient({ socket: { host: '127.0.0.1', port }, RESP }));
  for (const client of connections) {
    client.on('error', (error) => { throw error; });
    await client.connect();
  }
  await run(`noderedis${RESP}`, connections.map((client) => ({
    call: (...words) => client.sendCommand(words),
    ping: () => client.ping(),
    get: (key) => client.get(key),
    set: (key, value) => client.set(key, value),
    incr: (key) => client.incr(key),
    ttl: (key) => client.ttl(key),
    mGet: (keys) => client.mGet(keys),
  })));
  await Promise.all(connections.map((client) => client.close()));
  console.log(`node-redis RESP${RESP}: as expected`);
}
