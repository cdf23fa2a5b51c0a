import express from 'express';
import { OrderBook } from './order-book';
import { answerOf, isEvent, stateOf } from './receiving';
import { type Secrets, secretsOf, signedBy } from './signature';

/** The same receiver as a router of Express. The body is read as bytes: what was signed is the bytes. */
export function mpesaEvents(secrets: Secrets, orders: OrderBook): express.Router {
  const router = express.Router();
  router.use(express.raw({ type: () => true, limit: '64kb' }));
  router.use((request, response, next) => {
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    const by = signedBy(secrets, request.headers, body);
    if (by === null) {
      response.status(401).json({ said: 'not signed by mpesa' });
      return;
    }
    response.locals.signer = by;
    next();
  });
  router.post('/', async (request, response) => {
    let event: unknown;
    try {
      event = JSON.parse(String(request.body));
    } catch {
      event = null;
    }
    if (!isEvent(event)) {
      response.status(400).json({ said: 'no event' });
      return;
    }
    const { status, said } = await answerOf(orders, response.locals.signer, String(request.headers['webhook-id']), event);
    response.status(status).json({ said });
  });
  router.get('/', async (request, response) => {
    const state = await stateOf(orders, response.locals.signer, request.query.order);
    response.status(state ? 200 : 404).json(state ?? {});
  });
  return router;
}

/** The shop of main.ts, in Express. */
async function main(): Promise<void> {
  const orders = await OrderBook.open(process.env.SHOP_DATA ?? 'data');
  const app = express();
  app.use('/mpesa/events', mpesaEvents(secretsOf(process.env), orders));
  app.post('/orders', express.json(), async (request, response) => {
    await orders.add(String(request.body.id), Number(request.body.amount));
    response.status(201).json(await orders.order(String(request.body.id)));
  });
  app.get('/orders/:id', async (request, response) => {
    const order = await orders.order(request.params.id);
    response.status(order ? 200 : 404).json(order ?? {});
  });
  const port = Number(process.env.PORT ?? 3000);
  app.listen(port, '127.0.0.1', () => console.log(`The shop is at http://127.0.0.1:${port}`));
}

if (require.main === module) {
  void main();
}
