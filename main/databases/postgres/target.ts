/** Where and as whom to connect. Plain data with the secret already fetched; made by the gate for one connect. */
export interface PostgresTarget {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password?: string;
  readonly tls: 'disable' | 'prefer' | 'require' | 'verify-full';
  /** Certificate authority in PEM; the system's roots where absent. */
  readonly ca?: string;
  /** Schemas after pg_catalog and before pg_temp. */
  readonly searchPath: readonly string[];
  /** Who is at work, for pg_stat_activity and the server's log; at most 63 bytes are kept by the server. */
  readonly applicationName: string;
  /** When the server is asked for its trees of a statement; `when_quiet` where absent. */
  readonly secondLineage?: 'when_quiet' | 'always' | 'never';
}
