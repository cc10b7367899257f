// ioredis against every node, in RESP2 and RESP3: node ioredis_test.mjs port port port

import Redis from 'ioredis';
import { run } from './scenario.mjs';

const ports = process.argv.slice(2).map(Number);

for (const protocol of [2, 3]) {
  const connections = ports.map((port) => new Redis({ host: '127.0.0.1', port, protocol }));
  await run(`ioredis${protocol}`, connections.map((redis) => ({
    call: (...words) => redis.call(...words),
    ping: () => redis.ping(),
    get: (key) => redis.get(key),
    set: (key, value) => redis.set(key, value),
    incr: (key) => redis.incr(key),
    ttl: (key) => redis.ttl(key),
    mGet: (keys) => redis.mget(keys),
  })));
  await Promise.all(connections.map((redis) => redis.quit()));
  console.log(`ioredis RESP${protocol}: as expected`);
}
