import { createHmac, timingSafeEqual } from 'node:crypto';

/** How far a signature's time may be from ours, in seconds. Every try of an event is signed anew. */
export const TOLERANCE_S = 300;

/** The secrets of a shop: `webhook` signs real events, `check` those of the simulator. At least one is set. */
export interface Secrets {
  webhook?: string;
  check?: string;
}

export type Headers = Record<string, string | string[] | undefined>;

/** Which of the secrets signed a body, null where none did, or too long ago. */
export function signedBy(secrets: Secrets, headers: Headers, body: Buffer, nowS = Date.now() / 1000): keyof Secrets | null {
  const id = one(headers['webhook-id']);
  const timestamp = one(headers['webhook-timestamp']);
  if (!id || !/^\d{1,12}$/.test(timestamp) || Math.abs(nowS - Number(timestamp)) > TOLERANCE_S) {
    return null;
  }
  const given = one(headers['webhook-signature']).split(' ').map((each) => Buffer.from(each));
  for (const name of ['webhook', 'check'] as const) {
    const secret = secrets[name];
    if (!secret) {
      continue;
    }
    const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
    const digest = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest('base64');
    const wanted = Buffer.from(`v1,${digest}`);
    if (given.some((each) => each.length === wanted.length && timingSafeEqual(each, wanted))) {
      return name;
    }
  }
  return null;
}

/** The secrets that the environment gives. Throws where it gives none: such a receiver would refuse everything. */
export function secretsOf(environment: NodeJS.ProcessEnv): Secrets {
  const secrets = { webhook: environment.MPESA_WEBHOOK_SECRET, check: environment.MPESA_CHECK_SECRET };
  for (const secret of Object.values(secrets)) {
    if (secret && (!secret.startsWith('whsec_') || Buffer.from(secret.slice(6), 'base64').length < 24)) {
      throw new Error('A secret is whsec_ and the base64 of at least 24 random bytes.');
    }
  }
  if (!secrets.webhook && !secrets.check) {
    throw new Error('Set MPESA_WEBHOOK_SECRET for real events, MPESA_CHECK_SECRET for those of the simulator.');
  }
  return secrets;
}

function one(header: string | string[] | undefined): string {
  return typeof header === 'string' ? header : '';
}
