import pg from 'pg';
import { type TemporaryServer } from '../main/databases/embedded/index.ts';
import { loadCatalog } from '../main/databases/postgres/catalog.ts';
import { connectPostgres, type PostgresSession } from '../main/databases/postgres/session.ts';
import { CatalogIndex } from '../main/gate/lineage/catalog-index.ts';
import { type Disagreement, disagreement, lineageOf } from '../main/gate/lineage/server/index.ts';
import { trace } from '../main/gate/lineage/trace.ts';
import { understand } from '../main/gate/understand/postgres/understand.ts';
import { type CatalogSource, type JudgedStatement } from './regression-judge.ts';

export interface Ran {
  readonly sqlstate: string | undefined;
  /** It ran in a READ ONLY transaction of its own. */
  readonly alone: boolean;
  /** It took a transaction id there. */
  readonly wrote: boolean;
  readonly trees: { readonly parsed: string; readonly rewritten: string } | undefined;
}

const TREES = `SET LOCAL client_min_messages = log; SET LOCAL debug_print_parse = on;
  SET LOCAL debug_print_rewritten = on; SET LOCAL debug_pretty_print = off`;
const NO_TREES =
  'SET LOCAL client_min_messages = notice; SET LOCAL debug_print_parse = off; SET LOCAL debug_print_rewritten = off';
/** That of the gate's sessions: names of temporary tables do not hide those of the schema. */
export const SEARCH_PATH = 'public, pg_temp';
const TIMEOUT = 'SET statement_timeout = 20000';

/** Fields of a notice that tell a tree from what functions say. */
interface Printed {
  readonly message?: string;
  readonly detail?: string;
  readonly routine?: string;
}

/** The database that the suite runs in: statements go to it one by one, reads in READ ONLY, and trees come back. */
export class RegressionDatabase implements CatalogSource {
  readonly #target: TemporaryServer;
  #client: pg.Client | undefined;
  #status = 'I';
  #printed: Printed[] = [];
  #catalog: PostgresSession | undefined;
  #index: CatalogIndex | undefined;
  /** Something other than a read has run since the catalog was read. */
  #stale = false;

  constructor(target: TemporaryServer) {
    this.#target = target;
  }

  /** A new session, as each file of the suite has. */
  async connect(): Promise<void> {
    await this.#disconnect();
    const { host, port, user, password } = this.#target;
    const client = new pg.Client({ host, port, user, password, database: 'regression', ssl: false });
    client.on('error', () => undefined);
    client.on('notice', (notice) => this.#printed.push(notice as unknown as Printed));
    const wire = (client as unknown as { readonly connection: NodeJS.EventEmitter }).connection;
    wire.on('readyForQuery', ({ status }: { readonly status: string }) => (this.#status = status));
    await client.connect();
    await client.query(TIMEOUT);
    this.#client = client;
  }

  async close(): Promise<void> {
    await this.#disconnect();
    await this.#catalog?.close();
  }

  async #disconnect(): Promise<void> {
    await this.#client?.end().catch(() => undefined);
    this.#client = undefined;
  }

  async index(fresh: boolean): Promise<CatalogIndex> {
    if (this.#index !== undefined && !(fresh && this.#stale)) return this.#index;
    const session = (this.#catalog ??= await this.#connectCatalog());
    try {
      this.#index = new CatalogIndex(await loadCatalog(session));
      this.#stale = false;
    } catch (error) {
      // A definition is locked by the transaction that the suite has open: the older catalog has to do.
      await session.close();
      this.#catalog = undefined;
      if (this.#index === undefined) throw error;
    }
    return this.#index;
  }

  async #connectCatalog(): Promise<PostgresSession> {
    const { host, port, user, password } = this.#target;
    const target = { host, port, user, password, database: 'regression', tls: 'disable' } as const;
    const session = await connectPostgres(
      { ...target, searchPath: ['public'], applicationName: 'catalog' },
      new AbortController().signal,
    );
    await session.query("SET lock_timeout = '1s'");
    return session;
  }

  /** Runs a statement as it stands; what was judged a read runs alone in READ ONLY wherever no transaction is open. */
  async run(text: string, { read, query }: JudgedStatement): Promise<Ran> {
    // On a path of its own the session means other relations than the catalog does, and as another role it is bound by row
    // security; the gate's sessions have neither.
    const comparable = query !== undefined && (await this.#isOurs());
    const alone = read && this.#status === 'I';
    const inside = query !== undefined && this.#status === 'T';
    if (alone) await this.#ask(`BEGIN READ ONLY; ${TREES}`);
    else if (inside) await this.#ask(TREES);
    this.#printed = [];
    const sqlstate = await this.#ask(text);
    const trees = comparable ? this.#trees() : undefined;
    let wrote = false;
    if (alone) {
      wrote = sqlstate === undefined && (await this.#hasTransactionId());
      await this.#ask('ROLLBACK');
    } else {
      if (inside && this.#status === 'T') await this.#ask(NO_TREES);
      this.#stale ||= !read;
    }
    return { sqlstate, alone, wrote, trees };
  }

  /** The lineage of a text against that of the trees; undefined where there is one only. */
  async compare(
    { text, query }: JudgedStatement,
    { trees }: Ran,
  ): Promise<{ readonly outputs: number; readonly disagreement: Disagreement | undefined } | undefined> {
    if (query === undefined || trees === undefined) return undefined;
    const server = lineageOf(trees);
    if (server === undefined || 'unknown' in server) return undefined;
    const index = await this.index(false);
    const outputs = query.lineage.outputs.length;
    const first = disagreement(query.lineage, query.facts, server, index);
    if (first === undefined || !this.#stale) return { outputs, disagreement: first };
    // The catalog may have moved since it was read.
    const fresh = await this.index(true);
    const { tree } = await understand(text, { standardConformingStrings: true, clientEncoding: 'UTF8' });
    if (tree === undefined) return undefined;
    const lineage = trace(tree, fresh);
    if (lineage.hazards.length > 0) return undefined;
    const facts = lineage.relations.length === 0 ? query.facts : { ...query.facts, relations: lineage.relations };
    return { outputs, disagreement: disagreement(lineage, facts, server, fresh) };
  }

  /** The first of each kind belong to the statement; functions that it calls print theirs after them. */
  #trees(): Ran['trees'] {
    const tree = (title: string): string | undefined =>
      this.#printed.find(({ routine, message }) => routine === 'elog_node_display' && message === title)?.detail;
    const parsed = tree('parse tree:');
    const rewritten = tree('rewritten parse tree:');
    return parsed === undefined || rewritten === undefined ? undefined : { parsed, rewritten };
  }

  async #hasTransactionId(): Promise<boolean> {
    const { rows } = await this.#query('SELECT pg_current_xact_id_if_assigned() IS NOT NULL AS wrote');
    return (rows[0] as { readonly wrote?: boolean } | undefined)?.wrote === true;
  }

  async #isOurs(): Promise<boolean> {
    try {
      const { rows } = await this.#query(
        "SELECT current_setting('search_path') AS path, current_setting('is_superuser') AS superuser",
      );
      const [now] = rows as readonly { readonly path: string; readonly superuser: string }[];
      return now?.path === SEARCH_PATH && now.superuser === 'on';
    } catch {
      // The transaction that the suite has open has failed.
      return false;
    }
  }

  async #query(text: string): Promise<pg.QueryResult> {
    if (this.#client === undefined) throw new Error('not connected');
    return this.#client.query(text);
  }

  /** SQLSTATE of what went wrong. A session that is lost is made anew. */
  async #ask(text: string): Promise<string | undefined> {
    try {
      await this.#query(text);
      return undefined;
    } catch (error) {
      const { code } = error as { readonly code?: string };
      if (code === undefined || code.startsWith('57P') || code.startsWith('08')) await this.connect();
      return code ?? '08000';
    }
  }
}
