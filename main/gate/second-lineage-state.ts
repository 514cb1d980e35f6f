import { type RoleFacts } from '../databases/postgres/role.ts';
import { type Connection } from '../profile/types.ts';
import { COMPARED_MAJORS } from './lineage/server/index.ts';
import { identifier } from '../profile/role-sql.ts';

/** Whether a connection's statements are traced a second time from the server's own trees, and in words why. */
export interface SecondLineageState {
  readonly on: boolean;
  readonly sentence: string;
  /** What turns it on; empty where it is on, or only the connection itself can. */
  readonly mend: readonly string[];
}

/** Levels at which the trees, which come at LOG, stay out of the server's log. */
const QUIET: ReadonlySet<string> = new Set(['fatal', 'panic']);

/** GRANT SET ON PARAMETER came with PostgreSQL 15. */
const GRANTS_PARAMETERS = 15;

export function secondLineageState(
  { secondLineage = 'when_quiet' }: Pick<Connection, 'secondLineage'>,
  { role, serverMajor, settings }: Pick<RoleFacts, 'role' | 'serverMajor' | 'settings'>,
): SecondLineageState {
  const off = (sentence: string, mend: readonly string[] = []): SecondLineageState => ({ on: false, sentence, mend });
  if (secondLineage === 'never') return off('Off: the connection says secondLineage: never.');
  if (!COMPARED_MAJORS.has(serverMajor)) {
    return off(
      `Off: the trees of PostgreSQL ${String(serverMajor)} have not been compared; statements are traced from their text alone.`,
    );
  }
  if (QUIET.has(settings.logMinMessages))
    return { on: true, sentence: 'On, and the server’s log stays quiet.', mend: [] };
  if (secondLineage === 'always') {
    return {
      on: true,
      sentence: 'On, and the server writes the tree of every statement, with its constants, to its own log.',
      mend: [quiet(role, serverMajor)],
    };
  }
  return off(
    `Off: the server would write the tree of every statement, with its constants, to its own log (log_min_messages of ${role} is ${settings.logMinMessages}).`,
    [quiet(role, serverMajor)],
  );
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
