// The order book and the signature, without HTTP. `npm run build` first.
const assert = require('node:assert/strict');
const { createHmac } = require('node:crypto');
const { after, beforeEach, test } = require('node:test');
const { OrderBook } = require('../dist/order-book');
const { answerOf, stateOf } = require('../dist/receiving');
const { secretsOf, signedBy } = require('../dist/signature');

const KEY = Buffer.alloc(32, 7);
const SECRET = `whsec_${KEY.toString('base64')}`;

function event(type, order, more = {}) {
  return { type, data: { order_id: order, payment_id: 'PAY-1', environment: 'production', received: 150, receipt: `R-${order}`, ...more } };
}

const opening = OrderBook.open();
let orders;
let id; // of the order that a test is about

beforeEach(async () => {
  orders = await opening;
  id = `order-${(Number(id?.slice(6) ?? 0) + 1)}`;
  await orders.add(id, 150);
});
after(() => orders.close());

test('an order is PAID and CONFIRMED by its event, once', async () => {
  const took = [];
  for (const each of [`${id}.1`, `${id}.1`, `${id}.2`]) {
    took.push(await orders.take(each, event('order.paid', id)));
  }
  assert.deepEqual(took, ['taken', 'known', 'taken']);
  const { payment, status, times_paid: times, receipt } = await orders.order(id);
  assert.deepEqual([payment, status, times, receipt], ['PAID', 'CONFIRMED', 1, `R-${id}`]);
});

test('many at once pay once', async () => {
  await Promise.all(Array.from({ length: 20 }, () => orders.take(`${id}.1`, event('order.paid', id))));
  assert.equal((await orders.order(id)).times_paid, 1);
});

test('an order that is not there yet is refused, and taken once it is there', async () => {
  assert.equal((await answerOf(orders, 'webhook', `${id}.1`, event('order.paid', 'later'))).status, 404);
  await orders.add('later', 150);
  assert.equal((await answerOf(orders, 'webhook', `${id}.1`, event('order.paid', 'later'))).status, 200);
  assert.equal((await orders.order('later')).payment, 'PAID');
});

test('a refund that overtakes its payment stays a refund', async () => {
  await orders.take(`${id}.2`, event('order.refunded', id, { received: 0 }));
  await orders.take(`${id}.1`, event('order.paid', id));
  assert.deepEqual([(await orders.order(id)).payment, (await orders.order(id)).times_paid], ['REFUNDED', 0]);
});

test('an order that was let go is confirmed when it is paid after all', async () => {
  await orders.take(`${id}.1`, event('order.unpaid', id, { received: 0 }));
  assert.equal((await orders.order(id)).status, 'RELEASED');
  await orders.take(`${id}.2`, event('order.paid', id));
  assert.equal((await orders.order(id)).status, 'CONFIRMED');
});

test('another amount pays nothing and is noted', async () => {
  await orders.take(`${id}.1`, event('order.paid', id, { received: 100 }));
  const order = await orders.order(id);
  assert.equal(order.payment, 'UNPAID');
  assert.match(order.note, /KES 100 came/);
});

test('what the simulator pays marks orders of a check alone', async () => {
  const simulated = event('order.paid', id, { environment: 'simulator' });
  assert.equal((await answerOf(orders, 'check', `${id}.1`, simulated)).status, 403);
  assert.equal((await answerOf(orders, 'webhook', `${id}.1`, simulated)).status, 403);
  assert.equal((await answerOf(orders, 'check', `${id}.1`, event('order.paid', id))).status, 403);
  assert.equal((await orders.order(id)).payment, 'UNPAID');
  assert.equal(await stateOf(orders, 'check', id), null);
  assert.equal(await stateOf(orders, 'webhook', 'CHECK-1'), null);
  assert.deepEqual(await stateOf(orders, 'check', 'CHECK-1'), { status: 'unpaid', times_paid: 0 });
});

test('only what a secret signed just now is signed', () => {
  const body = Buffer.from('{"a":1}');
  const signature = `v1,${createHmac('sha256', KEY).update('evt_1.1000.').update(body).digest('base64')}`;
  const headers = { 'webhook-id': 'evt_1', 'webhook-timestamp': '1000', 'webhook-signature': signature };
  assert.equal(signedBy({ webhook: SECRET }, headers, body, 1000), 'webhook');
  assert.equal(signedBy({ check: SECRET }, headers, body, 1300), 'check');
  assert.equal(signedBy({ webhook: SECRET }, headers, body, 1301), null);
  assert.equal(signedBy({ webhook: SECRET }, headers, Buffer.from('{"a":2}'), 1000), null);
  assert.equal(signedBy({ webhook: SECRET }, { ...headers, 'webhook-signature': '' }, body, 1000), null);
  assert.equal(signedBy({ webhook: `whsec_${Buffer.alloc(32, 8).toString('base64')}` }, headers, body, 1000), null);
  assert.equal(signedBy({}, headers, body, 1000), null);
});

test('a shop without a secret does not start', () => {
  assert.throws(() => secretsOf({}), /MPESA_WEBHOOK_SECRET/);
  assert.throws(() => secretsOf({ MPESA_CHECK_SECRET: 'hunter2' }), /whsec_/);
});
