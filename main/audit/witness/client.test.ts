import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { SIZE_TYPE } from './add-checkpoint.ts';
import { createWitness, type CosignRequest, type MonitoredWitness } from './client.ts';
import { cosign, cosignedAt } from './cosignature.ts';
import { logList } from './log-list.ts';
import { serveWitness } from './server.ts';
import { parseSignatureLine } from './signed-note.ts';
import { fakeLog, type FakeLog, listed, sha, temporaryState } from './testing.ts';
import { generateSignerKey, SIGNATURE_TYPE } from './verifier-key.ts';

const key = generateSignerKey('witness.example/w1', SIGNATURE_TYPE.cosignature);
const NOW = 1_790_000_000;
const never = new AbortController().signal;
const undo: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

const asks = (log: FakeLog, oldSize: number, size: number): CosignRequest => ({
  checkpoint: log.checkpoint(size),
  oldSize,
  proof: log.proof(oldSize, size),
});

/** Serves what a test makes of a request, and gives the witness as a client sees it. */
async function against(
  listener: RequestListener,
  options: { readonly timeout?: number } = {},
): Promise<MonitoredWitness> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  undo.push(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  return createWitness(
    { url: `http://127.0.0.1:${port}`, key: key.verifier.text },
    { now: () => NOW * 1000, ...options },
  );
}

const answering = (status: number, body: string, headers: Record<string, string> = {}): Promise<MonitoredWitness> =>
  against((request, response) => {
    request.resume();
    response.writeHead(status, headers).end(body);
  });

async function real(
  log: FakeLog,
  listedAs: readonly object[] = [{ key: log.key.verifier.text }],
): Promise<MonitoredWitness> {
  const temporary = temporaryState(key.verifier);
  undo.push(() => temporary.remove());
  const { state } = temporary;
  const logs = logList(listed(listedAs));
  const server = await serveWitness(
    { key, state, logs: () => logs, report: () => undefined },
    { host: '127.0.0.1', port: 0 },
  );
  undo.push(() => server.close());
  return createWitness({ url: `${server.url}/`, key: key.verifier.text });
}

describe('a log that asks its witness', () => {
  it('gets a line that verifies, then a conflict with the size to begin from, then the next line', async () => {
    const log = fakeLog();
    const witness = await real(log);
    const first = await witness.cosign(asks(log, 0, 5), never);
    if (first.kind !== 'cosigned') throw new Error(first.kind);
    const line = parseSignatureLine(first.line);
    expect(line === null ? null : cosignedAt(line, key.verifier, log.text(5))).not.toBeNull();
    expect(await witness.cosign(asks(log, 0, 7), never)).toEqual({ kind: 'conflict', size: 5 });
    expect(await witness.cosign(asks(log, 5, 7), never)).toMatchObject({ kind: 'cosigned' });
  });

  it('learns that it was rolled back by a conflict with a greater size than its own', async () => {
    const log = fakeLog();
    const witness = await real(log);
    await witness.cosign(asks(log, 0, 9), never);
    expect(await witness.cosign(asks(log, 0, 5), never)).toEqual({ kind: 'conflict', size: 9 });
  });

  it('learns that it is a copy that went another way', async () => {
    const log = fakeLog();
    const copy = log.forked(5, 'on the second machine');
    const witness = await real(log);
    await witness.cosign(asks(log, 0, 7), never);
    expect(await witness.cosign(asks(copy, 7, 9), never)).toMatchObject({ kind: 'refused', code: 'inconsistent' });
    expect(await witness.cosign(asks(copy, 7, 7), never)).toMatchObject({ kind: 'refused', code: 'inconsistent' });
  });

  it('is told in words that it is not known, or that its key is revoked', async () => {
    const log = fakeLog();
    const unknown = await real(log, []);
    expect(await unknown.cosign(asks(log, 0, 1), never)).toEqual({
      kind: 'refused',
      code: 'unknown-log',
      reason: 'The witness witness.example/w1 does not know this log: its administrator has to list it.',
    });
    const revoked = await real(log, [{ key: log.key.verifier.text, revoked: true }]);
    expect(await revoked.cosign(asks(log, 0, 1), never)).toMatchObject({ kind: 'refused', code: 'key-refused' });
  });
});

describe('what a witness shows of a log', () => {
  it('is the newest checkpoint, signed by both: what an answer says of another history is proven by it', async () => {
    const log = fakeLog();
    const copy = log.forked(5, 'on the second machine');
    const witness = await real(log);
    expect(await witness.newest(log.key.verifier.text, never)).toBeNull();
    await witness.cosign(asks(log, 0, 7), never);
    expect(await witness.cosign(asks(copy, 7, 9), never)).toMatchObject({ code: 'inconsistent' });
    const newest = await witness.newest(copy.key.verifier.text, never);
    expect(newest).toMatchObject({ size: 7, root: log.root(7), time: expect.any(Number) });
    expect(newest?.note.startsWith(log.checkpoint(7))).toBe(true);
    expect(newest?.root.equals(copy.root(7))).toBe(false);
  });

  const log = fakeLog();
  const text = log.text(5);
  const both = `${log.checkpoint(5)}${cosign(key, text, NOW)}`;
  const other = fakeLog(log.origin);
  it.each([
    ['a checkpoint that the log did not sign', `${other.checkpoint(5)}${cosign(key, other.text(5), NOW)}`],
    ['a checkpoint that the witness did not cosign', log.checkpoint(5)],
    ['a checkpoint with a cosignature of another one', `${log.checkpoint(5)}${cosign(key, log.text(4), NOW)}`],
    ['a checkpoint of another log', `${fakeLog('log.example/x').checkpoint(5)}${cosign(key, text, NOW)}`],
    ['a good one with something before it', `x${both}`],
    ['nothing', ''],
  ])('is never %s', async (_case, body) => {
    const witness = await answering(200, body);
    await expect(witness.newest(log.key.verifier.text, never)).rejects.toMatchObject({
      code: 'witness-answer-invalid',
    });
  });

  it('is asked for by the hash of the origin, below the same prefix', async () => {
    const paths: string[] = [];
    const witness = await against((request, response) => {
      paths.push(`${request.method ?? ''} ${request.url ?? ''}`);
      response.writeHead(200).end(both);
    });
    expect(await witness.newest(log.key.verifier.text, never)).toMatchObject({ size: 5, time: NOW, note: both });
    expect(paths).toEqual([`GET /${sha(Buffer.from(log.origin)).toString('hex')}/checkpoint`]);
    await expect(witness.newest(key.verifier.text, never)).rejects.toMatchObject({ code: 'witness-request-invalid' });
  });
});

describe('an answer that a log does not take', () => {
  const log = fakeLog();
  const text = log.text(5);
  const other = generateSignerKey('witness.example/w1', SIGNATURE_TYPE.cosignature);
  const good = cosign(key, text, NOW);
  const rows: readonly (readonly [string, number, string, Record<string, string>])[] = [
    ['a cosignature by another key of the same name', 200, cosign(other, text, NOW), {}],
    ['a cosignature of another checkpoint', 200, cosign(key, log.text(4), NOW), {}],
    ['a cosignature without its newline and more', 200, good.replace('\n', ' '), {}],
    ['a cosignature that is cut', 200, `${good.slice(0, 60)}\n`, {}],
    ['nothing', 200, '', {}],
    ['a page of a portal', 200, '<html><body>Please sign in</body></html>', { 'content-type': 'text/html' }],
    ['the good line behind 32 others', 200, `${cosign(other, text, NOW).repeat(32)}${good}`, {}],
    ['a conflict of another media type', 409, '7\n', { 'content-type': 'text/plain' }],
    ['a conflict without a size', 409, 'busy\n', { 'content-type': SIZE_TYPE }],
    ['a conflict with the size that was asked from', 409, '0\n', { 'content-type': SIZE_TYPE }],
    ['a conflict with a size beyond all numbers', 409, '99999999999999999999\n', { 'content-type': SIZE_TYPE }],
    ['a redirect', 307, '', { location: 'http://127.0.0.1:9/add-checkpoint' }],
    ['another success', 201, good, {}],
    ['more than 64 KiB', 200, `${'a'.repeat(70_000)}\n${good}`, {}],
  ];
  it.each(rows)('%s', async (_case, status, body, headers) => {
    const witness = await answering(status, body, headers);
    await expect(witness.cosign(asks(log, 0, 5), never)).rejects.toMatchObject({ code: 'witness-answer-invalid' });
  });

  it('a cosignature of a time far from now, either way', async () => {
    for (const time of [NOW - 86_400, NOW + 3_600]) {
      const witness = await answering(200, cosign(key, text, time));
      await expect(witness.cosign(asks(log, 0, 5), never)).rejects.toMatchObject({ code: 'witness-clock' });
    }
  });

  it('none but its own line among those of others', async () => {
    const witness = await answering(200, `${cosign(other, text, NOW)}\u2014 x.example AAAAAAA=\n${good}`);
    expect(await witness.cosign(asks(log, 0, 5), never)).toEqual({ kind: 'cosigned', line: good });
  });

  it('words of a stranger: what a refusal says is never passed on', async () => {
    const witness = await answering(404, 'call this number: 555-0100', {});
    expect(JSON.stringify(await witness.cosign(asks(log, 0, 5), never))).not.toContain('555');
  });
});

describe('a witness that is in trouble', () => {
  const log = fakeLog();

  it('is told from one that refuses: it is asked again', async () => {
    for (const status of [408, 429, 500, 502, 503]) {
      const witness = await answering(status, '');
      await expect(witness.cosign(asks(log, 0, 5), never)).rejects.toMatchObject({ code: 'witness-unavailable' });
    }
  });

  it('that does not answer in time, or ends the connection, is unreachable', async () => {
    const silent = await against(() => undefined, { timeout: 60 });
    await expect(silent.cosign(asks(log, 0, 5), never)).rejects.toMatchObject({ code: 'witness-unreachable' });
    const slow = await against((_request, response) => void response.writeHead(200).write('a'), { timeout: 60 });
    await expect(slow.cosign(asks(log, 0, 5), never)).rejects.toMatchObject({ code: 'witness-unreachable' });
    const rude = await against((request) => void request.socket.destroy());
    await expect(rude.cosign(asks(log, 0, 5), never)).rejects.toMatchObject({ code: 'witness-unreachable' });
  });

  it('is let go of when whoever asked does not want to know any more', async () => {
    const controller = new AbortController();
    const witness = await against(() => controller.abort(new Error('closing')));
    await expect(witness.cosign(asks(log, 0, 5), controller.signal)).rejects.toThrow('closing');
    await expect(witness.cosign(asks(log, 0, 5), controller.signal)).rejects.toThrow('closing');
  });
});

describe('the settings of a witness', () => {
  const named = (url: string, vkey = key.verifier.text): unknown => createWitness({ url, key: vkey });

  it.each([
    'http://witness.example',
    'http://127.0.0.1.example',
    'http://10.0.0.1',
    'ftp://127.0.0.1',
    'https://user:password@witness.example',
    'https://witness.example/?a=b',
    'https://witness.example/#a',
    'witness.example',
    '',
  ])('refuse the address %j', (url) => {
    expect(() => named(url)).toThrow(expect.objectContaining({ code: 'witness-address-invalid' }));
  });

  it('take https, and http on this machine', () => {
    for (const url of ['https://witness.example', 'http://127.0.0.1:8080/w', 'http://[::1]:1/', 'http://localhost'])
      expect(named(url)).toMatchObject({ name: 'witness.example/w1', key: key.verifier.text });
  });

  it('never let a path name another host', async () => {
    const paths: (string | undefined)[] = [];
    const server = createServer((request, response) => {
      paths.push(request.url);
      response.writeHead(503).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    undo.push(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const witness = createWitness({ url: `http://127.0.0.1:${port}//witness.invalid/w`, key: key.verifier.text });
    await expect(witness.cosign(asks(fakeLog(), 0, 1), never)).rejects.toMatchObject({ code: 'witness-unavailable' });
    expect(paths).toEqual(['//witness.invalid/w/add-checkpoint']);
  });

  it('refuse a key that is not for cosignatures', () => {
    for (const vkey of [fakeLog().key.verifier.text, key.text, key.verifier.text.slice(1), ''])
      expect(() => named('https://witness.example', vkey)).toThrow(
        expect.objectContaining({ code: 'witness-key-invalid' }),
      );
  });
});

describe('a request that a log must not send', () => {
  const log = fakeLog();
  const good = asks(log, 3, 5);
  it.each([
    ['with a size that is not whole', { ...good, oldSize: 2.5 }],
    ['with a negative size', { ...good, oldSize: -1 }],
    ['with an old size greater than the new', { ...good, oldSize: 6 }],
    ['with 64 hashes', { ...good, proof: Array.from({ length: 64 }, () => Buffer.alloc(32)) }],
    ['with a short hash', { ...good, proof: [Buffer.alloc(31)] }],
    ['that is no checkpoint', { ...good, checkpoint: 'hello\n' }],
  ])('%s stays here', async (_case, request) => {
    const witness = createWitness({ url: 'http://127.0.0.1:9', key: key.verifier.text });
    await expect(witness.cosign(request, never)).rejects.toMatchObject({ code: 'witness-request-invalid' });
  });
});
