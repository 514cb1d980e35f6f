import { type Hub, type StoredEvent } from './hub.ts';
import { endedSchema, GRANT, GRANT_END, takenSchema } from './grant-events.ts';
import { type Grant } from './grants.ts';
import { readEvent, scopeOf, type Sealing, type Signer } from './signed-event.ts';

/** A grant whose signature holds. Whether it is in force is another question. */
export interface KnownGrant {
  readonly grant: Grant;
  /** ms since 1970. */
  readonly from: number;
  readonly until: number;
  readonly steppedUpAt?: number;
  readonly signer: Signer;
}

/** An end whose signature holds. Whether its signer may end the grant is another question. */
export interface KnownEnd {
  /** Id of the hub's event. */
  readonly event: string;
  /** Id of the grant. */
  readonly grant: string;
  readonly by: Signer;
  readonly at: string;
  readonly why: string;
}

/** What the hub holds of grants, as far as signatures prove it. */
export interface GrantLedger {
  /**
   * Takes in what is new. @returns true where the hub is another one than before: an older copy, or one put in its place.
   * @throws CountersignError `hub-*`
   */
  refresh(): Promise<boolean>;
  /** Those not over at the last refresh, oldest first. */
  grants(): Iterable<KnownGrant>;
  /** Its ends, in the hub's order. What was once seen stays, whatever becomes of the hub. */
  endsOf(id: string): readonly KnownEnd[];
}

/** Events read at once. */
const BATCH = 200;
/** An end older than this, ms, ends nothing that could still be in force: no policy gives a grant for longer than a day. */
const LONGEST = 2 * 24 * 3_600_000;

export function createGrantLedger(hub: Hub, sealing: Sealing, now: () => number): GrantLedger {
  const scope = scopeOf(sealing);
  const ends = new Map<string, KnownEnd[]>();
  const known = new Set<string>();
  let grants = new Map<string, KnownGrant>();
  let last: StoredEvent | undefined;
  let reading: Promise<boolean> = Promise.resolve(false);

  async function take(event: StoredEvent): Promise<void> {
    if (event.topic === GRANT) await takeGrant(event);
    else if (event.topic === GRANT_END) await takeEnd(event);
  }

  async function takeGrant(event: StoredEvent): Promise<void> {
    const read = readEvent(event, takenSchema, sealing);
    if (read === undefined) return;
    const { content, digest } = read;
    const [from, until] = [Date.parse(content.from), Date.parse(content.until)];
    // What is over needs no proof any more.
    if (content.scope !== scope || until <= now() || grants.has(digest)) return;
    const signer = await read.verify(content.person, new Date(from));
    if (signer === undefined) return;
    const { issuer, subject, name, email } = signer;
    grants.set(digest, {
      grant: {
        id: digest,
        name: content.grant,
        person: { issuer, subject, name, ...(email === undefined ? {} : { email }) },
        connection: content.connection,
        ...(content.reason === undefined ? {} : { reason: content.reason }),
        from: content.from,
        until: content.until,
      },
      ...{ from, until, signer },
      ...(content.steppedUpAt === undefined ? {} : { steppedUpAt: Date.parse(content.steppedUpAt) }),
    });
  }

  async function takeEnd(event: StoredEvent): Promise<void> {
    if (known.has(event.id)) return;
    const read = readEvent(event, endedSchema, sealing);
    if (read === undefined) return;
    const { grant, by, at, why, scope: of } = read.content;
    if (of !== scope || Date.parse(at) < now() - LONGEST) return;
    const signer = await read.verify(by, new Date(at));
    if (signer === undefined) return;
    known.add(event.id);
    ends.set(grant, [...(ends.get(grant) ?? []), { event: event.id, grant, by: signer, at, why }]);
  }

  async function readOn(): Promise<boolean> {
    // The newest event known is read again: where it is another one, so is the hub.
    let next = await hub.since(last === undefined ? 0 : last.position - 1, BATCH);
    const [first] = next;
    const other = last !== undefined && (first?.position !== last.position || first.id !== last.id);
    if (other) {
      last = undefined;
      grants = new Map();
      next = await hub.since(0, BATCH);
    } else if (last !== undefined) next = next.slice(1);
    for (const [id, { until }] of grants) if (until <= now()) grants.delete(id);
    while (next.length > 0) {
      for (const event of next) {
        await take(event);
        last = event;
      }
      next = await hub.since(next.at(-1)?.position ?? 0, BATCH);
    }
    return other;
  }

  return {
    refresh() {
      // One after the other: two that read at once would take the same events.
      reading = reading.then(readOn, readOn);
      return reading;
    },
    grants: () => grants.values(),
    endsOf: (id) => ends.get(id) ?? [],
  };
}
