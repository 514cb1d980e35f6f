import { type CheckedEvent, type EventCheck, type NewEventCheck, type Opened } from './event-check.ts';
import { proveGrant } from './grant-proof.ts';
import { at, isObject, type Json } from './json.ts';
import { CLOCKS_DIFFER } from './login-proof.ts';
import { judgeLasting, type Lasting, LastingEvents } from './lasting.ts';
import { type Reporter } from './report.ts';
import { wholeLeaf } from './whole-leaf.ts';

export interface LastingCheck {
  readonly check: NewEventCheck;
  /** After the last log. @param complete all logs of the profile were looked at */
  conclude(report: Reporter, complete: boolean): void;
}

/**
 * Grants and agents' tokens: who took them, how they ended, and that nothing relied on them before or after.
 * @param now when the verification begins, seconds since 1970: logs in use are read one after the other
 */
export function newLastingCheck(now: number): LastingCheck {
  const events = new LastingEvents();
  const logs = new Set<string>();
  return {
    check(report, logId) {
      // A log that is also compared with its copy says it once.
      const again = logs.has(logId);
      logs.add(logId);
      return new LogOfLasting(report, logId, again ? new LastingEvents() : events);
    },
    conclude: (report, complete) => judgeLasting(events, complete ? now : -Infinity, report),
  };
}

const WHY: Readonly<Record<Exclude<Opened, Buffer>, string>> = {
  'no-key': 'no blob key was given',
  erased: 'what was signed was erased',
  unreadable: 'what was signed cannot be read',
};

/** An obligation of a statement that a grant made possible: `grant NAME (ID) until TIME`. */
const RELIES = /^grant .{1,200} \(([0-9a-f]{64})\) until \S+$/s;

class LogOfLasting implements EventCheck {
  readonly #report: Reporter;
  readonly #logId: string;
  readonly #events: LastingEvents;
  /** Device keys by the index of their `key.bind`, each with when the provider signed for it: seconds since 1970. */
  readonly #keys = new Map<number, { readonly thumbprint: unknown; readonly iat: unknown }>();
  readonly #not = new Map<string, number>();
  #signed = 0;

  constructor(report: Reporter, logId: string, events: LastingEvents) {
    this.#report = report;
    this.#logId = logId;
    this.#events = events;
  }

  event(event: CheckedEvent): void {
    switch (event.kind) {
      case 'key.bind':
        return void this.#keys.set(event.index, {
          thumbprint: at(event.leaf, 'bind', 'thumbprint'),
          iat: at(event.leaf, 'bind', 'iat'),
        });
      case 'grant.start':
      case 'token.issue':
        return this.#begin(event);
      case 'grant.end':
      case 'token.end':
        return this.#end(event);
      case 'stmt.intent':
        return this.#uses(event);
    }
  }

  end(): void {
    if (this.#signed > 0) this.#report.checked('signed grants', this.#signed, "the device key's signature");
    for (const [why, count] of this.#not)
      this.#report.notChecked(`Who took ${String(count)} of the grants of ${this.#logId}: ${why}.`);
  }

  #begin(event: CheckedEvent): void {
    const leaf = wholeLeaf(event);
    if (typeof leaf === 'string') return this.#unknown(WHY[leaf]);
    const kind = kindOf(event);
    const { id, until, connection, connections, agent, name } = part(leaf, kind);
    const what = kind === 'grant' ? name : agent;
    const actor = isObject(leaf.actor) ? leaf.actor : {};
    if (typeof id !== 'string' || typeof until !== 'number' || typeof what !== 'string' || !isObject(actor.user))
      return this.#report.finding(
        `${kind}-begin`,
        'It does not say what was given to whom and until when.',
        event.where,
      );
    const t = seconds(leaf);
    if (until <= t) this.#report.finding(`${kind}-begin`, 'It was over when it began.', event.where);
    if (actor.agent !== undefined || actor.service !== undefined)
      this.#report.finding(
        `${kind}-begin`,
        'An agent or a service has neither grants nor tokens to give.',
        event.where,
      );
    this.#events.begin(kind, id, {
      ...{ where: event.where, t, until, person: personOf(actor) },
      connections: kind === 'grant' ? [connection] : Array.isArray(connections) ? connections : undefined,
    });
    if (kind === 'grant') this.#prove(event, leaf, actor, t);
  }

  /** Who took a grant is shown by their own signature, not only by what the log says. */
  #prove({ where, open }: CheckedEvent, leaf: Json, actor: Json, t: number): void {
    const grant = part(leaf, 'grant');
    const refuse = (why: string): void =>
      this.#report.finding('grant-signature', `Who took the grant is not proven: ${why}.`, where);
    if (grant.signed === undefined) return refuse('what was signed is not there');
    const signed = open(grant.signed);
    if (typeof signed === 'string') return this.#unknown(WHY[signed]);
    const proof = proveGrant(signed, grant, actor, t);
    if (proof === 'sealed') {
      if (at(actor, 'user', 'verified') === true) return refuse('it is sealed by the program, and not signed by them');
      return this.#unknown('nobody vouches for an account of the operating system');
    }
    if ('wrong' in proof) return refuse(proof.wrong);
    const bound = typeof actor.bind === 'number' ? this.#keys.get(actor.bind) : undefined;
    if (proof.thumbprint !== bound?.thumbprint)
      return refuse('it was signed with another key than that of their login');
    // A step-up in a browser brings a token of its own; by device code the former one may stay.
    const vouched = typeof bound.iat === 'number' ? bound.iat : -Infinity;
    if (proof.steppedUpAt !== undefined && !(proof.steppedUpAt <= vouched + CLOCKS_DIFFER))
      return this.#unknown(
        'they say that they proved again who they are, later than the provider vouched for them, and only the program that recorded them says so',
      );
    this.#signed++;
  }

  #end(event: CheckedEvent): void {
    const leaf = wholeLeaf(event);
    if (typeof leaf === 'string') return;
    const kind = kindOf(event);
    const { id } = part(leaf, kind);
    const reason = at(leaf, 'why', 'reason');
    if (typeof id !== 'string' || typeof reason !== 'string')
      return this.#report.finding(`${kind}-end`, 'It does not say what ended, or why.', event.where);
    const byTime = leaf.actor === undefined && reason === 'time';
    this.#events.end(kind, id, { where: event.where, t: seconds(leaf), byTime });
  }

  #uses(event: CheckedEvent): void {
    const leaf = wholeLeaf(event);
    if (typeof leaf === 'string') return;
    const obligations = at(leaf, 'pol', 'obligations');
    const use = {
      ...{ where: event.where, t: seconds(leaf), connection: at(leaf, 'db', 'id') },
      person: personOf(leaf.actor),
    };
    for (const words of Array.isArray(obligations) ? obligations : []) {
      const id = typeof words === 'string' ? RELIES.exec(words)?.[1] : undefined;
      if (id !== undefined) this.#events.use('grant', id, use);
    }
    const token = at(leaf, 'actor', 'agent', 'instance');
    if (typeof token === 'string') this.#events.use('token', token, use);
  }

  #unknown(why: string): void {
    this.#not.set(why, (this.#not.get(why) ?? 0) + 1);
  }
}

const kindOf = ({ kind }: CheckedEvent): Lasting => (kind.startsWith('grant.') ? 'grant' : 'token');

function part(leaf: Json, kind: Lasting): Json {
  const found = leaf[kind];
  return isObject(found) ? found : {};
}

const personOf = (actor: unknown): string => JSON.stringify([at(actor, 'user', 'iss'), at(actor, 'user', 'sub')]);
const seconds = ({ t }: Json): number => (typeof t === 'number' ? t / 1_000_000 : Infinity);
