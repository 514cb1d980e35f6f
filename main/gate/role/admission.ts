import { type AuditLog } from '../../audit/index.ts';
import { type RoleRecord } from '../../audit/events.ts';
import { type PostgresSession } from '../../databases/postgres/session.ts';
import { CountersignError } from '../../errors.ts';
import { type Session } from '../../identity/principal.ts';
import { type Connection } from '../../profile/types.ts';
import { databaseOf } from '../record.ts';
import { roleTooPowerful, unaccepted } from './weakness.ts';
import { type KnownRole, type Roles } from './roles.ts';
import { type UpstreamEvents, type Upstreams } from '../upstreams.ts';

/** Decides whether anybody may work on a connection that has just been made, by what its role can do, and records it. */
export interface Admission extends UpstreamEvents {
  /** The same connections, with the role looked at anew each time one is used. */
  watched(upstreams: Upstreams): Upstreams;
  /** Looks at a role without admitting anybody: for the doctor. */
  examined(session: Session, connection: Connection): (upstream: PostgresSession) => Promise<KnownRole>;
}

/** @param begin the working session that the record has connections under */
export function createAdmission(
  audit: Pick<AuditLog, 'append'>,
  roles: Roles,
  begin: (session: Session) => Promise<string>,
): Admission {
  async function admit(connection: Connection, upstream: PostgresSession): Promise<KnownRole> {
    const role = await roles.look(connection, upstream);
    const refusing = unaccepted(role.weaknesses);
    if (refusing.length > 0) throw roleTooPowerful(connection, refusing);
    return role;
  }

  return {
    async opened(session, connection, upstream) {
      const s = await begin(session);
      const db = databaseOf(connection);
      const server = { pid: upstream.processId };
      let role: KnownRole;
      try {
        role = await admit(connection, upstream);
      } catch (error) {
        const code = error instanceof CountersignError ? error.code : 'internal';
        const known = roles.known(connection);
        const record = known === undefined ? {} : { role: recorded(known) };
        await audit.append({ k: 'conn.refused', s, db, out: { code, server }, ...record });
        throw error;
      }
      await audit.append({
        k: 'conn.open',
        s,
        db,
        out: { server },
        role: recorded(role),
        ...(connection.accept === undefined ? {} : { why: { reason: connection.accept.because } }),
      });
    },
    async closed(session, connection, why) {
      const s = await begin(session);
      await audit.append({ k: 'conn.close', s, db: { id: connection.name }, why: { reason: why } });
    },
    watched: (upstreams) => ({
      ...upstreams,
      use: (session, connection, signal, work) =>
        upstreams.use(session, connection, signal, async (upstream) => {
          await admit(connection, upstream);
          return work(upstream);
        }),
    }),
    examined: (session, connection) => async (upstream) => {
      const s = await begin(session);
      const role = await roles.look(connection, upstream);
      const out = { server: { pid: upstream.processId } };
      const db = databaseOf(connection);
      await audit.append({ k: 'conn.open', s, db, out, role: recorded(role), why: { reason: 'examined' } });
      await audit.append({ k: 'conn.close', s, db: { id: connection.name }, why: { reason: 'examined' } });
      return role;
    },
  };
}

function recorded({ weaknesses }: KnownRole): RoleRecord {
  return {
    weak: weaknesses.map(({ code }) => code),
    accepted: weaknesses.filter(({ accepted }) => accepted).map(({ code }) => code),
  };
}
