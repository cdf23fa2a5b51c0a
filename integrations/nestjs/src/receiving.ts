import { CHECK_AMOUNT, type MpesaEvent, type OrderBook } from './order-book';
import type { Secrets } from './signature';

/** What to answer to a signed event. 2xx means: taken for good. Anything else is sent again, for three days. */
export async function answerOf(
  orders: OrderBook, signer: keyof Secrets | undefined, eventId: string, event: MpesaEvent,
): Promise<{ status: number; said: string }> {
  // The simulator's secret says nothing about money, and the real one nothing about the simulator.
  if ((event.data.environment === 'simulator') !== (signer === 'check')) {
    return { status: 403, said: 'signed with the secret of another environment' };
  }
  const said = await orders.take(eventId, event);
  const status = { taken: 200, known: 200, 'unknown order': 404, 'not for this order': 403 }[said];
  return { status, said };
}

/** Where an order of a check stands; null for any other. Asking makes it known: unpaid, KES 150. */
export async function stateOf(
  orders: OrderBook, signer: keyof Secrets | undefined, orderId: unknown,
): Promise<{ status: string; times_paid: number } | null> {
  if (signer !== 'check' || typeof orderId !== 'string' || !/^CHECK-[\w-]{1,60}$/.test(orderId)) {
    return null;
  }
  await orders.add(orderId, CHECK_AMOUNT);
  const order = await orders.order(orderId);
  return order && { status: order.payment.toLowerCase(), times_paid: order.times_paid };
}

/** Whether a document has what is used of an event. */
export function isEvent(document: unknown): document is MpesaEvent {
  const event = document as Partial<MpesaEvent> | null;
  const data = event?.data;
  return (
    typeof event?.type === 'string' && typeof data === 'object' && data !== null && typeof data.order_id === 'string' &&
    typeof data.environment === 'string' && typeof data.received === 'number'
  );
}
