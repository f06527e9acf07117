// What an application sees of throng through Centrifugo's SDK for JavaScript: `node table.mjs URL API-KEY SECRET CASE`.
// It ends with 0 if all is as it should be.

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { createInterface } from 'node:readline';
import { Centrifuge, UnauthorizedError } from 'centrifuge';
import WebSocket from 'ws';

const [address, key, secret, name] = process.argv.slice(2);
const PATIENCE = 20_000;

/** The sockets that were opened, so that one can be cut. */
const sockets = [];
class Kept extends WebSocket {
  constructor(...all) {
    super(...all);
    sockets.push(this);
  }
}

/** The connection is gone without a close frame, as when a network is. */
const cut = () => sockets.at(-1)._socket.destroy();

const now = () => Math.floor(Date.now() / 1000);

function token(claims) {
  const encode = (part) => Buffer.from(JSON.stringify(part)).toString('base64url');
  const signed = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(claims)}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}

function client(options = {}) {
  const all = { websocket: Kept, minReconnectDelay: 50, maxReconnectDelay: 200, timeout: PATIENCE, ...options };
  return new Centrifuge(`ws://${address}/connection/websocket`, all);
}

/** A client that has connected. */
async function connected(user, options = {}) {
  const made = client({ token: token({ sub: user }), ...options });
  made.connect();
  await made.ready(PATIENCE);
  return made;
}

async function call(method, parameters) {
  const answer = await fetch(`http://${address}/api/${method}`, {
    method: 'POST',
    headers: { 'X-API-Key': key },
    body: JSON.stringify(parameters),
  });
  const { result, error } = await answer.json();
  assert.equal(error, undefined, `${method}: ${JSON.stringify(error)}`);
  return result;
}

/** The next event of this kind, as its context. */
function event(of, kind) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${kind} does not come`)), PATIENCE);
    of.once(kind, (context) => {
      clearTimeout(timer);
      resolve(context);
    });
  });
}

/** All publications of a subscription or client, as they come, and a wait for their number. */
function publications(of) {
  const all = [];
  let changed = () => {};
  of.on('publication', (context) => {
    all.push(context);
    changed();
  });
  all.reach = async (count) => {
    const deadline = Date.now() + PATIENCE;
    while (all.length < count) {
      assert.ok(Date.now() < deadline, `${all.length} of ${count} publications`);
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, 100);
        changed = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  };
  return all;
}

/** A subscription that is made. */
async function subscribed(of, channel, options) {
  const sub = of.newSubscription(channel, options);
  sub.on('error', ({ error }) => console.error(channel, error));
  const made = event(sub, 'subscribed');
  sub.subscribe();
  return [sub, await made];
}

async function fails(promise, code) {
  await assert.rejects(promise, (error) => {
    assert.equal(error.code, code, JSON.stringify(error));
    return true;
  });
}

const cases = {
  async publish() {
    const [ann, bob] = [await connected('ann', {}), await connected('bob')];
    const [ofAnn] = await subscribed(ann, 'chat:room');
    const [ofBob, context] = await subscribed(bob, 'chat:room');
    assert.equal(context.recoverable, false);
    const [atAnn, atBob] = [publications(ofAnn), publications(ofBob)];
    for (const data of [{ text: 'Hello\n"you" κόσμε' }, [], 'text', 7, null]) {
      await ofAnn.publish(data);
    }
    await call('publish', { channel: 'chat:room', data: { from: 'the back end' } });
    for (const heard of [atAnn, atBob]) {
      await heard.reach(6);
      const data = heard.map((publication) => publication.data);
      assert.deepEqual(data, [{ text: 'Hello\n"you" κόσμε' }, [], 'text', 7, null, { from: 'the back end' }]);
      assert.deepEqual([heard[0].info.user, heard[5].info], ['ann', undefined]);
    }
    ofAnn.unsubscribe();
    await ofBob.publish('later');
    await atBob.reach(7);
    assert.equal(atAnn.length, 6);
    const message = event(ann, 'message');
    await call('send', { user: 'ann', data: { only: 'you' } });
    assert.deepEqual((await message).data, { only: 'you' });
    await ann.send('nobody hears it');
  },

  async presence() {
    const ann = await connected('ann', { token: token({ sub: 'ann', info: { name: 'Ann' } }) });
    const [sub] = await subscribed(ann, 'chat:room', { joinLeave: true });
    // A client is told of itself, too.
    assert.equal((await event(sub, 'join')).info.user, 'ann');
    const joins = event(sub, 'join');
    const bob = await connected('bob');
    const chan = token({ sub: 'bob', channel: 'chat:room', info: { role: 'guest' }, exp: now() + 60 });
    await subscribed(bob, 'chat:room', { token: chan });
    const { info } = await joins;
    assert.deepEqual([info.user, info.chanInfo, info.connInfo], ['bob', { role: 'guest' }, undefined]);
    const { clients } = await sub.presence();
    const users = Object.values(clients).map(({ user }) => user).sort();
    assert.deepEqual(users, ['ann', 'bob']);
    const own = Object.values(clients).find(({ user }) => user === 'ann');
    assert.deepEqual([own.connInfo, own.chanInfo, clients[own.client]], [{ name: 'Ann' }, undefined, own]);
    assert.deepEqual(await sub.presenceStats(), { numClients: 2, numUsers: 2 });
    const listed = (await call('presence', { channel: 'chat:room' })).presence;
    assert.deepEqual(listed[info.client].chan_info, { role: 'guest' });
    assert.deepEqual(listed[own.client].conn_info, { name: 'Ann' });
    const leaves = event(sub, 'leave');
    bob.disconnect();
    assert.deepEqual((await leaves).info.client, info.client);
    assert.deepEqual(await sub.presenceStats(), { numClients: 1, numUsers: 1 });
  },

  async history() {
    const ann = await connected('ann');
    const [sub, { streamPosition }] = await subscribed(ann, 'news:a');
    for (let number = 1; number <= 5; number++) {
      await sub.publish({ number });
    }
    const numbers = ({ publications }) => publications.map(({ offset, data }) => [offset, data.number]);
    const all = await sub.history({ limit: -1 });
    assert.deepEqual([all.offset, all.epoch], [5, streamPosition.epoch]);
    assert.deepEqual(numbers(all), [1, 2, 3, 4, 5].map((number) => [number, number]));
    assert.equal(all.publications[0].info.user, 'ann');
    assert.deepEqual(numbers(await sub.history({ limit: 2, reverse: true })), [[5, 5], [4, 4]]);
    const since = { offset: 2, epoch: streamPosition.epoch };
    assert.deepEqual(numbers(await sub.history({ limit: 2, since })), [[3, 3], [4, 4]]);
    assert.deepEqual(numbers(await sub.history({ limit: 0 })), []);
    await fails(sub.history({ limit: 1, since: { offset: 2, epoch: '' } }), 112);
    await fails(sub.history({ limit: 1, since: { offset: 9, epoch: streamPosition.epoch } }), 112);
    const { publications } = await call('history', { channel: 'news:a', limit: 1 });
    assert.deepEqual(publications, [{ offset: 1, data: { number: 1 } }]);
  },

  async permissions() {
    const ann = await connected('ann');
    await fails(ann.rpc('method', {}), 104);
    await fails(ann.publish('chat:room', 1), 103);
    await fails(ann.publish('nowhere:room', 1), 102);
    await fails(ann.presence('chat:room'), 103);
    await fails(ann.history('news:a', { limit: 1 }), 103);
    await fails(ann.history('closed', { limit: 1 }), 103);
    for (const [channel, code] of [
      ['closed', 103], ['$private', 103], ['mine#bob', 103], ['nowhere:room', 102], ['x'.repeat(256), 107],
    ]) {
      const sub = ann.newSubscription(channel);
      const ends = event(sub, 'unsubscribed');
      sub.subscribe();
      assert.equal((await ends).code, code, channel);
      ann.removeSubscription(sub);
    }
    const info = { long: 'x'.repeat(600) };
    const long = ann.newSubscription('chat:long', { token: token({ sub: 'ann', channel: 'chat:long', info }) });
    const refused = event(long, 'unsubscribed');
    long.subscribe();
    assert.equal((await refused).code, 106);
    await subscribed(ann, 'mine#bob,ann');
    await subscribed(ann, '$private', { token: token({ sub: 'ann', channel: '$private' }) });
    const others = ann.newSubscription('closed:by-token', { token: token({ sub: 'bob', channel: 'closed:by-token' }) });
    const ends = event(others, 'unsubscribed');
    others.subscribe();
    assert.equal((await ends).code, 102);
    for (const [bad, code] of [[token({ sub: 'ann' }) + 'x', 3500], ['', 3507]]) {
      const stranger = client({ token: bad });
      const ended = event(stranger, 'disconnected');
      stranger.connect();
      assert.equal((await ended).code, code);
    }
  },

  async recovery() {
    const ann = await connected('ann');
    const [sub] = await subscribed(ann, 'news:a');
    const heard = publications(sub);
    await call('publish', { channel: 'news:a', data: 1 });
    await heard.reach(1);
    for (let round = 0; round < 5; round++) {
      const [gone, back] = [event(sub, 'subscribing'), event(sub, 'subscribed')];
      cut();
      await gone;
      for (let more = 0; more < 3; more++) {
        await call('publish', { channel: 'news:a', data: 2 + round * 3 + more });
      }
      const context = await back;
      assert.deepEqual([context.wasRecovering, context.recovered], [true, true], JSON.stringify(context));
    }
    await call('publish', { channel: 'news:a', data: 17 });
    await heard.reach(17);
    assert.deepEqual(heard.map(({ offset, data }) => [offset, data]), Array.from({ length: 17 }, (_, at) => [at + 1, at + 1]));

    // More than the history holds.
    const [gone, back] = [event(sub, 'subscribing'), event(sub, 'subscribed')];
    cut();
    await gone;
    for (let more = 0; more < 60; more++) {
      await call('publish', { channel: 'news:a', data: 100 + more });
    }
    const context = await back;
    if (context.recovered) {
      // It was back before they were more than that.
      await heard.reach(77);
    } else {
      assert.deepEqual(context.data.unrecovered.reason, 'trimmed', JSON.stringify(context));
    }
    const again = event(sub, 'subscribed');
    await call('history_remove', { channel: 'news:a' });
    const removed = await again;
    assert.deepEqual([removed.recovered, removed.data.unrecovered.reason], [false, 'epoch_changed']);
  },

  async restart() {
    const ann = await connected('ann');
    const [sub, before] = await subscribed(ann, 'news:a');
    const heard = publications(sub);
    await sub.publish(1);
    await heard.reach(1);
    const back = event(sub, 'subscribed');
    console.log('restart');
    const context = await back;
    assert.deepEqual([context.wasRecovering, context.recovered], [true, false]);
    assert.equal(context.data.unrecovered.reason, 'epoch_changed');
    assert.notEqual(context.streamPosition.epoch, before.streamPosition.epoch);
    await sub.publish(2);
    await heard.reach(2);
    assert.deepEqual(heard.map(({ offset, data }) => [offset, data]), [[1, 1], [1, 2]]);
  },

  async tokens() {
    let asked = 0;
    const ann = client({
      token: token({ sub: 'ann', exp: now() - 60 }),
      getToken: async () => token({ sub: 'ann', exp: now() + (++asked < 3 ? 2 : 60) }),
    });
    let ends = 0;
    ann.on('disconnected', () => ends++);
    ann.on('connecting', ({ code }) => (ends += code === 0 ? 0 : 1));
    ann.connect();
    await ann.ready(PATIENCE);
    assert.equal(asked, 1, 'the expired token is replaced');
    let subs = 0;
    const getToken = async ({ channel }) => token({ sub: 'ann', channel, exp: now() + (++subs < 3 ? 2 : 60) });
    const [sub] = await subscribed(ann, '$private', { getToken });
    const heard = publications(sub);
    while (asked < 3 || subs < 3) {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    await call('publish', { channel: '$private', data: 1 });
    await heard.reach(1);
    assert.deepEqual([ends, sub.state], [0, 'subscribed']);

    // Who gets no new token ends: for the connection after the grace, which is short here.
    const late = client({ token: token({ sub: 'late', exp: now() + 2 }), getToken: async () => { throw new UnauthorizedError('no'); } });
    const ended = event(late, 'disconnected');
    late.connect();
    assert.equal((await ended).reason, 'unauthorized');
  },

  async server_side() {
    const subs = { 'news:by-token': { info: { role: 'reader' } } };
    const ann = client({ token: token({ sub: 'ann', channels: ['chat:by-token'], subs }) });
    const heard = publications(ann);
    const made = [];
    ann.on('subscribed', ({ channel, recovered }) => made.push([channel, recovered]));
    ann.connect();
    await ann.ready(PATIENCE);
    assert.deepEqual(made.sort(), [['chat:by-token', false], ['news:by-token', false]]);
    await call('publish', { channel: 'news:by-token', data: 1 });
    await heard.reach(1);
    const back = event(ann, 'connected');
    const gone = event(ann, 'connecting');
    cut();
    await gone;
    await call('publish', { channel: 'news:by-token', data: 2 });
    await back;
    assert.deepEqual(made.slice(2).sort(), [['chat:by-token', false], ['news:by-token', true]]);
    await heard.reach(2);
    assert.deepEqual(heard.map(({ channel, offset, data }) => [channel, offset, data]), [['news:by-token', 1, 1], ['news:by-token', 2, 2]]);

    const subscribed = event(ann, 'subscribed');
    await call('subscribe', { user: 'ann', channel: 'chat:by-api' });
    assert.equal((await subscribed).channel, 'chat:by-api');
    await call('publish', { channel: 'chat:by-api', data: 3 });
    await heard.reach(3);
    const unsubscribed = event(ann, 'unsubscribed');
    await call('unsubscribe', { user: 'ann', channel: 'chat:by-api' });
    assert.equal((await unsubscribed).channel, 'chat:by-api');
    const [sub] = await newSubscribed(ann, 'chat:own');
    const ends = event(sub, 'unsubscribed');
    await call('unsubscribe', { user: 'ann', channel: 'chat:own' });
    assert.equal((await ends).code, 2000);
    const ended = event(ann, 'disconnected');
    await call('disconnect', { user: 'ann' });
    assert.equal((await ended).code, 3503);
  },

  async limit() {
    const ann = await connected('ann');
    const all = Array.from({ length: 500 }, (_, at) => ann.newSubscription(`chat:${at}`));
    const outcomes = all.map((sub) => Promise.race([
      event(sub, 'subscribed').then(() => 0), event(sub, 'unsubscribed').then(({ code }) => code),
    ]));
    for (const sub of all) {
      sub.subscribe();
    }
    const codes = await Promise.all(outcomes);
    assert.equal(codes.filter((code) => code === 0).length, 128);
    assert.equal(codes.filter((code) => code === 106).length, 372);
    assert.equal(ann.state, 'connected');
  },

  // The back end is examples/back_end.py.
  async hooks() {
    const ann = client({ data: { name: 'ann' } });
    const first = event(ann, 'publication');
    ann.connect();
    await ann.ready(PATIENCE);
    await ann.send({ text: 'hello' });
    const { channel, data } = await first;
    assert.deepEqual([channel, data], ['lobby', { from: 'ann', said: { text: 'hello' } }]);
    const [tea] = await subscribed(ann, 'ask:tea');
    const heard = publications(tea);
    await tea.publish({ text: 'hi' });
    await heard.reach(1);
    assert.deepEqual(heard[0].data, { from: 'ann', said: { text: 'hi' } });
    await fails(tea.publish(''), 1000);
    const staff = ann.newSubscription('ask:staff');
    const refused = event(staff, 'unsubscribed');
    staff.subscribe();
    const { code, reason } = await refused;
    assert.deepEqual([code, reason], [403, 'ann is not one of the staff']);
    assert.equal((await ann.rpc('double', 21)).data, 42);
    await fails(ann.rpc('nothing', null), 404);
    assert.equal(ann.state, 'connected');
  },

  async crowd() {
    const ann = await connected('ann');
    const [first] = await subscribed(ann, 'news:crowd');
    const all = await Promise.all(Array.from({ length: 50 }, async (_, at) => {
      const one = await connected(`user-${at}`);
      return publications((await subscribed(one, 'news:crowd'))[0]);
    }));
    for (let number = 1; number <= 40; number++) {
      await first.publish(number);
    }
    const expected = Array.from({ length: 40 }, (_, at) => [at + 1, at + 1]);
    for (const heard of all) {
      await heard.reach(40);
      assert.deepEqual(heard.map(({ offset, data }) => [offset, data]), expected);
    }
  },
};

const newSubscribed = subscribed;
const run = cases[name];
assert.ok(run, `there is no case ${name}`);
createInterface({ input: process.stdin }).on('line', () => {});
await Promise.race([run(), new Promise((_, reject) => setTimeout(() => reject(new Error('too slow')), 3 * PATIENCE).unref())]);
process.exit(0);
