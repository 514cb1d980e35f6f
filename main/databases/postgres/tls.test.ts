import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSecureContext, TLSSocket } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { sendCancel } from './cancel.ts';
import { connectPostgres } from './session.ts';
import { type PostgresTarget } from './target.ts';

/** Certificates are made by the openssl command, which Debian and macOS bring; there is no way to make one in Node. */
const openssl = (() => {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

const never = new AbortController().signal;
const directory = mkdtempSync(join(tmpdir(), 'countersign-tls-'));
const [key, cert] = ['key.pem', 'cert.pem'].map((name) => join(directory, name)) as [string, string];
const servers: Server[] = [];

/** A server that accepts TLS and then sends `greeting`; it keeps what it is told inside. */
async function serve(greeting: Buffer, told: Buffer[] = []): Promise<number> {
  const secureContext = createSecureContext({ key: readFileSync(key), cert: readFileSync(cert) });
  const server = createServer((socket: Socket) => {
    socket
      .on('error', () => undefined)
      .once('data', () => {
        socket.write('S');
        const secure = new TLSSocket(socket, { isServer: true, secureContext });
        secure
          .on('error', () => undefined)
          .once('data', (bytes: Buffer) => {
            told.push(bytes);
            if (greeting.length > 0) secure.write(greeting);
            else secure.end();
          });
      });
  });
  servers.push(server);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return (server.address() as { port: number }).port;
}

const clearPasswordRequest = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 3]);
const target = (port: number): PostgresTarget => ({
  host: 'localhost',
  port,
  database: 'd',
  user: 'u',
  password: 'canary-password',
  tls: 'require',
  searchPath: [],
  applicationName: 'tests',
});

beforeAll(() => {
  if (!openssl) return;
  const args = [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-days',
    '2',
    '-subj',
    '/CN=localhost',
  ];
  execFileSync('openssl', [...args, '-addext', 'subjectAltName=DNS:localhost', '-keyout', key, '-out', cert], {
    stdio: 'ignore',
  });
});
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe.runIf(openssl)('TLS (needs the openssl command)', () => {
  it('refuses a certificate that no known authority has signed, where identity is to be verified', async () => {
    const port = await serve(clearPasswordRequest);
    await expect(connectPostgres({ ...target(port), tls: 'verify-full' }, never)).rejects.toMatchObject({
      code: 'tls-unverified',
    });
  });

  it('refuses a certificate for another host', async () => {
    const port = await serve(clearPasswordRequest);
    const ca = readFileSync(cert, 'utf8');
    const other = { ...target(port), host: '127.0.0.1', tls: 'verify-full' as const, ca };
    await expect(connectPostgres(other, never)).rejects.toMatchObject({ code: 'tls-unverified' });
  });

  it('gives no password in clear text to a server whose certificate was not verified', async () => {
    const told: Buffer[] = [];
    const port = await serve(clearPasswordRequest, told);
    await expect(connectPostgres(target(port), never)).rejects.toMatchObject({ code: 'password-in-clear' });
    expect(Buffer.concat(told).toString('latin1')).not.toContain('canary');
  });

  it('sends a cancel request encrypted, and is done when the server hangs up', async () => {
    const told: Buffer[] = [];
    const port = await serve(Buffer.alloc(0), told);
    await sendCancel({ host: '127.0.0.1', port, processId: 7, secretKey: 42, tls: { rejectUnauthorized: false } });
    expect(Buffer.concat(told).toString('hex')).toBe('0000001004d2162e000000070000002a');
  });
});

describe('a server that is none', () => {
  it.each([
    ['answers with something else', 'HTTP/1.1 400 Bad Request\r\n\r\n'],
    ['hangs up at once', ''],
  ])('that %s gives a clear error', async (_what, words) => {
    const server = createServer((socket) => socket.on('error', () => undefined).end(words));
    servers.push(server);
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const { port } = server.address() as { port: number };
    await expect(connectPostgres({ ...target(port), tls: 'disable' }, never)).rejects.toMatchObject({
      code: 'connection-failed',
    });
  });
});
