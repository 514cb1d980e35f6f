/**
 * One session of a person is one connection: one transaction at a time, one statement in it, by the extended protocol
 * (which refuses a second statement in a text). The statement is parsed first, inside its envelope and with its locks
 * taken; whoever decides can look at what the server made of it before anything of it runs.
 */
import { randomUUID } from 'node:crypto';
import { serialize } from 'pg-protocol';
import { CountersignError } from '../../errors.ts';
import { type CancelTarget, sendCancel } from './cancel.ts';
import { openSocket, tlsOptions } from './connect.ts';
import {
  BodyReader,
  type ColumnDescription,
  Message,
  readDataRow,
  readParameterDescription,
  readRowDescription,
} from './messages.ts';
import { ServerError, type ServerFields, serverFields } from './server-error.ts';
import { AFTERWARDS, pinQuery, pins, type Probe, probeQuery, readProbe, WATCHED } from './settings.ts';
import { type PostgresTarget } from './target.ts';
import { builtInTypeName } from './type-names.ts';
import { type Answer, type AnswerHandler, Wire } from './wire.ts';

/** A parameter or value in text format; null for NULL. */
export type TextValue = string | null;

export interface ResultColumn extends ColumnDescription {
  /** As format_type prints it: `numeric(10,2)`. */
  readonly type: string;
}

/** A statement that the server has parsed inside an open transaction and that has not run. */
export interface Prepared {
  /** Empty for statements that give no rows. */
  readonly columns: readonly ResultColumn[];
  readonly parameterOids: readonly number[];
  readonly probe: Probe;
  readonly text: string;
  readonly params: readonly TextValue[];
}

export interface BeginOptions {
  readonly mode: 'read only' | 'read write';
  /** Milliseconds; 0 for none. */
  readonly statementTimeout: number;
  readonly lockTimeout: number;
  readonly text: string;
  readonly params: readonly TextValue[];
}

/** Where rows go. The bytes are the body of a DataRow and are valid during the call only. */
export interface RowSink {
  /**
   * Takes one row. `false` means that no further row is wanted: the statement is cancelled on the server. A promise holds
   * the server back until it settles.
   */
  row(bytes: Buffer, start: number, end: number): boolean | Promise<boolean>;
}

export interface Execution {
  /** The server's command tag, `SELECT 3`; undefined where the sink wanted no more rows. */
  readonly tag: string | undefined;
  readonly rows: number;
  /** Id the transaction has taken, which a read never does (pg_current_xact_id_if_assigned); null for none. */
  readonly transactionId: string | null;
}

export interface PostgresSession {
  readonly processId: number;
  /** server_version as the server reports it, `18.4`. */
  readonly serverVersion: string;
  readonly database: string;
  readonly role: string;
  readonly encrypted: boolean;
  /** False once the connection is lost or closed: it is never used again. */
  readonly usable: boolean;
  /** Replaces the listener for notices. They may hold cells. */
  onNotice(listener: (notice: ServerFields) => void): void;
  /** A small statement of the gate's own; rows as text. Inside a transaction it leaves the prepared statement alone. */
  query(text: string, params?: readonly TextValue[]): Promise<readonly (readonly TextValue[])[]>;
  /** The same, row by row without making values: for loading catalogs. */
  read(text: string, params: readonly TextValue[], sink: RowSink): Promise<void>;
  /** Opens the transaction, proves its settings and parses the statement, in one round trip. */
  begin(options: BeginOptions, signal?: AbortSignal): Promise<Prepared>;
  /** Runs what the last `begin` prepared, once, in its transaction and no other. Aborting the signal cancels it on the server. */
  execute(prepared: Prepared, sink: RowSink, signal: AbortSignal): Promise<Execution>;
  /** Ends the transaction, if one is open. */
  end(how: 'rollback' | 'commit'): Promise<void>;
  /** Asks the server to cancel what runs now. Resolves when the request has been delivered. */
  cancel(): Promise<void>;
  close(): Promise<void>;
}

/** Name of the gate's own statements; the asker's is the unnamed one. */
const OWN = 'countersign';
const closeOwn = serialize.close({ type: 'S', name: OWN });
/** Milliseconds between cancel requests for a statement that does not end. */
const CANCEL_AGAIN = 1000;
/** Milliseconds a cancelled statement may take to end before its connection is given up. */
const CANCEL_PATIENCE = 10_000;

/**
 * Connects, authenticates and pins the session's settings.
 * @throws CountersignError connection-refused, host-unknown, connection-timeout, login-refused, database-missing,
 * tls-refused, tls-unverified, password-in-clear, too-many-connections, server-not-ready, connection-failed
 */
export async function connectPostgres(target: PostgresTarget, signal: AbortSignal): Promise<PostgresSession> {
  const open = await openSocket(target, signal);
  const settings = pins(target);
  const watched = new Map(open.parameters);
  let pinned = false;
  let noticed: (notice: ServerFields) => void = () => undefined;
  let pendingCancel: Promise<void> = Promise.resolve();
  const typeNames = new Map<string, string>();
  /** What `begin` prepared and nothing has run or ended yet, with the mark of its transaction. */
  let current: { readonly prepared: Prepared; readonly envelope: string } | undefined;
  const wire = new Wire(open.socket, {
    notice: (fields) => noticed(fields),
    parameter(name, value) {
      if (pinned && WATCHED.has(name) && watched.get(name) !== value) void wire.close(moved(name));
      watched.set(name, value);
    },
  });
  const cancelTarget: CancelTarget = {
    host: target.host,
    port: target.port,
    processId: open.processId,
    secretKey: open.secretKey,
    tls: open.encrypted ? tlsOptions(target) : false,
  };

  const cancel = (): Promise<void> => (pendingCancel = sendCancel(cancelTarget));

  /** One request; a cancel still on its way must not hit it instead of what it was meant for. */
  async function request(messages: readonly Uint8Array[], handler: AnswerHandler): Promise<Answer> {
    await pendingCancel;
    return wire.request(Buffer.concat([...messages, serialize.sync()]), handler);
  }

  async function read(text: string, params: readonly TextValue[], sink: RowSink): Promise<void> {
    const answer = await request(own(text, params), (type, bytes, start, end) => {
      if (type === Message.dataRow) void sink.row(bytes, start, end);
    });
    if (answer.error !== undefined) throw new ServerError(serverFields(answer.error, text));
  }

  async function query(text: string, params: readonly TextValue[] = []): Promise<readonly (readonly TextValue[])[]> {
    const rows: (readonly TextValue[])[] = [];
    await read(text, params, { row: (...body) => rows.push(readDataRow(new BodyReader(...body))) > 0 });
    return rows;
  }

  /** Names of types that are not built in, asked for once a session. */
  async function named(columns: readonly ColumnDescription[]): Promise<readonly ResultColumn[]> {
    const key = ({ typeOid, typeModifier }: ColumnDescription): string => `${String(typeOid)}:${String(typeModifier)}`;
    const known = (column: ColumnDescription): string | undefined =>
      builtInTypeName(column.typeOid, column.typeModifier) ?? typeNames.get(key(column));
    const unknown = columns.filter((column) => known(column) === undefined);
    if (unknown.length > 0) {
      const list = (of: (column: ColumnDescription) => number): string => `{${unknown.map(of).join(',')}}`;
      const names = await query(
        'SELECT pg_catalog.format_type(t, m) FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.oid[]), pg_catalog.unnest($2::pg_catalog.int4[])) AS x (t, m)',
        [list((column) => column.typeOid), list((column) => column.typeModifier)],
      );
      unknown.forEach((column, i) => typeNames.set(key(column), names[i]?.[0] ?? '???'));
    }
    return columns.map((column) => ({ ...column, type: known(column) ?? '???' }));
  }

  /** Fails unless everything a decision rests on still holds. */
  function verify(probe: Probe, mode: BeginOptions['mode']): void {
    const changed = [...probe.settings].find(([name, value]) => value !== baseline.settings.get(name))?.[0];
    const reason =
      changed ??
      (probe.processId !== open.processId ? 'server process' : undefined) ??
      (probe.role !== baseline.role || probe.sessionRole !== baseline.sessionRole ? 'role' : undefined) ??
      (probe.readOnly !== (mode === 'read only') ? 'transaction_read_only' : undefined);
    if (reason === undefined) return;
    const error = moved(reason);
    void wire.close(error);
    throw error;
  }

  async function begin(options: BeginOptions, aborted?: AbortSignal): Promise<Prepared> {
    refuseBadText(options.text);
    const envelope = randomUUID();
    const probing = probeQuery(settings, options, envelope);
    let probe: Probe | undefined;
    let columns: readonly ColumnDescription[] = [];
    let parameterOids: readonly number[] = [];
    const messages = [
      ...unnamed(options.mode === 'read only' ? 'BEGIN READ ONLY' : 'BEGIN READ WRITE', []),
      ...unnamed(probing.text, probing.params),
      serialize.parse({ text: options.text }),
      serialize.describe({ type: 'S' }),
    ];
    current = undefined;
    const { error, state } = await whileCancellable(aborted, () =>
      request(messages, (type, ...body) => {
        if (type === Message.dataRow) probe = readProbe(settings, readDataRow(new BodyReader(...body)));
        else if (type === Message.rowDescription) columns = readRowDescription(new BodyReader(...body));
        else if (type === Message.parameterDescription)
          parameterOids = readParameterDescription(new BodyReader(...body));
      }),
    );
    try {
      if (error !== undefined) throw new ServerError(serverFields(error, options.text));
      if (probe === undefined || state !== 'open') throw moved('transaction');
      verify(probe, options.mode);
      const { text, params } = options;
      const prepared = { columns: await named(columns), parameterOids, probe, text, params };
      current = { prepared, envelope };
      return prepared;
    } catch (failure) {
      if (wire.usable) await end('rollback');
      if (aborted?.aborted === true && isCancelled(failure)) throw cancelled(failure);
      throw failure;
    }
  }

  async function execute(prepared: Prepared, sink: RowSink, aborted: AbortSignal): Promise<Execution> {
    if (current?.prepared !== prepared) throw notPrepared();
    const { envelope } = current;
    current = undefined;
    let rows = 0;
    let tag: string | undefined;
    let after: readonly TextValue[] | undefined;
    let failure: { readonly error: unknown } | undefined;
    let stopped = false;
    const stop = (): void => {
      if (stopped) return;
      stopped = true;
      void cancel();
    };
    const failed = (error: unknown): void => {
      failure ??= { error };
      stop();
    };
    const messages = [serialize.bind({ values: [...prepared.params] }), serialize.execute(), ...own(AFTERWARDS, [])];
    const { error, state } = await whileCancellable(aborted, () =>
      request(messages, (type, bytes, start, end) => {
        if (type === Message.commandComplete) tag ??= new BodyReader(bytes, start, end).text();
        else if (type === Message.emptyQuery) tag = '';
        else if (type === Message.dataRow && tag !== undefined) {
          after = readDataRow(new BodyReader(bytes, start, end));
        } else if (type === Message.dataRow && !stopped) {
          try {
            const wanted = sink.row(bytes, start, end);
            if (wanted === true) rows++;
            else if (wanted === false) stop();
            else return wanted.then((more) => (more ? void rows++ : stop()), failed);
          } catch (thrown) {
            failed(thrown);
          }
        } else if (!EXPECTED.has(type)) {
          throw new Error(`message ${String(type)} does not answer a statement`);
        }
        return undefined;
      }),
    );
    if (state === 'idle' || (after !== undefined && after[1] !== envelope)) {
      const left = moved('transaction');
      void wire.close(left);
      throw left;
    }
    if (failure !== undefined) throw failure.error;
    if (error !== undefined) {
      const thrown = new ServerError(serverFields(error, prepared.text));
      if (aborted.aborted && isCancelled(thrown)) throw cancelled(thrown);
      if (!(stopped && isCancelled(thrown))) throw thrown;
    }
    return { tag: stopped ? undefined : tag, rows, transactionId: after?.[0] ?? null };
  }

  /** Lets `signal` cancel what runs on the server, and gives up the connection if it then does not end. */
  async function whileCancellable<T>(aborted: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    if (aborted?.aborted === true) throw cancelled();
    const timers: NodeJS.Timeout[] = [];
    const abort = (): void => {
      void cancel();
      // A request that arrives between two messages of ours hits nothing, so it is repeated.
      timers.push(setInterval(() => void cancel(), CANCEL_AGAIN));
      timers.push(setTimeout(() => void wire.close(stuck()), CANCEL_PATIENCE));
    };
    aborted?.addEventListener('abort', abort, { once: true });
    try {
      return await work();
    } finally {
      for (const timer of timers) clearTimeout(timer);
      aborted?.removeEventListener('abort', abort);
    }
  }

  async function end(how: 'rollback' | 'commit'): Promise<void> {
    current = undefined;
    let tag = '';
    const answer = await request(unnamed(how === 'commit' ? 'COMMIT' : 'ROLLBACK', []), (type, ...body) => {
      if (type === Message.commandComplete) tag = new BodyReader(...body).text();
    });
    if (answer.state !== 'idle') await wire.close(moved('transaction'));
    if (answer.error !== undefined) throw new ServerError(serverFields(answer.error));
    if (how === 'commit' && tag !== 'COMMIT') {
      throw new CountersignError(
        'not-committed',
        'The server rolled the transaction back instead of committing it: a statement in it had failed.',
      );
    }
  }

  const close = async (): Promise<void> => {
    if (wire.usable) open.socket.write(serialize.end());
    await wire.close();
  };

  let baseline: Probe;
  try {
    const pinning = pinQuery(settings);
    await query(pinning.text, pinning.params);
    const probing = probeQuery(settings, { statementTimeout: 0, lockTimeout: 0 }, '');
    baseline = readProbe(settings, (await query(probing.text, probing.params))[0] ?? []);
    pinned = true;
  } catch (error) {
    await close();
    throw error instanceof ServerError
      ? new CountersignError(
          'settings-refused',
          `The server at ${target.host}:${String(target.port)} refused a setting that Countersign needs (${error.sqlstate}).`,
          {
            next: 'Connect directly instead of through a pooler that restricts settings.',
            cause: error,
          },
        )
      : error;
  }

  return {
    processId: open.processId,
    serverVersion: open.parameters.get('server_version') ?? '',
    database: target.database,
    role: baseline.role,
    encrypted: open.encrypted,
    get usable() {
      return wire.usable;
    },
    onNotice(listener) {
      noticed = listener;
    },
    query,
    read,
    begin,
    execute,
    end,
    cancel,
    close,
  };
}

/** Messages that answer a statement of either kind; COPY's are not among them. */
const EXPECTED: ReadonlySet<number> = new Set([
  Message.parseComplete,
  Message.bindComplete,
  Message.closeComplete,
  Message.commandComplete,
  Message.dataRow,
  Message.emptyQuery,
]);

/** A statement of the gate's own that replaces the unnamed one. */
const unnamed = (text: string, values: readonly TextValue[]): readonly Uint8Array[] => [
  serialize.parse({ text }),
  serialize.bind({ values: [...values] }),
  serialize.execute(),
];

/** A statement of the gate's own beside the asker's unnamed one. */
const own = (text: string, values: readonly TextValue[]): readonly Uint8Array[] => [
  closeOwn,
  serialize.parse({ name: OWN, text }),
  serialize.bind({ statement: OWN, portal: OWN, values: [...values] }),
  serialize.execute({ portal: OWN }),
  serialize.close({ type: 'P', name: OWN }),
];

/** The protocol ends texts at a NUL, and UTF-8 has no lone surrogates: either would run something other than was read. */
function refuseBadText(text: string): void {
  if (text.includes('\0'))
    throw new CountersignError('nul-byte', 'The statement contains a NUL character, which SQL text cannot hold.');
  if (!text.isWellFormed()) {
    throw new CountersignError(
      'lone-surrogate',
      'The statement contains half of a character (a lone UTF-16 surrogate).',
    );
  }
}

const isCancelled = (error: unknown): boolean => error instanceof ServerError && error.sqlstate === '57014';

const cancelled = (cause?: unknown): CountersignError =>
  new CountersignError('cancelled', 'The statement was cancelled.', cause === undefined ? {} : { cause });

const notPrepared = (): CountersignError =>
  new CountersignError('not-prepared', 'The statement was not run: its transaction has ended or it has run already.', {
    next: 'Run the statement again.',
  });

const stuck = (): CountersignError =>
  new CountersignError(
    'cancel-unanswered',
    'The server did not end the cancelled statement; its connection was closed.',
    {
      next: 'An administrator can look for it in pg_stat_activity.',
    },
  );

const moved = (what: string): CountersignError =>
  new CountersignError(
    'session-changed',
    `The connection's ${what} is not what was decided on; the connection was closed.`,
    {
      next: 'Run the statement again: a new connection is made. A pooler in transaction mode cannot be used.',
    },
  );
