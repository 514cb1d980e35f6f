import { type RoleFacts } from '../../databases/postgres/role.ts';
import { type PostgresSession } from '../../databases/postgres/session.ts';
import { identifier } from '../../profile/role-sql.ts';

/** Whether a connection's statements are traced a second time from the server's own trees, and in words why. */
export interface DescribedSecondLineage {
  readonly on: boolean;
  readonly sentence: string;
  /** What turns it on, or keeps the trees out of the server's log; empty where there is nothing to do. */
  readonly mend: readonly string[];
}

/** GRANT SET ON PARAMETER came with PostgreSQL 15. */
const GRANTS_PARAMETERS = 15;
/** Levels at which the trees, which come at LOG, stay out of the server's log. */
const QUIET: ReadonlySet<string> = new Set(['fatal', 'panic']);

/** @param state what the session itself found when it was opened */
export function describeSecondLineage(
  state: PostgresSession['secondLineage'],
  { role, serverMajor, settings }: Pick<RoleFacts, 'role' | 'serverMajor' | 'settings'>,
): DescribedSecondLineage {
  switch (state) {
    case 'on':
      return QUIET.has(settings.logMinMessages)
        ? { on: true, sentence: 'On, and the server’s log stays quiet.', mend: [] }
        : {
            on: true,
            sentence: 'On, and the server writes the tree of every statement, with its constants, to its own log.',
            mend: [quiet(role, serverMajor)],
          };
    case 'off: by configuration':
      return { on: false, sentence: 'Off: the connection says secondLineage: never.', mend: [] };
    case 'off: this server version':
      return {
        on: false,
        sentence: `Off: the trees of PostgreSQL ${String(serverMajor)} have not been compared; statements are traced from their text alone.`,
        mend: [],
      };
    case 'off: log is not quiet':
      return {
        on: false,
        sentence: `Off: the server would write the tree of every statement, with its constants, to its own log (log_min_messages of ${role} is ${settings.logMinMessages}).`,
        mend: [quiet(role, serverMajor)],
      };
  }
}

/** The parameter is a superuser's to set, also as a default of the role, or of whom one has granted it to. */
function quiet(role: string, serverMajor: number): string {
  const name = identifier(role);
  const granted =
    serverMajor >= GRANTS_PARAMETERS
      ? `, or by the role itself after GRANT SET ON PARAMETER log_min_messages TO ${name}`
      : '';
  return `ALTER ROLE ${name} SET log_min_messages = fatal; -- by a superuser${granted}`;
}
