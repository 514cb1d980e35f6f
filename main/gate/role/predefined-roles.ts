/** Roles that a server brings along, and what their members can do: the words of a connection's weaknesses. */
import { type AcceptableWeakness } from '../../profile/types.ts';

/** Members of these read, write or run anything outside of the database. */
export const FILE_ROLES: ReadonlyMap<string, { readonly code: AcceptableWeakness; readonly what: string }> = new Map(
  Object.entries({
    pg_read_server_files: { code: 'read-server-files', what: 'reads any file that the server can' },
    pg_write_server_files: {
      code: 'write-server-files',
      what: 'writes any file that the server can, its own program among them',
    },
    pg_execute_server_program: { code: 'execute-server-programs', what: "runs programs as the server's account" },
  }),
);

/** Predefined roles (PostgreSQL documentation 22.5), and those that providers give their customers' administrators. */
export const SHOWN_ROLES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    pg_signal_backend: "cancels and ends other people's sessions",
    pg_signal_autovacuum_worker: 'cancels the server’s own maintenance',
    pg_read_all_data: 'reads every table of the database, those of no schema of its own too',
    pg_write_all_data: 'writes every table of the database',
    pg_monitor: "sees other people's statements, with the values in them",
    pg_read_all_stats: "sees other people's statements, with the values in them",
    pg_read_all_settings: 'sees every setting of the server, connection strings among them',
    pg_stat_scan_tables: 'locks and scans any table through monitoring functions',
    pg_maintain: 'locks, rewrites and re-indexes any table',
    pg_checkpoint: 'makes the server write everything out',
    pg_create_subscription: 'lets the server connect to others',
    pg_use_reserved_connections: 'takes the last connections of the server',
    pg_database_owner: 'owns the database',
    rds_superuser: 'administers the server for its provider',
    rds_replication: 'can copy the whole server past every mask',
    cloudsqlsuperuser: 'administers the server for its provider',
    alloydbsuperuser: 'administers the server for its provider',
    azure_pg_admin: 'administers the server for its provider',
    neon_superuser: 'administers the server for its provider',
  }),
);
