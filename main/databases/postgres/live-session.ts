import { randomUUID } from 'node:crypto';
import { serialize } from 'pg-protocol';
import { sendCancel } from './cancel.ts';
import { type OpenSocket, tlsOptions } from './connect.ts';
import {
  BodyReader,
  type ColumnDescription,
  Message,
  readDataRow,
  readParameterDescription,
  readRowDescription,
} from './messages.ts';
import { own, parseOnly, refuseBadText, runParsed, unnamed } from './own-statements.ts';
import { RowStream } from './row-stream.ts';
import { ServerError, type ServerFields, serverFields } from './server-error.ts';
import { cancelled, isCancelled, moved, notCommitted, notPrepared, settingsRefused, stuck } from './session-errors.ts';
import {
  type BeginOptions,
  type Execution,
  type PostgresSession,
  type Prepared,
  type ResultColumn,
  type RowSink,
  type TextValue,
} from './session.ts';
import { AFTERWARDS, pinQuery, pins, type Probe, probeQuery, readProbe, WATCHED } from './settings.ts';
import { type PostgresTarget } from './target.ts';
import { builtInTypeName } from './type-names.ts';
import { type Answer, type AnswerHandler, Wire } from './wire.ts';

/** Milliseconds between cancel requests for a statement that does not end. */
const CANCEL_AGAIN = 1000;
/** Milliseconds a cancelled statement may take to end before its connection is given up. */
const CANCEL_PATIENCE = 10_000;

/** The session over a socket that has been authenticated. `pin` comes first, once. */
export class LiveSession implements PostgresSession {
  readonly processId: number;
  readonly serverVersion: string;
  readonly database: string;
  readonly encrypted: boolean;
  readonly #target: PostgresTarget;
  readonly #open: OpenSocket;
  readonly #wire: Wire;
  readonly #settings: ReadonlyMap<string, string>;
  readonly #reported: Map<string, string>;
  readonly #typeNames = new Map<string, string>();
  #noticed: (notice: ServerFields) => void = () => undefined;
  #pendingCancel: Promise<void> = Promise.resolve();
  /** As the server told it last. */
  #state: Answer['state'] = 'idle';
  /** What every later probe must equal; set by `pin`. */
  #baseline: Probe | undefined;
  /** What `begin` prepared and nothing has run or ended yet, with the mark of its transaction. */
  #current: { readonly prepared: Prepared; readonly envelope: string } | undefined;

  constructor(target: PostgresTarget, open: OpenSocket) {
    this.#target = target;
    this.#open = open;
    this.#settings = pins(target);
    this.#reported = new Map(open.parameters);
    this.processId = open.processId;
    this.serverVersion = open.parameters.get('server_version') ?? '';
    this.database = target.database;
    this.encrypted = open.encrypted;
    this.#wire = new Wire(open.socket, {
      notice: (fields) => this.#noticed(fields),
      parameter: (name, value) => this.#watch(name, value),
    });
  }

  get role(): string {
    return this.#baseline?.role ?? this.#target.user;
  }

  get usable(): boolean {
    return this.#wire.usable;
  }

  onNotice(listener: (notice: ServerFields) => void): void {
    this.#noticed = listener;
  }

  /** Sets what is pinned and remembers how the server has it. @throws CountersignError settings-refused */
  async pin(): Promise<void> {
    try {
      const pinning = pinQuery(this.#settings);
      await this.query(pinning.text, pinning.params);
      const probing = probeQuery(this.#settings, { statementTimeout: 0, lockTimeout: 0 }, '');
      const [row] = await this.query(probing.text, probing.params);
      this.#baseline = readProbe(this.#settings, row ?? []);
    } catch (error) {
      await this.close();
      throw error instanceof ServerError ? settingsRefused(this.#target, error) : error;
    }
  }

  async query(text: string, params: readonly TextValue[] = []): Promise<readonly (readonly TextValue[])[]> {
    const rows: (readonly TextValue[])[] = [];
    await this.read(text, params, { row: (...body) => rows.push(readDataRow(new BodyReader(...body))) > 0 });
    return rows;
  }

  async read(text: string, params: readonly TextValue[], sink: RowSink): Promise<void> {
    const answer = await this.#request(own(text, params), (type, bytes, start, end) => {
      if (type === Message.dataRow) void sink.row(bytes, start, end);
    });
    if (answer.error !== undefined) throw new ServerError(serverFields(answer.error, text));
  }

  async begin(options: BeginOptions, signal?: AbortSignal): Promise<Prepared> {
    refuseBadText(options.text);
    this.#current = undefined;
    const envelope = randomUUID();
    try {
      const { text, params } = options;
      const { probe, columns, parameterOids } = await this.#parse(options, envelope, signal);
      this.#verify(probe, options.mode);
      const prepared = { columns: await this.#named(columns), parameterOids, probe, text, params };
      this.#current = { prepared, envelope };
      return prepared;
    } catch (failure) {
      if (this.usable) await this.end('rollback');
      if (signal?.aborted === true && isCancelled(failure)) throw cancelled(failure);
      throw failure;
    }
  }

  async execute(prepared: Prepared, sink: RowSink, signal: AbortSignal): Promise<Execution> {
    if (this.#current?.prepared !== prepared) throw notPrepared();
    const { envelope } = this.#current;
    this.#current = undefined;
    const stream = new RowStream(sink, () => void this.cancel());
    const messages = [...runParsed(prepared.params), ...own(AFTERWARDS, [])];
    const { error, state } = await this.#whileCancellable(signal, () =>
      this.#request(messages, (...message) => stream.take(...message)),
    );
    const { failure, after, stopped, tag, rows } = stream;
    if (state === 'idle' || (after !== undefined && after[1] !== envelope)) throw this.#left('transaction');
    if (failure !== undefined) throw failure.error;
    if (error !== undefined) {
      const thrown = new ServerError(serverFields(error, prepared.text));
      if (signal.aborted && isCancelled(thrown)) throw cancelled(thrown);
      if (!(stopped && isCancelled(thrown))) throw thrown;
    }
    return { tag, rows, transactionId: after?.[0] ?? null };
  }

  async end(how: 'rollback' | 'commit'): Promise<void> {
    this.#current = undefined;
    if (how === 'rollback' && this.#state === 'idle') return;
    let tag = '';
    const { state, error } = await this.#request(
      unnamed(how === 'commit' ? 'COMMIT' : 'ROLLBACK', []),
      (type, ...body) => {
        if (type === Message.commandComplete) tag = new BodyReader(...body).text();
      },
    );
    if (state !== 'idle') throw this.#left('transaction');
    if (error !== undefined) throw new ServerError(serverFields(error));
    if (how === 'commit' && tag !== 'COMMIT') throw notCommitted();
  }

  cancel(): Promise<void> {
    const { host, port } = this.#target;
    const { processId, secretKey, encrypted } = this.#open;
    const tls = encrypted ? tlsOptions(this.#target) : false;
    this.#pendingCancel = sendCancel({ host, port, processId, secretKey, tls });
    return this.#pendingCancel;
  }

  async close(): Promise<void> {
    if (this.usable) this.#open.socket.write(serialize.end());
    await this.#wire.close();
  }

  /** BEGIN, the gate's own first query, and Parse of the statement, in one round trip. */
  async #parse(options: BeginOptions, envelope: string, signal: AbortSignal | undefined) {
    const probing = probeQuery(this.#settings, options, envelope);
    let probe: Probe | undefined;
    let columns: readonly ColumnDescription[] = [];
    let parameterOids: readonly number[] = [];
    const messages = [
      ...unnamed(options.mode === 'read only' ? 'BEGIN READ ONLY' : 'BEGIN READ WRITE', []),
      ...unnamed(probing.text, probing.params),
      ...parseOnly(options.text),
    ];
    const { error, state } = await this.#whileCancellable(signal, () =>
      this.#request(messages, (type, ...body) => {
        if (type === Message.dataRow) probe = readProbe(this.#settings, readDataRow(new BodyReader(...body)));
        else if (type === Message.rowDescription) columns = readRowDescription(new BodyReader(...body));
        else if (type === Message.parameterDescription)
          parameterOids = readParameterDescription(new BodyReader(...body));
      }),
    );
    if (error !== undefined) throw new ServerError(serverFields(error, options.text));
    if (probe === undefined || state !== 'open') throw this.#left('transaction');
    return { probe, columns, parameterOids };
  }

  /** Fails unless everything a decision rests on still holds. */
  #verify(probe: Probe, mode: BeginOptions['mode']): void {
    const { settings, role, sessionRole } = this.#baseline ?? probe;
    const changed = [...probe.settings].find(([name, value]) => value !== settings.get(name))?.[0];
    if (changed !== undefined) throw this.#left(changed);
    if (probe.processId !== this.processId) throw this.#left('server process');
    if (probe.role !== role || probe.sessionRole !== sessionRole) throw this.#left('role');
    if (probe.readOnly !== (mode === 'read only')) throw this.#left('transaction mode');
  }

  /** Names of types that are not built in are asked for once a session. */
  async #named(columns: readonly ColumnDescription[]): Promise<readonly ResultColumn[]> {
    const key = ({ typeOid, typeModifier }: ColumnDescription): string => `${String(typeOid)}:${String(typeModifier)}`;
    const known = (column: ColumnDescription): string | undefined =>
      builtInTypeName(column.typeOid, column.typeModifier) ?? this.#typeNames.get(key(column));
    const unknown = columns.filter((column) => known(column) === undefined);
    if (unknown.length > 0) {
      const list = (of: (column: ColumnDescription) => number): string => `{${unknown.map(of).join(',')}}`;
      const names = await this.query(
        'SELECT pg_catalog.format_type(t, m) FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.oid[]), pg_catalog.unnest($2::pg_catalog.int4[])) AS x (t, m)',
        [list((column) => column.typeOid), list((column) => column.typeModifier)],
      );
      unknown.forEach((column, i) => this.#typeNames.set(key(column), names[i]?.[0] ?? '???'));
    }
    return columns.map((column) => ({ ...column, type: known(column) ?? '???' }));
  }

  /** One request; a cancel still on its way must not hit it instead of what it was meant for. */
  async #request(messages: readonly Uint8Array[], handler: AnswerHandler): Promise<Answer> {
    await this.#pendingCancel;
    const answer = await this.#wire.request(Buffer.concat([...messages, serialize.sync()]), handler);
    this.#state = answer.state;
    return answer;
  }

  /** Lets `signal` cancel what runs on the server, and gives up the connection if it then does not end. */
  async #whileCancellable<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    if (signal?.aborted === true) throw cancelled();
    const timers: NodeJS.Timeout[] = [];
    const abort = (): void => {
      void this.cancel();
      // A request that arrives between two messages of ours hits nothing, so it is repeated.
      timers.push(setInterval(() => void this.cancel(), CANCEL_AGAIN));
      timers.push(setTimeout(() => void this.#wire.close(stuck()), CANCEL_PATIENCE));
    };
    signal?.addEventListener('abort', abort, { once: true });
    try {
      return await work();
    } finally {
      for (const timer of timers) clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
    }
  }

  #watch(name: string, value: string): void {
    if (this.#baseline !== undefined && WATCHED.has(name) && this.#reported.get(name) !== value) this.#left(name);
    this.#reported.set(name, value);
  }

  /** Closes the connection because its ground has moved. */
  #left(what: string): Error {
    const error = moved(what);
    void this.#wire.close(error);
    return error;
  }
}
