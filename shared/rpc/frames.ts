import { z } from 'zod';
import { type Frame } from './types.ts';

/** Items a stream may be ahead of its reader. */
export const CREDIT_WINDOW = 8;
/** The reader grants this many items at once: fewer frames, and the producer never runs dry at a steady pace. */
export const CREDIT_BATCH = 4;
/** Calls one link may have running, cancelled ones included until their handlers have ended. */
export const MAX_CALLS = 1000;

const id = z.int().min(1);
/** `undefined` does not survive JSON: an absent value means undefined. */
const value = z.unknown().optional();

/** Frames are closed objects: anything more, less or other than these is a broken or hostile peer. */
const frame = z.discriminatedUnion('t', [
  z.strictObject({ t: z.literal('call'), id, method: z.string().max(100), input: value }),
  z.strictObject({ t: z.literal('next'), id, value }),
  z.strictObject({ t: z.literal('ok'), id, value }),
  z.strictObject({
    t: z.literal('err'),
    id,
    error: z.strictObject({ code: z.string(), message: z.string(), next: z.string().optional() }),
  }),
  z.strictObject({ t: z.literal('cancel'), id }),
  z.strictObject({ t: z.literal('credit'), id, n: z.int().min(1).max(CREDIT_WINDOW) }),
]);

/** The frame in `message`, or null when it is none. */
export function parseFrame(message: unknown): Frame | null {
  const parsed = frame.safeParse(message);
  if (!parsed.success) return null;
  const { data } = parsed;
  switch (data.t) {
    case 'call':
      return { t: 'call', id: data.id, method: data.method, input: data.input };
    case 'next':
    case 'ok':
      return { t: data.t, id: data.id, value: data.value };
    case 'err': {
      const { code, message, next } = data.error;
      return { t: 'err', id: data.id, error: { code, message, ...(next === undefined ? {} : { next }) } };
    }
    default:
      return data;
  }
}
