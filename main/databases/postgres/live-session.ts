import { randomUUID } from 'node:crypto';
import { serialize } from 'pg-protocol';
import { sendCancel } from './cancel.ts';
import { whileCancellable } from './cancellable.ts';
import { CAPPED, capsFor } from './caps.ts';
import { ColumnTypes } from './column-types.ts';
import { type OpenSocket, tlsOptions } from './connect.ts';
import { type Flight } from './flight.ts';
import { markValues, readMarks, sameMarks, SCOPED_MARKS } from './marks.ts';
import { BodyReader, Message, readDataRow } from './messages.ts';
import { once, parseOwn, refuseBadText, runOwn, unnamed } from './own-statements.ts';
import { ParseFlight, type Parsed } from './parse-flight.ts';
import { RowStream } from './row-stream.ts';
import { RunFlight } from './run-flight.ts';
import { ServerError, type ServerFields, serverFields } from './server-error.ts';
import {
  cancelled,
  definitionsMoved,
  isCancelled,
  moved,
  notCommitted,
  notPrepared,
  settingsRefused,
  stuck,
} from './session-errors.ts';
import type {
  BeginOptions,
  ExecuteOptions,
  Execution,
  PostgresSession,
  Prepared,
  RowSink,
  SecondLineageState,
  TextValue,
} from './session.ts';
import {
  LOG_LEVEL,
  movedSetting,
  pinQuery,
  pins,
  type Probe,
  probeText,
  probeValues,
  readProbe,
  SEPARATOR,
  WATCHED,
} from './settings.ts';
import { type PostgresTarget } from './target.ts';
import { mayPrint, type NoticeFields, secondLineageOf } from './trees.ts';
import { type Answer, type AnswerHandler, Wire } from './wire.ts';

/** invalid_sql_statement_name (PostgreSQL appendix A). */
const STATEMENT_MISSING = '26000';
const SYNC = serialize.sync();

interface Current {
  readonly prepared: Prepared;
  /** The mark of its transaction. */
  readonly envelope: string;
  readonly mode: BeginOptions['mode'];
}

/** The session over a socket that has been authenticated. `pin` comes first, once. */
export class LiveSession implements PostgresSession {
  readonly processId: number;
  readonly serverVersion: string;
  readonly database: string;
  readonly encrypted: boolean;
  readonly #target: PostgresTarget;
  readonly #open: OpenSocket;
  readonly #wire: Wire;
  readonly #serverMajor: number;
  /** Settings that every probe reads back, in its order. */
  readonly #settings: readonly string[];
  readonly #probe: string;
  readonly #reported: Map<string, string>;
  readonly #columnTypes = new ColumnTypes(this);
  #noticed: (notice: ServerFields) => void = () => undefined;
  #pendingCancel: Promise<void> = Promise.resolve();
  /** As the server told it last. */
  #state: Answer['state'] = 'idle';
  /** What is under way, where it is a flight. */
  #flight: Flight | undefined;
  /** What every later probe must equal; set by `pin`. */
  #baseline: Probe | undefined;
  #secondLineage: SecondLineageState = 'off: by configuration';
  /** False once code of users has run, until the gate's own statements have been parsed again. */
  #ownAreOurs = false;
  /** What `begin` prepared and nothing has run or ended yet. */
  #current: Current | undefined;

  constructor(target: PostgresTarget, open: OpenSocket) {
    this.#target = target;
    this.#open = open;
    this.#reported = new Map(open.parameters);
    this.processId = open.processId;
    this.serverVersion = open.parameters.get('server_version') ?? '';
    this.#serverMajor = Number.parseInt(this.serverVersion, 10);
    this.#settings = [...pins(target).keys(), ...CAPPED, LOG_LEVEL];
    this.#probe = probeText(this.#settings, {
      serverMajor: this.#serverMajor,
      onlyWhenQuiet: target.secondLineage !== 'always',
    });
    this.database = target.database;
    this.encrypted = open.encrypted;
    this.#wire = new Wire(open.socket, {
      notice: (fields) => this.#notice(fields),
      parameter: (name, value) => this.#watch(name, value),
    });
  }

  get role(): string {
    return this.#baseline?.role ?? this.#target.user;
  }

  get secondLineage(): SecondLineageState {
    return this.#secondLineage;
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
      await this.#set(pins(this.#target));
      await this.#set(await capsFor(this, this.#serverMajor));
      await this.#parseOwn();
      const none = { statementTimeout: 0, lockTimeout: 0, trees: false };
      const [row] = await this.query(this.#probe, probeValues(none, ''));
      this.#baseline = readProbe(row ?? []);
      const logLevel = this.#baseline.settings.split(SEPARATOR).at(-1) ?? '';
      this.#secondLineage = secondLineageOf(this.#target, this.#serverMajor, logLevel);
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
    const answer = await this.#request(once(text, params), (type, bytes, start, end) => {
      if (type === Message.dataRow) void sink.row(bytes, start, end);
    });
    if (answer.error !== undefined) throw new ServerError(serverFields(answer.error, text));
  }

  async begin(options: BeginOptions, signal?: AbortSignal): Promise<Prepared> {
    refuseBadText(options.text);
    await this.end('rollback');
    if (!this.#ownAreOurs) await this.#parseOwn();
    const envelope = randomUUID();
    try {
      const { text, params, mode } = options;
      const { columns, ...parsed } = await this.#parse(options, envelope, signal);
      this.#verify(parsed.probe, mode);
      const prepared = { ...parsed, columns: await this.#columnTypes.of(columns), text, params };
      this.#current = { prepared, envelope, mode };
      return prepared;
    } catch (failure) {
      if (this.usable) await this.end('rollback');
      if (signal?.aborted === true && isCancelled(failure)) throw cancelled(failure);
      throw failure;
    }
  }

  async execute(
    prepared: Prepared,
    sink: RowSink,
    signal: AbortSignal,
    { held, userCode = false }: ExecuteOptions = {},
  ): Promise<Execution> {
    if (this.#current?.prepared !== prepared) throw notPrepared();
    const { envelope, mode } = this.#current;
    this.#current = undefined;
    const stream = new RowStream(sink, () => void this.cancel());
    const reads = mode === 'read only';
    const flight = new RunFlight({ prepared, stream, reads, userCode, held });
    if (userCode) this.#ownAreOurs = false;
    const { error, state } = await this.#whileCancellable(signal, () => this.#fly(flight));
    const { after, rolledBack } = flight;
    // Where an error left the transaction failed, it is still the one that was opened: nothing runs in it but its end.
    const ours = after?.envelope === envelope && state === (reads ? 'idle' : 'open') && (rolledBack || !reads);
    if (!ours && !(error !== undefined && state === 'failed')) throw this.#left('transaction');
    const { failure, stopped, tag, rows } = stream;
    if (failure !== undefined) throw failure.error;
    if (error !== undefined) {
      const thrown = new ServerError(serverFields(error, prepared.text));
      if (signal.aborted && isCancelled(thrown)) throw cancelled(thrown);
      if (!(stopped && isCancelled(thrown))) throw thrown;
      if (userCode && held !== undefined) await this.#checkMarks(held);
    }
    return { tag, rows, transactionId: after?.transactionId ?? null };
  }

  async end(how: 'rollback' | 'commit'): Promise<void> {
    this.#current = undefined;
    if (how === 'rollback' && this.#state === 'idle') return;
    let tag = '';
    const messages = this.#ownAreOurs ? runOwn(how) : unnamed(how.toUpperCase());
    const { state, error } = await this.#request(messages, (type, ...body) => {
      if (type === Message.commandComplete) tag = new BodyReader(...body).text();
    });
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

  async #set(settings: ReadonlyMap<string, string>): Promise<void> {
    if (settings.size === 0) return;
    const { text, params } = pinQuery(settings);
    await this.query(text, params);
  }

  async #parseOwn(): Promise<void> {
    const { error } = await this.#request(parseOwn(this.#probe), () => undefined);
    if (error !== undefined) throw new ServerError(serverFields(error));
    this.#ownAreOurs = true;
  }

  async #parse(options: BeginOptions, envelope: string, signal: AbortSignal | undefined): Promise<Parsed> {
    const { text, treeOf = text } = options;
    const asked = this.#secondLineage === 'on' && treeOf !== null;
    const flight = new ParseFlight(options, envelope, asked && mayPrint(treeOf));
    const { error, state } = await this.#whileCancellable(signal, () => this.#fly(flight));
    if (error !== undefined) throw new ServerError(serverFields(error, text));
    const { parsed } = flight;
    if (parsed === undefined || state !== 'open') throw this.#left('transaction');
    return asked && !mayPrint(treeOf) ? { ...parsed, missingTrees: 'too-large' } : parsed;
  }

  /** Fails unless everything a decision rests on still holds. */
  #verify(probe: Probe, mode: BeginOptions['mode']): void {
    const { settings, role, sessionRole } = this.#baseline ?? probe;
    const changed = movedSetting(this.#settings, settings, probe.settings);
    if (changed !== undefined) throw this.#left(changed);
    if (probe.processId !== this.processId) throw this.#left('server process');
    if (probe.role !== role || probe.sessionRole !== sessionRole) throw this.#left('role');
    if (probe.readOnly !== (mode === 'read only')) throw this.#left('transaction mode');
  }

  /** After a statement that was stopped, in whose transaction nothing can be asked any more. */
  async #checkMarks({ scope, marks }: NonNullable<ExecuteOptions['held']>): Promise<void> {
    await this.end('rollback');
    if (!sameMarks(marks, readMarks(await this.query(SCOPED_MARKS, markValues(scope))), scope))
      throw definitionsMoved();
  }

  /** One request; a cancel still on its way must not hit it instead of what it was meant for. */
  async #request(messages: readonly Uint8Array[], handler: AnswerHandler): Promise<Answer> {
    await this.#pendingCancel;
    const answer = await this.#wire.request(Buffer.concat([...messages, SYNC]), handler);
    this.#state = answer.state;
    // The gate's own statements are there, or somebody has taken them away; the asker's is not named.
    if (answer.error?.get('C') === STATEMENT_MISSING) throw this.#left('prepared statements');
    return answer;
  }

  #whileCancellable<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    return whileCancellable(signal, work, {
      cancel: () => this.cancel(),
      giveUp: () => this.#wire.close(stuck()),
    });
  }

  /** Sends a flight; what the server remarks meanwhile is first for the step that it belongs to. */
  async #fly(flight: Flight): Promise<Answer> {
    this.#flight = flight;
    try {
      return await this.#request(flight.messages, (...message) => flight.take(...message));
    } finally {
      this.#flight = undefined;
    }
  }

  /** LOG is asked for only to have trees, and is otherwise for the server's administrator. */
  #notice(fields: NoticeFields): void {
    if (this.#flight?.notice(fields) !== true && fields.get('V') !== 'LOG') this.#noticed(serverFields(fields));
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
