import { CountersignError } from '../errors.ts';
import { type Session, type SessionId } from '../identity/principal.ts';
import { abortWithin } from './abort-within.ts';
import { type Allow, type OutputMask, type UsedGrant, type Verdict } from './verdict.ts';

/** What a running statement rested on has ended, and the statement with it. */
export class EndedByGate extends CountersignError {}

export type SessionEndCode = 'session-revoked' | 'session-expired' | 'session-ended';

const SESSION_ENDS: Readonly<Record<SessionEndCode, readonly [message: string, next: string]>> = {
  'session-revoked': ['The login was revoked while the statement ran.', 'Ask your administrator, or sign in again.'],
  'session-expired': ['The login ended while the statement ran.', 'Sign in again.'],
  'session-ended': ['The login was ended while the statement ran.', 'Sign in again.'],
};

export function sessionEnded(code: SessionEndCode): EndedByGate {
  const [message, next] = SESSION_ENDS[code];
  return new EndedByGate(code, message, { next });
}

function grantEnded(name: string): EndedByGate {
  return new EndedByGate('grant-ended', `The grant ${name} ended while the statement relied on it.`, {
    next: `Take it again, or run what needs no grant. On the command line: countersign grant take ${name}`,
  });
}

const policyChanged = (): EndedByGate =>
  new EndedByGate('policy-changed', 'The policy changed while the statement ran, and does not allow it so any more.', {
    next: 'Run it again to see what the policy says to it now.',
  });

/** A statement under way. */
export interface Statement {
  readonly session: Session;
  readonly signal: AbortSignal;
  /** Resolves when its intent, once there is one, has its end in the record or cannot have it. */
  ended: Promise<void>;
  abort(): void;
  /**
   * The verdict by which it runs: it ends with the first of the grants used, with the login, and where `again` gives a verdict
   * by which it would not run so; none where nothing has changed. @throws EndedByGate
   */
  restsOn(allowed: Allow, login: Pick<Session, 'expiresAt'>, again: () => Verdict | undefined): void;
  /** The asker's own signal matters no more. */
  leave(): void;
}

/** Statements under way, and what ends them from outside. */
export interface Running {
  begin(session: Session, asked: AbortSignal): Statement;
  /** Not under way any more once its intent has its end. */
  finish(statement: Statement): void;
  has(session: SessionId): boolean;
  /** Cancels what `which` names; resolves when every intent of those has its end. */
  cancel(which: (session: SessionId) => boolean, why?: EndedByGate): Promise<void>;
  /** Cancels what relies on a grant, and whatever comes to rely on it yet. */
  grantEnded(id: string): Promise<void>;
  /** Cancels what the policy that is in force now does not allow, or not so. */
  policyChanged(): Promise<void>;
}

/** Longest delay of a timer, ms: what is farther off needs none, because no statement may take that long. */
const LONGEST = 2 ** 31 - 1;

interface Known {
  readonly controller: AbortController;
  grants: readonly UsedGrant[];
  /** Whether it would run as it does by what is in force now; undefined while nothing has been decided. */
  stands?: () => boolean;
}

/** Whether what runs by one verdict could run by another: allowed, and with no mask that it does not have. */
function covers(runs: Allow, now: Verdict): boolean {
  if (now.verdict !== 'allow') return false;
  const masks = new Set(runs.masks.map(maskKey));
  return now.masks.every((mask) => masks.has(maskKey(mask)));
}

const maskKey = ({ output, masker, whole }: OutputMask): string => JSON.stringify([output, masker, whole === true]);

/** What cannot be decided again does not stand. */
function standsBy(allowed: Allow, again: () => Verdict | undefined): boolean {
  try {
    const now = again();
    return now === undefined || covers(allowed, now);
  } catch {
    return false;
  }
}

export function createRunning(now: () => Date): Running {
  const statements = new Map<Statement, Known>();
  const endedGrants = new Set<string>();

  function relyingOn(id: string): readonly [Statement, EndedByGate][] {
    return [...statements].flatMap(([statement, { grants }]) =>
      grants.flatMap((grant): [Statement, EndedByGate][] =>
        grant.id === id ? [[statement, grantEnded(grant.name)]] : [],
      ),
    );
  }

  async function abortAll(theirs: readonly (readonly [Statement, EndedByGate | undefined])[]): Promise<void> {
    for (const [statement, why] of theirs) statements.get(statement)?.controller.abort(why);
    await Promise.all(theirs.map(([{ ended }]) => ended));
  }

  return {
    begin(session, asked) {
      const { controller, leave } = abortWithin(asked);
      const { signal } = controller;
      let timer: NodeJS.Timeout | undefined;
      const statement: Statement = {
        session,
        signal,
        ended: Promise.resolve(),
        abort: () => controller.abort(),
        restsOn(allowed, { expiresAt }, again) {
          const { grants = [] } = allowed;
          const known = statements.get(statement);
          if (known !== undefined) Object.assign(known, { grants, stands: () => standsBy(allowed, again) });
          // It may have ended since it was found to be in force.
          const gone = grants.find(({ id }) => endedGrants.has(id));
          if (gone !== undefined) controller.abort(grantEnded(gone.name));
          // And the policy may have changed since it was asked.
          if (!standsBy(allowed, again)) controller.abort(policyChanged());
          signal.throwIfAborted();
          clearTimeout(timer);
          const ends = [
            { at: Date.parse(expiresAt), why: sessionEnded('session-expired') },
            ...grants.map(({ name, until }) => ({ at: Date.parse(until), why: grantEnded(name) })),
          ];
          const first = ends.reduce((one, other) => (other.at < one.at ? other : one));
          const left = first.at - now().getTime();
          if (left > LONGEST) return;
          timer = setTimeout(() => controller.abort(first.why), Math.max(0, left));
          timer.unref();
        },
        leave() {
          clearTimeout(timer);
          leave();
        },
      };
      statements.set(statement, { controller, grants: [] });
      return statement;
    },
    finish: (statement) => void statements.delete(statement),
    has: (session) => [...statements.keys()].some((statement) => statement.session.id === session),
    cancel: (which, why) =>
      abortAll([...statements.keys()].flatMap((one) => (which(one.session.id) ? [[one, why] as const] : []))),
    async grantEnded(id) {
      endedGrants.add(id);
      await abortAll(relyingOn(id));
    },
    async policyChanged() {
      const over = [...statements].filter(([, { stands }]) => stands?.() === false);
      await abortAll(over.map(([statement]) => [statement, policyChanged()]));
    },
  };
}
