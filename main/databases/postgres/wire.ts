import { type Socket } from 'node:net';
import { CountersignError } from '../../errors.ts';
import { FrameReader, MessageTooLarge } from './frames.ts';
import { BodyReader, Message, readFields } from './messages.ts';
import { type ServerFields, serverFields } from './server-error.ts';
import { type NoticeFields } from './trees.ts';

/** Transaction state that ReadyForQuery tells: none, inside one, inside a failed one. */
export type TransactionState = 'idle' | 'open' | 'failed';

/** How a request ended: the server's state, and its error where it answered with one. */
export interface Answer {
  readonly state: TransactionState;
  readonly error: ReadonlyMap<string, string> | undefined;
}

/** Takes the messages that answer one request. A promise holds back the socket until it settles. */
export type AnswerHandler = (type: number, bytes: Buffer, start: number, end: number) => void | Promise<void>;

export interface WireListeners {
  /** NoticeResponse, its fields by their letters. */
  notice(fields: NoticeFields): void;
  /** ParameterStatus: the server says that a setting has changed. */
  parameter(name: string, value: string): void;
}

interface Pending {
  readonly handler: AnswerHandler;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
  error: ReadonlyMap<string, string> | undefined;
}

const STATES: Readonly<Record<number, TransactionState>> = { 0x49: 'idle', 0x54: 'open', 0x45: 'failed' };

/**
 * Requests and answers on one socket after start-up: one request at a time, each ending in Sync, each answered up to its
 * ReadyForQuery. Whatever cannot be understood closes the connection: a stream that is off by one byte is never read on.
 */
export class Wire {
  readonly #socket: Socket;
  readonly #listeners: WireListeners;
  readonly #reader = new FrameReader((type, bytes, start, end) => this.#take(type, bytes, start, end));
  #pending: Pending | null = null;
  #lost: CountersignError | null = null;
  /** Last words of a server that ends the connection. */
  #fatal: ServerFields | null = null;
  readonly #closed: Promise<void>;

  constructor(socket: Socket, listeners: WireListeners) {
    this.#socket = socket;
    this.#listeners = listeners;
    socket.on('data', (chunk: Buffer) => this.#guard(() => void this.#reader.push(chunk)));
    socket.on('error', (cause) => this.#lose(cause));
    this.#closed = new Promise((done) => {
      socket.on('close', () => {
        this.#lose();
        done();
      });
    });
  }

  get usable(): boolean {
    return this.#lost === null;
  }

  /**
   * Sends `bytes` (which must end in Sync) and hands every message of the answer to `handler` up to ReadyForQuery.
   * @throws CountersignError connection-lost, connection-busy, or what the connection was closed with
   */
  request(bytes: Buffer, handler: AnswerHandler): Promise<Answer> {
    if (this.#lost !== null) return Promise.reject(this.#lost);
    if (this.#pending !== null) {
      return Promise.reject(
        new CountersignError('connection-busy', 'The connection is still at work on another statement.'),
      );
    }
    return new Promise((resolve, reject) => {
      this.#pending = { handler, resolve, reject, error: undefined };
      this.#socket.write(bytes);
    });
  }

  /** Ends the connection at once; whatever is under way fails with `reason`. Resolves when the socket is closed. */
  close(
    reason = new CountersignError('connection-closed', 'The connection to the database is closed.'),
  ): Promise<void> {
    this.#fail(reason);
    return this.#closed;
  }

  #take(type: number, bytes: Buffer, start: number, end: number): boolean {
    const body = (): BodyReader => new BodyReader(bytes, start, end);
    switch (type) {
      case Message.notice:
        this.#listeners.notice(readFields(body()));
        return true;
      case Message.notification:
        return true;
      case Message.parameterStatus: {
        const parameter = body();
        this.#listeners.parameter(parameter.text(), parameter.text());
        return this.#lost === null;
      }
    }
    const pending = this.#pending;
    if (type === Message.error) {
      const fields = readFields(body());
      const named = serverFields(fields);
      if (named.severity === 'FATAL' || named.severity === 'PANIC') this.#fatal = named;
      if (pending !== null) pending.error ??= fields;
      return true;
    }
    if (pending === null) throw new Error(`unasked message ${String(type)}`);
    if (type === Message.ready) {
      const state = STATES[body().byte()];
      if (state === undefined) throw new Error('unknown transaction state');
      this.#pending = null;
      pending.resolve({ state, error: pending.error });
      return true;
    }
    const wait = pending.handler(type, bytes, start, end);
    if (wait === undefined) return this.#lost === null;
    this.#holdBack(wait);
    return false;
  }

  #holdBack(wait: Promise<void>): void {
    this.#socket.pause();
    const goOn = (): void =>
      this.#guard(() => {
        if (this.#lost === null && this.#reader.resume()) this.#socket.resume();
      });
    wait.then(goOn, (error: unknown) => this.#fail(protocolError(error)));
  }

  #guard(read: () => void): void {
    if (this.#lost !== null) return;
    try {
      read();
    } catch (error) {
      this.#fail(protocolError(error));
    }
  }

  #lose(cause?: Error): void {
    if (this.#lost !== null) return;
    const words = this.#fatal === null ? '' : `: ${reasonOf(this.#fatal)}`;
    this.#fail(
      new CountersignError('connection-lost', `The connection to the database was lost${words}.`, {
        next: 'Run the statement again: a new connection is made. Nothing of an unfinished transaction was kept.',
        cause,
      }),
    );
  }

  #fail(reason: CountersignError): void {
    this.#lost ??= reason;
    const pending = this.#pending;
    this.#pending = null;
    this.#socket.destroy();
    pending?.reject(this.#lost);
  }
}

/** Why a server ends connections (PostgreSQL appendix A, classes 57 and 25); its own words are not needed for it. */
function reasonOf({ sqlstate }: ServerFields): string {
  const known: Readonly<Record<string, string>> = {
    '57P01': 'the server is shutting down or an administrator ended the connection',
    '57P02': 'another server process crashed and the server is recovering',
    '57P05': 'the connection was idle for too long',
    '25P03': 'the transaction was idle for too long',
    '25P04': 'the transaction took too long',
  };
  return known[sqlstate] ?? `the server ended it with code ${sqlstate}`;
}

const protocolError = (cause: unknown): CountersignError =>
  cause instanceof MessageTooLarge && cause.type === Message.dataRow ? tooLarge(cause) : violation(cause);

const tooLarge = (cause: MessageTooLarge): CountersignError =>
  new CountersignError(
    'row-too-large',
    `One row of the result has ${cause.bytes.toLocaleString('en')} bytes, and at most ${cause.most.toLocaleString('en')} are taken; the connection was closed.`,
    { next: 'Ask for fewer columns, or for a part of the large value with substr().', cause },
  );

const violation = (cause: unknown): CountersignError =>
  new CountersignError(
    'protocol-violation',
    'The database sent something that is not the PostgreSQL protocol; the connection was closed.',
    {
      next: 'Check that the host and port are those of a PostgreSQL server and that nothing in between rewrites its answers.',
      cause,
    },
  );
