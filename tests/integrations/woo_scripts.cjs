// The plugin's two scripts in a browser of stand-ins: what they register, send and show. Run by node with their folder.
const assert = require('node:assert/strict');
const { readFileSync } = require('node:fs');
const { join } = require('node:path');
const vm = require('node:vm');

const read = (name) => readFileSync(join(process.argv[2], name), 'utf8');

function blocks(typed) {
  let registered;
  let setup;
  const state = [typed, () => {}];
  const window = {
    wc: {
      wcBlocksRegistry: { registerPaymentMethod: (method) => { registered = method; } },
      wcSettings: { getSetting: () => ({ title: 'Lipa', description: 'On your phone' }) },
    },
    wp: { element: { createElement: (type, props, ...inner) => ({ type, props, inner }), useEffect: (run) => run(), useState: () => state } },
  };
  vm.runInNewContext(read('blocks.js'), { window });
  const responseTypes = { SUCCESS: 'success', ERROR: 'error' };
  const drawn = registered.content.type({
    eventRegistration: { onPaymentSetup: (run) => { setup = run; } }, emitResponse: { responseTypes },
  });
  return { registered, drawn, answer: JSON.parse(JSON.stringify(setup())) };
}

async function wait(answers) {
  const asked = [];
  const later = [];
  const words = { textContent: '' };
  let click;
  const button = { hidden: true, addEventListener: (_, run) => { click = run; } };
  const section = { dataset: { url: '/orders/1?key=k' }, querySelector: (what) => (what === 'button' ? button : words) };
  const fetch = async (url, { method }) => {
    asked.push(`${method} ${url}`);
    const next = answers.shift();
    if (next === 'gone') {
      throw new Error('no network');
    }
    return { ok: true, json: async () => next };
  };
  vm.runInNewContext(read('wait.js'), { document: { getElementById: () => section }, fetch, setTimeout: (run, ms) => later.push([run, ms]) });
  const settle = () => new Promise((done) => setImmediate(done));
  await settle();
  return { asked, later, words, button, settle, click: () => click() };
}

(async () => {
  const right = blocks('0712 345 678');
  assert.equal(right.registered.name, 'mpesa_cli');
  assert.equal(right.registered.label, 'Lipa');
  assert.deepEqual(right.answer, { type: 'success', meta: { paymentMethodData: { mpesa_phone: '0712 345 678' } } });
  assert.equal(blocks('12345').answer.type, 'error');
  assert.ok(JSON.stringify(right.drawn).includes('mpesa-phone'));

  const page = await wait(['gone', { paid: false, again: true, words: 'Not paid yet' }, { paid: false, again: false, words: 'Look at your phone' },
    { paid: true, again: false, words: 'Paid' }]);
  assert.equal(page.later.length, 1);
  assert.equal(page.later[0][1], 3000);
  page.later[0][0]();
  await page.settle();
  assert.equal(page.words.textContent, 'Not paid yet');
  assert.equal(page.button.hidden, false);
  page.click();
  await page.settle();
  assert.equal(page.button.hidden, true);
  assert.equal(page.asked.at(-1), 'POST /orders/1?key=k');
  page.later[1][0]();
  await page.settle();
  assert.equal(page.words.textContent, 'Paid');
  assert.equal(page.later.length, 2, 'it ends once it is paid');
  console.log('both scripts hold');
})();
