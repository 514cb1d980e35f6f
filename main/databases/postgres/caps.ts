/**
 * Bounds on what a statement may take of the server, besides those that policy sets. A session has at most these; where
 * the role or the server is set up with less, less it stays. They are pinned like every other setting, so that nothing
 * that runs can lift them.
 */
import type { PostgresSession } from './session.ts';

interface Cap {
  /** In the unit of the setting, which `unit` names. */
  readonly most: number;
  readonly unit: string;
  /** What stands for no bound at all. */
  readonly unlimited?: number;
}

const CAPS: Readonly<Record<string, Cap>> = {
  /** Per sort or hash, times hash_mem_multiplier, times the workers. */
  work_mem: { most: 256 * 1024, unit: 'kB' },
  hash_mem_multiplier: { most: 2, unit: '' },
  max_parallel_workers_per_gather: { most: 4, unit: '' },
  /** Disk for what does not fit into memory, per session. Only a superuser, or who was given the right, may set it. */
  temp_file_limit: { most: 16 * 1024 * 1024, unit: 'kB', unlimited: -1 },
  idle_in_transaction_session_timeout: { most: 60_000, unit: 'ms', unlimited: 0 },
};

export const CAPPED: readonly string[] = Object.keys(CAPS);

/** Where a role may be given the right to set what otherwise only a superuser may, it is asked for. */
const MAY_SET = (serverMajor: number): string =>
  serverMajor >= 15
    ? "s.context = 'user' OR pg_catalog.has_parameter_privilege(s.name, 'SET')"
    : "s.context = 'user' OR pg_catalog.current_setting('is_superuser') = 'on'";

/** The caps that the session needs and may set, as pins. */
export async function capsFor(session: PostgresSession, serverMajor: number): Promise<ReadonlyMap<string, string>> {
  const rows = await session.query(
    `SELECT s.name, s.setting FROM pg_catalog.pg_settings s WHERE s.name = ANY ($1::pg_catalog.text[]) AND (${MAY_SET(serverMajor)})`,
    [`{${CAPPED.join(',')}}`],
  );
  return new Map(
    rows.flatMap(([name, setting]) => {
      const cap = CAPS[name ?? ''];
      const now = Number(setting);
      if (name == null || cap === undefined || (now !== cap.unlimited && now <= cap.most)) return [];
      return [[name, `${String(cap.most)}${cap.unit}`] as const];
    }),
  );
}
