/**
 * Start-up of one connection: TCP, TLS and authentication are pg's; afterwards the socket is taken over and pg sees no
 * byte of it. Nothing is taken from PG* environment variables or ~/.pgpass: a target says all there is.
 */
import { type Socket } from 'node:net';
import { type ConnectionOptions, TLSSocket } from 'node:tls';
import { Client, type ClientConfig } from 'pg';
import { CountersignError } from '../../errors.ts';
import { type PostgresTarget } from './target.ts';

/** Milliseconds until a server that does not answer is given up. */
const CONNECT_TIMEOUT = 10_000;

export interface OpenSocket {
  readonly socket: Socket;
  /** BackendKeyData: what a CancelRequest names. */
  readonly processId: number;
  readonly secretKey: number;
  /** ParameterStatus as reported up to the first ReadyForQuery. */
  readonly parameters: ReadonlyMap<string, string>;
  readonly encrypted: boolean;
}

/** The parts of pg's client that its type declarations leave out. */
interface PgClient {
  readonly connection: {
    readonly stream: Socket;
    on(event: 'parameterStatus', listener: (message: { parameterName: string; parameterValue: string }) => void): void;
    prependListener(event: 'authenticationCleartextPassword', listener: () => void): void;
  };
  readonly connectionParameters: { options?: string; replication?: string };
  readonly processID: number;
  readonly secretKey: number;
}

/** @throws CountersignError with one code per way to fail; never with the password in it */
export async function openSocket(target: PostgresTarget, signal: AbortSignal): Promise<OpenSocket> {
  if (target.tls !== 'prefer') return startUp(target, tlsOptions(target), signal);
  try {
    return await startUp(target, tlsOptions(target), signal);
  } catch (error) {
    if (!(error instanceof CountersignError) || error.code !== 'tls-refused') throw error;
    return startUp(target, false, signal);
  }
}

/** What the mode asks of the certificate, as libpq does: `require` verifies the chain only where an authority is named. */
export function tlsOptions({ tls, ca }: PostgresTarget): ConnectionOptions | false {
  if (tls === 'disable') return false;
  const authority = ca === undefined ? {} : { ca };
  if (tls === 'verify-full') return { ...authority, rejectUnauthorized: true };
  return { ...authority, rejectUnauthorized: ca !== undefined, checkServerIdentity: () => undefined };
}

async function startUp(
  target: PostgresTarget,
  ssl: ConnectionOptions | false,
  signal: AbortSignal,
): Promise<OpenSocket> {
  signal.throwIfAborted();
  const config: ClientConfig = {
    host: target.host,
    port: target.port,
    database: target.database,
    user: target.user,
    // A function, because an absent or empty password would be looked for in the environment.
    password: () => target.password ?? '',
    ssl,
    application_name: target.applicationName,
    client_encoding: 'UTF8',
    keepAlive: true,
    connectionTimeoutMillis: CONNECT_TIMEOUT,
  };
  const client = new Client(config);
  client.on('error', () => undefined);
  const inner = client as unknown as PgClient;
  delete inner.connectionParameters.options;
  delete inner.connectionParameters.replication;
  const parameters = new Map<string, string>();
  inner.connection.on('parameterStatus', (message) => parameters.set(message.parameterName, message.parameterValue));
  let clearPasswordAsked = false;
  inner.connection.prependListener('authenticationCleartextPassword', () => {
    if (target.tls === 'verify-full' && ssl !== false) return;
    clearPasswordAsked = true;
    inner.connection.stream.destroy();
  });
  const abort = (): void => void inner.connection.stream.destroy();
  signal.addEventListener('abort', abort, { once: true });
  try {
    await client.connect();
  } catch (error) {
    inner.connection.stream.destroy();
    signal.throwIfAborted();
    throw clearPasswordAsked ? clearPassword(target) : connectError(target, error);
  } finally {
    signal.removeEventListener('abort', abort);
  }
  const { stream: socket } = inner.connection;
  for (const event of ['data', 'error', 'close', 'end'] as const) socket.removeAllListeners(event);
  return {
    socket,
    processId: inner.processID,
    secretKey: inner.secretKey,
    parameters,
    encrypted: socket instanceof TLSSocket,
  };
}

const clearPassword = (target: PostgresTarget): CountersignError =>
  new CountersignError(
    'password-in-clear',
    `${place(target)} asks for the password in clear text, and its certificate is not verified.`,
    {
      next: 'Set tls: verify-full for this connection, or let the server use scram-sha-256.',
    },
  );

const place = ({ host, port }: PostgresTarget): string => `The server at ${host}:${String(port)}`;

/** Error codes of the operating system and of PostgreSQL (appendix A), each with what a person can do about it. */
function connectError(target: PostgresTarget, cause: unknown): CountersignError {
  const code = codeOf(cause);
  const text = cause instanceof Error ? cause.message : '';
  const said = (name: string, message: string, next: string): CountersignError =>
    new CountersignError(name, message, { next, cause });
  switch (code) {
    case 'ECONNREFUSED':
      return said(
        'connection-refused',
        `Nothing listens at ${target.host}:${String(target.port)}.`,
        'Check host and port, and that the server runs.',
      );
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return said(
        'host-unknown',
        `The host name ${target.host} is not known.`,
        'Check the name and your network or VPN.',
      );
    case 'ETIMEDOUT':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return timedOut(target, cause);
    case '28P01':
    case '28000':
      return said(
        'login-refused',
        `${place(target)} did not accept the login of ${target.user}.`,
        'Check user and password, and that pg_hba.conf lets this user in from here.',
      );
    case '3D000':
      return said(
        'database-missing',
        `${place(target)} has no database ${target.database}.`,
        'Check the database name of this connection.',
      );
    case '53300':
      return said(
        'too-many-connections',
        `${place(target)} has no connection to spare.`,
        'Close a connection, or raise max_connections.',
      );
    case '57P03':
      return said('server-not-ready', `${place(target)} is starting up or shutting down.`, 'Try again in a moment.');
  }
  if (text.includes('does not support SSL')) {
    return said(
      'tls-refused',
      `${place(target)} does not offer TLS.`,
      'Turn TLS on at the server, or set tls: disable for a network you trust.',
    );
  }
  if (isCertificateError(code)) {
    return said(
      'tls-unverified',
      `${place(target)} did not prove its identity: its certificate does not check out (${code}).`,
      'Name the right certificate authority in ca:, and the host as the certificate has it.',
    );
  }
  if (text === 'timeout expired') return timedOut(target, cause);
  if (text.startsWith('SASL')) {
    return said(
      'login-refused',
      `${place(target)} wants a password for ${target.user} that was not given or not accepted.`,
      'Check the password of this connection.',
    );
  }
  return said(
    'connection-failed',
    `${place(target)} ended the connection during login${code === '' ? '' : ` (${code})`}.`,
    'Check that it is a PostgreSQL server, and its log.',
  );
}

const timedOut = (target: PostgresTarget, cause: unknown): CountersignError =>
  new CountersignError(
    'connection-timeout',
    `${place(target)} did not answer within ${String(CONNECT_TIMEOUT / 1000)} seconds.`,
    {
      next: 'Check host and port, your VPN, and firewalls between here and there.',
      cause,
    },
  );

/** The code of an error, or of the last one tried where a name has several addresses. */
function codeOf(error: unknown): string {
  if (error instanceof AggregateError) return codeOf(error.errors.at(-1));
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : '';
}

const isCertificateError = (code: string): boolean =>
  code.startsWith('ERR_TLS_CERT') ||
  /^(CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|CRL_|HOSTNAME_MISMATCH|INVALID_CA)/.test(code);
