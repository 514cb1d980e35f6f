import { loadCatalog } from '../databases/postgres/catalog.ts';
import { refreshCatalog } from '../databases/postgres/catalog-refresh.ts';
import { type CatalogMarks, loadMarks } from '../databases/postgres/marks.ts';
import { CountersignError } from '../errors.ts';
import { type Session } from '../identity/principal.ts';
import { type Connection } from '../profile/types.ts';
import { CatalogIndex } from './lineage/catalog-index.ts';
import { type Upstreams } from './upstreams.ts';

/** A catalog with the marks that were taken before it was read: whatever changes from then on shows in them. */
export interface MarkedCatalog {
  readonly index: CatalogIndex;
  readonly marks: CatalogMarks;
}

/** Catalogs by connection. All logins share one, because a connection has one database role. */
export interface Catalogs {
  /** @param options `maxAge`: milliseconds since it was read, at most; a minute where it is not given. */
  of(session: Session, connection: Connection, options: { readonly maxAge?: number }): Promise<MarkedCatalog>;
  /** The next statement reads the catalog anew. */
  forget(connection: Connection): void;
}

/** The catalog changed between decision and execution: nothing ran. Judged anew, the statement may run. */
export class CatalogMoved extends CountersignError {
  constructor(what: string) {
    super('catalog-changed', `${what} changed while the statement was being judged, so it did not run.`, {
      next: 'Run it again.',
    });
  }
}

/** Milliseconds after which a cached catalog is read again for completion and new names; marks guard what executes. */
const FRESH = 60_000;
/** Milliseconds that reading a catalog may take. */
const LOADING = 60_000;

interface Cached {
  readonly loading: Promise<MarkedCatalog>;
  readonly at: number;
}

export function createCatalogs(upstreams: Upstreams, now: () => number): Catalogs {
  const cache = new Map<string, Cached>();
  const keys = new WeakMap<Connection, string>();
  const keyOf = (connection: Connection): string => {
    const key = keys.get(connection) ?? JSON.stringify(connection);
    keys.set(connection, key);
    return key;
  };

  /** Reads it whole, or of an older one only what changed since. */
  async function load(
    session: Session,
    connection: Connection,
    older: MarkedCatalog | undefined,
    signal: AbortSignal,
  ): Promise<MarkedCatalog> {
    return upstreams.use(session, connection, signal, async (upstream) => {
      const marks = await loadMarks(upstream);
      const snapshot =
        older === undefined
          ? await loadCatalog(upstream)
          : await refreshCatalog(upstream, older.index.snapshot, older.marks, marks);
      return { marks, index: new CatalogIndex(snapshot) };
    });
  }

  return {
    async of(session, connection, { maxAge = FRESH }) {
      const key = keyOf(connection);
      const cached = cache.get(key);
      if (cached !== undefined && now() - cached.at < maxAge) return cached.loading;
      // Not by the signal of whoever asked first: others wait for the same catalog.
      const older = await cached?.loading.catch(() => undefined);
      const newer = cache.get(key);
      // Somebody else has begun to read it meanwhile.
      if (newer !== undefined && newer !== cached) return newer.loading;
      const loading = load(session, connection, older, AbortSignal.timeout(LOADING));
      const entry = { loading, at: now() };
      cache.set(key, entry);
      loading.catch(() => {
        if (cache.get(key) === entry) cache.delete(key);
      });
      return loading;
    },
    forget(connection) {
      const key = keyOf(connection);
      const cached = cache.get(key);
      if (cached !== undefined) cache.set(key, { loading: cached.loading, at: Number.NEGATIVE_INFINITY });
    },
  };
}
