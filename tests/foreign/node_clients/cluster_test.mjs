// The cluster modes of ioredis and node-redis: they ask for the slots and go to whoever leads them.

import assert from "node:assert/strict";

import Redis from "ioredis";
import { createCluster } from "redis";

const ports = process.argv.slice(2).map(Number);
const keys = Array.from({ length: 100 }, (_, i) => `cluster:${i}`);

const io = new Redis.Cluster(ports.map((port) => ({ host: "127.0.0.1", port })));
await Promise.all(keys.map((key) => io.set(key, key)));
assert.deepEqual(await Promise.all(keys.map((key) => io.get(key))), keys);
assert.equal(io.nodes("master").length, 3);
assert.deepEqual(await io.multi().set("{c}a", 1).incr("{c}a").exec(), [[null, "OK"], [null, 2]]);
await io.quit();
console.log("ioredis Cluster: as expected");

const node = createCluster({ rootNodes: ports.map((port) => ({ url: `redis://127.0.0.1:${port}` })) });
await node.connect();
assert.deepEqual(await Promise.all(keys.map((key) => node.get(key))), keys);
assert.equal(node.masters.length, 3);
assert.deepEqual(await node.multi().set("{c}b", "1").incr("{c}b").exec(), ["OK", 2]);
assert.equal(await node.del("{c}b"), 1);
await node.close();
console.log("node-redis cluster: as expected");
