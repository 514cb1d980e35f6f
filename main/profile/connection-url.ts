import { isIPv6 } from 'node:net';
import { CountersignError } from '../errors.ts';
import { type Connection } from './types.ts';

export interface ConnectionUrl extends Pick<Connection, 'host' | 'port' | 'database' | 'user' | 'tls'> {
  readonly password: string | undefined;
}

/** libpq's sslmode words. `allow` would use TLS only when forced to; `verify-ca` would accept another host's certificate. */
const SSL_MODES: Readonly<Record<string, Connection['tls']>> = {
  disable: 'disable',
  allow: 'prefer',
  prefer: 'prefer',
  require: 'require',
  'verify-ca': 'verify-full',
  'verify-full': 'verify-full',
};

/**
 * Takes `postgres://user:password@host:port/database?sslmode=...` apart (libpq connection URIs, PostgreSQL documentation
 * section 34.1.1.2). Throws CountersignError `connection-url`; neither the address nor the password is in the message.
 */
export function parseConnectionUrl(text: string): ConnectionUrl {
  const url = URL.canParse(text.trim()) ? new URL(text.trim()) : undefined;
  if (url === undefined || !/^postgres(ql)?:$/.test(url.protocol) || !text.includes('://')) {
    throw wrong(
      'This is not a PostgreSQL address.',
      'Write postgres://USER:PASSWORD@HOST:5432/DATABASE; in the password, write @ as %40, / as %2F, # as %23 and % as %25.',
    );
  }
  if (url.hash !== '') throw wrong('The address has a # in it.', 'Write # as %23.');
  const { host, tls } = { host: hostOf(url), tls: tlsOf(url) };
  const user = decode(url.username, 'user name');
  const password = decode(url.password, 'password');
  const database = decode(url.pathname.slice(1), 'database name');
  if (user === '') throw wrong('The address names no user.', 'Put USER@ before the host.');
  if (database === '' || url.pathname.slice(1).includes('/')) {
    throw wrong('The address does not name one database.', 'End the address with /DATABASE.');
  }
  const port = url.port === '' ? 5432 : Number(url.port);
  if (port === 0) throw wrong('Port 0 is no port of a server.', 'Write the port, usually 5432.');
  return { host, port, database, user, tls, password: password === '' ? undefined : password };
}

function hostOf(url: URL): string {
  const host = decode(url.hostname, 'host').replace(/^\[(.*)\]$/, '$1');
  if (host === '')
    throw wrong('The address names no host.', 'Sockets in the file system are not supported; write localhost.');
  if (host.includes(',')) throw wrong('The address names several hosts.', 'Add one connection for each.');
  if (!isIPv6(host) && !/^[A-Za-z0-9_][A-Za-z0-9._-]{0,252}$/.test(host)) {
    throw wrong(
      'The host of the address is neither a name nor an IP address.',
      'Write HOST as db.example.com or [::1].',
    );
  }
  return host.toLowerCase();
}

function tlsOf(url: URL): Connection['tls'] {
  for (const name of url.searchParams.keys()) {
    if (name === 'sslmode') continue;
    throw wrong(
      `The address has the parameter "${name.slice(0, 60)}", which is not used here.`,
      'Leave it out; only sslmode is read. Everything else is set in connections.yaml.',
    );
  }
  const mode = url.searchParams.get('sslmode') ?? 'prefer';
  const tls = Object.hasOwn(SSL_MODES, mode) ? SSL_MODES[mode] : undefined;
  if (tls !== undefined && url.searchParams.getAll('sslmode').length < 2) return tls;
  throw wrong('The address does not have one known sslmode.', `Write one of ${Object.keys(SSL_MODES).join(', ')}.`);
}

function decode(part: string, what: string): string {
  let decoded: string;
  try {
    decoded = decodeURIComponent(part);
  } catch {
    throw wrong(`The ${what} in the address is not percent-encoded correctly.`, 'Write % itself as %25.');
  }
  // eslint-disable-next-line no-control-regex -- control characters are exactly what is refused
  if (/[\u0000-\u001f\u007f]/.test(decoded))
    throw wrong(`The ${what} in the address holds a control character.`, 'Remove it.');
  return decoded;
}

function wrong(message: string, next: string): CountersignError {
  return new CountersignError('connection-url', message, { next });
}
