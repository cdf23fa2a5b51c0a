import { PGlite, type Transaction } from '@electric-sql/pglite';

/** An event as mpesa posts it; of `data` only what is used here. */
export interface MpesaEvent {
  type: string;
  data: {
    order_id: string;
    payment_id: string;
    environment: 'simulator' | 'sandbox' | 'production';
    received: number;
    receipt: string | null;
  };
}

export interface Order {
  id: string;
  amount: number;
  payment: 'UNPAID' | 'PAID' | 'REFUNDED';
  status: 'PENDING' | 'CONFIRMED' | 'RELEASED';
  receipt: string | null;
  times_paid: number;
  note: string | null;
}

/** `taken`, or why it was not: `unknown order` is to be sent again. */
export type Taken = 'taken' | 'known' | 'unknown order' | 'not for this order';

export const CHECK_AMOUNT = 150;

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS orders (
    id text PRIMARY KEY,
    amount numeric NOT NULL CHECK (amount > 0),
    payment text NOT NULL DEFAULT 'UNPAID',
    status text NOT NULL DEFAULT 'PENDING',
    receipt text UNIQUE,
    times_paid integer NOT NULL DEFAULT 0,
    note text
  );
  CREATE TABLE IF NOT EXISTS mpesa_events (
    id text PRIMARY KEY,
    type text NOT NULL,
    order_id text NOT NULL REFERENCES orders (id),
    taken_at timestamptz NOT NULL DEFAULT now()
  );`;

/** The shop's orders in PostgreSQL. An event and what it changes are one transaction, and an event's id is unique. */
export class OrderBook {
  private constructor(private readonly db: PGlite) {}

  /** Open the orders in a folder, or in memory. */
  static async open(folder?: string): Promise<OrderBook> {
    const db = new PGlite(folder);
    await db.exec(SCHEMA);
    return new OrderBook(db);
  }

  async close(): Promise<void> {
    await this.db.close();
  }

  async add(id: string, amount: number): Promise<void> {
    await this.db.query('INSERT INTO orders (id, amount) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING', [id, amount]);
  }

  async order(id: string): Promise<Order | null> {
    const found = await this.db.query<Order>('SELECT * FROM orders WHERE id = $1', [id]);
    return found.rows[0] ?? null;
  }

  /** Take one event, whatever it says, at most once. */
  async take(eventId: string, event: MpesaEvent): Promise<Taken> {
    const { order_id: orderId, environment } = event.data;
    // Nothing that the simulator pays is money: it may change orders of a check, and no others.
    if (environment === 'simulator' && !orderId.startsWith('CHECK-')) {
      return 'not for this order';
    }
    return this.db.transaction(async (tx) => {
      const order = (await tx.query<Order>('SELECT * FROM orders WHERE id = $1 FOR UPDATE', [orderId])).rows[0];
      if (!order) {
        return 'unknown order';
      }
      const fresh = await tx.query(
        'INSERT INTO mpesa_events (id, type, order_id) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING RETURNING id',
        [eventId, event.type, orderId],
      );
      if (fresh.rows.length === 0) {
        return 'known';
      }
      await change(tx, order, event);
      return 'taken';
    });
  }
}

async function change(tx: Transaction, order: Order, event: MpesaEvent): Promise<void> {
  const { received, receipt } = event.data;
  switch (event.type) {
    case 'order.paid':
      if (Number(order.amount) !== received) {
        await tx.query('UPDATE orders SET note = $2 WHERE id = $1', [
          order.id, `KES ${received} came for an order of KES ${order.amount}: somebody must look`,
        ]);
        return;
      }
      // Also after "unpaid": the money came late. Never after a refund, and never twice.
      await tx.query(
        `UPDATE orders SET payment = 'PAID', status = 'CONFIRMED', receipt = $2, times_paid = times_paid + 1
         WHERE id = $1 AND payment = 'UNPAID'`,
        [order.id, receipt],
      );
      return;
    case 'order.refunded':
      await tx.query(`UPDATE orders SET payment = 'REFUNDED' WHERE id = $1`, [order.id]);
      return;
    case 'order.unpaid':
      await tx.query(`UPDATE orders SET status = 'RELEASED' WHERE id = $1 AND payment = 'UNPAID'`, [order.id]);
      return;
    case 'order.review':
    case 'order.partial':
    case 'order.overpaid':
      await tx.query('UPDATE orders SET note = $2 WHERE id = $1', [order.id, `${event.type}: somebody must look`]);
      return;
    default: // a type of later times, or one that changes nothing here
  }
}
