import { randomUUID } from 'node:crypto';
import { type AuditLog, type Device } from '../audit/index.ts';
import { type Session, type SessionId } from '../identity/principal.ts';
import { actorOf } from './record.ts';
import { type LoginBindings } from './record-identity.ts';
import { type Origin } from './request.ts';
import { sessionEnded } from './running.ts';

/** A login as the record knows it in this process. */
export interface WorkingSession {
  readonly id: string;
  /** Index of the leaf that ties the login's device key to the person; undefined where no key is bound. */
  readonly bind?: number | undefined;
}

/**
 * A login as the record knows it: begun when it is first used in this process, ended when it ends here. The same login
 * in another process is another working session, because that process writes another log; and so it is after this
 * process had to give its log up.
 */
export interface WorkingSessions {
  /** The working session, whose beginning is durable when this resolves. @throws CountersignError `session-ended` */
  begin(session: Session, origin: Origin): Promise<WorkingSession>;
  end(session: SessionId, why: string): Promise<void>;
  endAll(why: string): Promise<void>;
}

export function createWorkingSessions(audit: AuditLog, app: Device, bindings: LoginBindings): WorkingSessions {
  const open = new Map<SessionId, { readonly log: string; readonly started: Promise<WorkingSession> }>();

  async function start(session: Session, origin: Origin, log: string): Promise<WorkingSession> {
    const id = randomUUID();
    const { device } = session.principal;
    const bind = await bindings.bind(session);
    const proof = bind === undefined ? undefined : await bindings.prove(session, id);
    // The key is gone with the login: what ends just now begins nothing more.
    if (bind !== undefined && proof === undefined) throw sessionEnded('session-ended');
    // The binding and the proof are for this log and no other.
    await audit.append(
      {
        k: 'session.start',
        s: id,
        actor: actorOf(session, bind),
        dev: { ...app, ...(device === undefined ? {} : { id: device }) },
        src: { door: origin },
        ...(proof === undefined ? {} : { proof }),
      },
      log,
    );
    return { id, bind };
  }

  function begin(session: Session, origin: Origin): Promise<WorkingSession> {
    const log = audit.id;
    const known = open.get(session.id);
    if (known?.log === log) return known.started;
    const started = start(session, origin, log).catch((error: unknown) => {
      if (open.get(session.id)?.started === started) open.delete(session.id);
      // The log was given up meanwhile: the session begins in the one that follows.
      if (audit.id !== log) return begin(session, origin);
      throw error;
    });
    open.set(session.id, { log, started });
    return started;
  }

  async function end(session: SessionId, why: string): Promise<void> {
    const known = open.get(session);
    open.delete(session);
    const begun = await known?.started.catch(() => undefined);
    // In a log that was given up it stays open, as the first leaf of the next one says.
    if (begun === undefined || known?.log !== audit.id) return;
    // Ended here whether or not that can still be recorded; the next opening of the log ends what it finds open.
    await audit.append({ k: 'session.end', s: begun.id, why: { reason: why } }).catch(() => undefined);
  }

  return {
    begin,
    end,
    async endAll(why) {
      for (const session of [...open.keys()]) await end(session, why);
    },
  };
}
