import { randomUUID } from 'node:crypto';
import { type AuditLog, type Device } from '../audit/index.ts';
import { type Session, type SessionId } from '../identity/principal.ts';
import { actorOf } from './record.ts';
import { type LoginBindings } from './record-identity.ts';
import { type Origin } from './request.ts';

/** A login as the record knows it in this process. */
export interface WorkingSession {
  readonly id: string;
  /** Index of the leaf that ties the login's device key to the person; undefined where no key is bound. */
  readonly bind?: number | undefined;
}

/**
 * A login as the record knows it: begun when it is first used in this process, ended when it ends here. The same login
 * in another process is another working session, because that process writes another log.
 */
export interface WorkingSessions {
  /** The working session, whose beginning is durable when this resolves. */
  begin(session: Session, origin: Origin): Promise<WorkingSession>;
  end(session: SessionId, why: string): Promise<void>;
  endAll(why: string): Promise<void>;
}

export function createWorkingSessions(audit: AuditLog, app: Device, bindings: LoginBindings): WorkingSessions {
  const open = new Map<SessionId, Promise<WorkingSession>>();

  async function start(session: Session, origin: Origin): Promise<WorkingSession> {
    const id = randomUUID();
    const { device } = session.principal;
    const bind = await bindings.bind(session);
    const proof = bind === undefined ? undefined : await bindings.prove(session, id);
    await audit.append({
      k: 'session.start',
      s: id,
      actor: actorOf(session, bind),
      dev: { ...app, ...(device === undefined ? {} : { id: device }) },
      src: { door: origin },
      ...(proof === undefined ? {} : { proof }),
    });
    return { id, bind };
  }

  async function end(session: SessionId, why: string): Promise<void> {
    const started = open.get(session);
    open.delete(session);
    const begun = await started?.catch(() => undefined);
    if (begun === undefined) return;
    // Ended here whether or not that can still be recorded; the next opening of the log ends what it finds open.
    await audit.append({ k: 'session.end', s: begun.id, why: { reason: why } }).catch(() => undefined);
  }

  return {
    begin(session, origin) {
      const known = open.get(session.id);
      if (known !== undefined) return known;
      const starting = start(session, origin);
      open.set(session.id, starting);
      starting.catch(() => open.delete(session.id));
      return starting;
    },
    end,
    async endAll(why) {
      for (const session of [...open.keys()]) await end(session, why);
    },
  };
}
