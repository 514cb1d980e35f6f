import { loadRoleFacts, type RoleFacts } from '../../databases/postgres/role.ts';
import { type PostgresSession } from '../../databases/postgres/session.ts';
import { type Connection } from '../../profile/types.ts';
import { type JudgedWeakness, judgeRole } from './weakness.ts';
import { type DescribedSecondLineage, describeSecondLineage } from './described-second-lineage.ts';

/** What the role of a connection can do, as its server said last. */
export interface KnownRole {
  readonly facts: RoleFacts;
  /** The gravest first. */
  readonly weaknesses: readonly JudgedWeakness[];
  readonly secondLineage: DescribedSecondLineage;
}

/** Roles by connection. All logins share one, because a connection has one database role. */
export interface Roles {
  /** Asks the server, on a connection that nothing has run on. @throws CountersignError role-unknown */
  look(connection: Connection, upstream: PostgresSession): Promise<KnownRole>;
  /** Undefined until somebody has connected, and after the connection was changed. */
  known(connection: Connection): KnownRole | undefined;
}

export function createRoles(): Roles {
  const roles = new Map<string, { readonly definition: string; readonly role: KnownRole }>();
  return {
    async look(connection, upstream) {
      const facts = await loadRoleFacts(upstream);
      const role: KnownRole = {
        facts,
        weaknesses: judgeRole(facts, connection),
        secondLineage: describeSecondLineage(upstream.secondLineage, facts),
      };
      roles.set(connection.name, { definition: JSON.stringify(connection), role });
      return role;
    },
    known(connection) {
      const found = roles.get(connection.name);
      return found?.definition === JSON.stringify(connection) ? found.role : undefined;
    },
  };
}
