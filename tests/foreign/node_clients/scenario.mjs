// One scenario for every npm client, in the words that they share. A client is given as an object
// of promises: call(...words) sends any command, the others are the client's own methods.

import assert from 'node:assert/strict';

// `clients`: one connected client per node. `name` keeps the runs' keys apart.
export async function run(name, clients) {
  const key = (suffix) => `${name}:${suffix}`;
  const [one, two, three] = clients;

  assert.equal(await one.ping(), 'PONG');
  assert.equal(await one.set(key('a'), 'v'), 'OK');
  assert.equal(await two.get(key('a')), 'v');
  assert.equal(await three.get(key('none')), null);

  assert.equal(await two.call('SET', key('t'), 'v', 'EX', '600'), 'OK');
  const ttl = await three.ttl(key('t'));
  assert.ok(ttl > 500 && ttl <= 600, `ttl ${ttl}`);
  assert.equal(await three.call('SET', key('t'), 'w', 'NX'), null);

  assert.equal(await one.incr(key('n')), 1);
  assert.equal(await two.incr(key('n')), 2);
  assert.equal(await three.call('INCRBYFLOAT', key('n'), '0.5'), '2.5');
  await assert.rejects(one.incr(key('n')), /value is not an integer or out of range/);

  // Many keys over all shards, sent without waiting: replies come back in order.
  const count = 500;
  const indices = [...Array(count).keys()];
  await Promise.all(indices.map((i) => clients[i % 3].set(key(i), String(i))));
  const values = await Promise.all(indices.map((i) => clients[(i + 1) % 3].get(key(i))));
  assert.deepEqual(values, indices.map(String));
  assert.deepEqual(await one.mGet(indices.map(key)), indices.map(String));
  assert.equal(await two.call('DEL', ...indices.map(key)), count);
  assert.equal(await three.call('EXISTS', ...indices.map(key)), 0);

  const bytes = 'ü'.repeat(100_000);
  assert.equal(await one.set(key('large'), bytes), 'OK');
  assert.equal(await two.get(key('large')), bytes);

  assert.match(await one.call('INFO', 'server'), /redis_version:7\.0\.15/);
  await assert.rejects(one.call('NOSUCH', 'x'), /ERR unknown command 'NOSUCH'/);
  await assert.rejects(one.call('RENAME', 'a', 'b'), /CROSSSLOT/);
}
