import { randomUUID } from 'node:crypto';
import { type AuditLog, type Device } from '../audit/index.ts';
import { type Session, type SessionId } from '../identity/principal.ts';
import { actorOf } from './record.ts';
import { type Origin } from './request.ts';

/**
 * A login as the record knows it: begun when it is first used in this process, ended when it ends here. The same login
 * in another process is another working session, because that process writes another log.
 */
export interface WorkingSessions {
  /** Id of the working session, whose beginning is durable when this resolves. */
  begin(session: Session, origin: Origin): Promise<string>;
  end(session: SessionId, why: string): Promise<void>;
  endAll(why: string): Promise<void>;
}

export function createWorkingSessions(audit: AuditLog, app: Device): WorkingSessions {
  const open = new Map<SessionId, Promise<string>>();

  async function start(session: Session, origin: Origin): Promise<string> {
    const id = randomUUID();
    const { device } = session.principal;
    await audit.append({
      k: 'session.start',
      s: id,
      actor: actorOf(session),
      dev: { ...app, ...(device === undefined ? {} : { id: device }) },
      src: { door: origin },
    });
    return id;
  }

  async function end(session: SessionId, why: string): Promise<void> {
    const started = open.get(session);
    open.delete(session);
    const id = await started?.catch(() => undefined);
    // Ended here whether or not that can still be recorded; the next opening of the log ends what it finds open.
    if (id !== undefined) await audit.append({ k: 'session.end', s: id, why: { reason: why } }).catch(() => undefined);
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
