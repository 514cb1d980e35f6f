/** A real time stamping authority on loopback: `openssl ts` behind a small HTTP server, with a root and a key of its own. */
import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';

/** Why there can be none here, or undefined. */
export const noTimeAuthority =
  spawnSync('openssl', ['version']).error === undefined ? undefined : 'openssl is not installed';

export interface TimeAuthority {
  readonly url: string;
  /** PEM of its root. */
  readonly ca: string;
  /** Requests so far. */
  readonly requests: () => number;
  /** Answers a DER TimeStampReq with a DER TimeStampResp. */
  reply(query: Buffer): Promise<Buffer>;
  /** The same time as `reply`, signed as ordinary CMS by another certificate of the same root. */
  forge(query: Buffer, certificate: { readonly usage: string; readonly named: boolean }): Promise<Buffer>;
  /** Does openssl find the answer good for these bytes, under this root. */
  verify(response: Buffer, data: Buffer): Promise<boolean>;
  stop(): Promise<void>;
}

export interface TimeAuthorityOptions {
  /** Digest of its signature. */
  readonly digest?: string;
  /** Kind of its key, as `openssl req -newkey` takes it. */
  readonly key?: readonly string[];
  /** What becomes of each answer before it is sent. */
  readonly change?: (response: Buffer, query: Buffer) => Buffer | Promise<Buffer>;
}

const P256 = ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];

export async function startTimeAuthority(options: TimeAuthorityOptions = {}): Promise<TimeAuthority> {
  const { digest = 'sha256', key = P256, change = (response) => response } = options;
  const directory = await mkdtemp(join(tmpdir(), 'countersign-tsa-'));
  const openssl = async (...args: readonly string[]): Promise<void> => {
    await promisify(execFile)('openssl', args, { cwd: directory });
  };
  const days = ['-days', '2', '-nodes'];
  await writeFile(
    join(directory, 'tsa.cnf'),
    `[tsa]
default_tsa = authority
[authority]
serial = serial
signer_cert = tsa.pem
certs = ca.pem
signer_key = tsa.key
signer_digest = ${digest}
default_policy = 1.2.3.4.1
digests = sha256, sha512
accuracy = secs:1
ess_cert_id_chain = no
ess_cert_id_alg = ${digest}
`,
  );
  await writeFile(join(directory, 'serial'), '01\n');
  await openssl(
    ...['req', '-x509', '-newkey', ...P256, '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=Test root', ...days],
  );
  /** `NAME.key` and `NAME.pem`, signed by the root. */
  const certify = async (name: string, subject: string, type: readonly string[], purpose: string): Promise<void> => {
    await writeFile(join(directory, 'extensions'), `basicConstraints=critical,CA:FALSE\nextendedKeyUsage=${purpose}\n`);
    await openssl(
      ...['req', '-newkey', ...type, '-nodes', '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', subject],
    );
    await openssl(
      ...['x509', '-req', '-in', `${name}.csr`, '-CA', 'ca.pem', '-CAkey', 'ca.key', '-out', `${name}.pem`],
      ...['-days', '2', '-extfile', 'extensions'],
    );
  };
  await certify('tsa', '/CN=Test authority', key, 'critical,timeStamping');

  let calls = 0;
  // One at a time: openssl counts serial numbers in a file.
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const result = last.then(work, work);
    last = result.catch(() => undefined);
    return result;
  };
  const reply = (query: Buffer): Promise<Buffer> =>
    inTurn(async () => {
      await writeFile(join(directory, 'query'), query);
      await openssl('ts', '-reply', '-config', 'tsa.cnf', '-queryfile', 'query', '-out', 'reply');
      return readFile(join(directory, 'reply'));
    });
  const server = createServer((request, response) => {
    calls++;
    void (async () => {
      const query = await buffer(request);
      const body = await change(await reply(query), query);
      response.writeHead(200, { 'content-type': 'application/timestamp-reply' }).end(body);
    })().catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;

  return {
    url: `http://127.0.0.1:${port}/tsa`,
    ca: await readFile(join(directory, 'ca.pem'), 'utf8'),
    requests: () => calls,
    reply,
    async forge(query, certificate) {
      // Before the time is told: a certificate is not valid for an earlier second.
      await inTurn(() => certify('forger', '/CN=Forger', P256, certificate.usage));
      await reply(query);
      return inTurn(async () => {
        await openssl('ts', '-reply', '-in', 'reply', '-token_out', '-out', 'token');
        await openssl('cms', '-verify', '-noverify', '-inform', 'DER', '-in', 'token', '-out', 'time', '-binary');
        await openssl(
          ...['cms', '-sign', '-binary', '-nodetach', '-econtent_type', '1.2.840.113549.1.9.16.1.4', '-in', 'time'],
          ...['-signer', 'forger.pem', '-inkey', 'forger.key', '-outform', 'DER', '-out', 'forged'],
          ...(certificate.named ? ['-cades'] : []),
        );
        const token = await readFile(join(directory, 'forged'));
        // TimeStampResp { PKIStatusInfo { granted }, token }, both lengths in two bytes.
        const head = Buffer.from('308200003003020100', 'hex');
        head.writeUInt16BE(head.length - 4 + token.length, 2);
        return Buffer.concat([head, token]);
      });
    },
    verify: (response, data) =>
      inTurn(async () => {
        await writeFile(join(directory, 'data'), data);
        await writeFile(join(directory, 'checked'), response);
        const good = openssl('ts', '-verify', '-data', 'data', '-in', 'checked', '-CAfile', 'ca.pem');
        return good.then(
          () => true,
          () => false,
        );
      }),
    async stop() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
      await rm(directory, { recursive: true, force: true });
    },
  };
}
