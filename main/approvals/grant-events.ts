import { z } from 'zod';
import { personSchema } from './signed-event.ts';

/** Topics of the hub, and with them types of signatures (`countersign-grant+jws`). */
export const GRANT = 'grant';
export const GRANT_END = 'grant-end';

const name = z.string().min(1).max(200);
const instant = z.iso.datetime({ precision: 3 });
const common = { v: z.literal(1), scope: z.string().max(100), nonce: z.string().min(22).max(100) };

/** What somebody signs who takes a grant. Its id is the SHA-256 of these bytes. */
export const takenSchema = z
  .strictObject({
    ...common,
    grant: name,
    connection: name,
    person: personSchema,
    from: instant,
    until: instant,
    reason: z.string().max(2_000).optional(),
    /** SHA-256 of the policy by which it was taken, hex. */
    policy: z.string().max(64),
    /** When they had last proved again who they are. */
    steppedUpAt: instant.optional(),
  })
  .refine(({ from, until }) => Date.parse(from) < Date.parse(until));
export type Taken = z.infer<typeof takenSchema>;

/** What somebody signs who ends one. */
export const endedSchema = z.strictObject({
  ...common,
  /** Id of the grant. */
  grant: z.string().regex(/^[0-9a-f]{64}$/),
  by: personSchema,
  at: instant,
  why: z.string().max(500),
});
export type Ended = z.infer<typeof endedSchema>;
