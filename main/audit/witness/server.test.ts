import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { CountersignError } from '../../errors.ts';
import { SIZE_TYPE } from './add-checkpoint.ts';
import { cosignedAt } from './cosignature.ts';
import { type LogList, logList } from './log-list.ts';
import { serveWitness } from './server.ts';
import { parseNote, signedBy } from './signed-note.ts';
import { fakeLog, type FakeLog, listed, sha, temporaryState } from './testing.ts';
import { generateSignerKey, SIGNATURE_TYPE } from './verifier-key.ts';
import { type WitnessNotice } from './witness.ts';

const key = generateSignerKey('witness.example/w1', SIGNATURE_TYPE.cosignature);
const undo: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

async function serving(
  logs: readonly FakeLog[],
  { prefix = '', bodyTimeout, list }: { prefix?: string; bodyTimeout?: number; list?: () => LogList } = {},
) {
  const temporary = temporaryState(key.verifier);
  undo.push(() => temporary.remove());
  const { path, state } = temporary;
  const entries = listed(logs.map((log) => ({ key: log.key.verifier.text })));
  const notices: WitnessNotice[] = [];
  const server = await serveWitness(
    {
      key,
      state,
      logs: list ?? (() => logList(entries)),
      report: (notice) => void notices.push(notice),
      prefix,
      ...(bodyTimeout === undefined ? {} : { bodyTimeout }),
    },
    { host: '127.0.0.1', port: 0 },
  );
  undo.push(() => server.close());
  const post = async (body: string | Uint8Array<ArrayBuffer>): Promise<Response> =>
    fetch(`${server.url}/add-checkpoint`, { method: 'POST', body });
  return { server, state, path, notices, post };
}

/** What a server says to bytes on a connection of their own, until it ends it. */
async function raw(port: number, bytes: readonly string[]): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  for (const part of bytes) socket.write(part);
  return text(socket);
}

describe('a witness over HTTP', () => {
  it('answers a good checkpoint with its cosignature, and a conflict with the size in its own media type', async () => {
    const log = fakeLog();
    const { post } = await serving([log]);
    const answer = await post(log.request(0, 5));
    const body = await answer.text();
    expect(answer.status).toBe(200);
    const note = parseNote(`${log.checkpoint(5)}${body}`);
    expect(note?.signatures.map((line) => cosignedAt(line, key.verifier, log.text(5)))).toEqual([
      null,
      expect.closeTo(Date.now() / 1000, -3),
    ]);
    const conflict = await post(log.request(0, 6));
    expect([conflict.status, conflict.headers.get('content-type'), await conflict.text()]).toEqual([
      409,
      SIZE_TYPE,
      '5\n',
    ]);
  });

  it('says each refusal by the status of the specification', async () => {
    const log = fakeLog();
    const { post } = await serving([log]);
    const status = async (body: string): Promise<number> => (await post(body)).status;
    expect(await status('garbage')).toBe(400);
    expect(await status(fakeLog('log.example/stranger').request(0, 1))).toBe(404);
    expect(await status(fakeLog(log.origin).request(0, 1))).toBe(403);
    await post(log.request(0, 5));
    expect(await status(log.request(5, 9).replace(/\n[^\n]{44}\n/, '\n'))).toBe(422);
  });

  it('shows the newest checkpoint that it cosigned, signed by the log and by itself', async () => {
    const log = fakeLog();
    const { server, post } = await serving([log]);
    const address = `${server.url}/${sha(Buffer.from(log.origin)).toString('hex')}/checkpoint`;
    expect((await fetch(address)).status).toBe(404);
    await post(log.request(0, 5));
    await post(log.request(5, 7));
    const note = parseNote(await (await fetch(address)).text());
    if (note === null) throw new Error('no note');
    expect(note.text).toBe(log.text(7));
    expect(signedBy(note, log.key.verifier)).toHaveLength(1);
    expect(note.signatures.map((line) => cosignedAt(line, key.verifier, note.text) !== null)).toEqual([false, true]);
  });

  it('answers under its prefix, and nothing anywhere else', async () => {
    const log = fakeLog();
    const { server } = await serving([log], { prefix: '/witness' });
    const status = async (path: string, init?: RequestInit): Promise<number> =>
      (await fetch(`http://127.0.0.1:${server.port}${path}`, init)).status;
    const body = log.request(0, 5);
    expect(server.url).toBe(`http://127.0.0.1:${server.port}/witness`);
    expect(await status('/add-checkpoint', { method: 'POST', body })).toBe(404);
    expect(await status('/witness/add-checkpoint', { method: 'GET' })).toBe(405);
    expect(await status('/witness/add-checkpoint', { method: 'PUT', body })).toBe(405);
    expect(await status('/witness/../add-checkpoint', { method: 'POST', body })).toBe(404);
    expect(await status('/witness/checkpoint')).toBe(404);
    expect(await status('/')).toBe(404);
    expect(await status('/witness/add-checkpoint', { method: 'POST', body })).toBe(200);
  });

  it('lets exactly one of many racing histories win, and every other one fail', async () => {
    const log = fakeLog();
    const { post, state } = await serving([log]);
    const stories = Array.from({ length: 24 }, (_, i) => log.forked(0, `story ${i}`));
    const answers = await Promise.all(stories.map(async (story) => (await post(story.request(0, 4))).status));
    expect(answers.sort()).toEqual([200, ...Array.from({ length: 23 }, () => 409)]);
    const [winner] = state.logs();
    const again = await Promise.all(stories.map(async (story) => (await post(story.request(4, 4))).status));
    expect(again.filter((status) => status === 200)).toHaveLength(1);
    expect(again.findIndex((status) => status === 200)).toBe(
      stories.findIndex((story) => winner?.checkpoint.root.equals(story.root(4))),
    );
  });

  it('goes only forward under many requests at once', async () => {
    const log = fakeLog();
    const { post, state } = await serving([log]);
    await post(log.request(0, 1));
    const sizes = Array.from({ length: 40 }, (_, i) => i + 1);
    const answers = await Promise.all(sizes.map(async (size) => (await post(log.request(1, size))).status));
    expect(answers.filter((status) => status === 200).length).toBeGreaterThan(0);
    expect(new Set(answers)).toEqual(new Set([200, 409]));
    const [known] = state.logs();
    const size = known?.checkpoint.size ?? 0;
    expect((await post(log.request(size, 41))).status).toBe(200);
  });
});

describe('a witness under attack', () => {
  it('refuses a body that says it is huge before reading it', async () => {
    const { server, notices } = await serving([fakeLog()]);
    const answer = await raw(server.port, [
      'POST /add-checkpoint HTTP/1.1\r\nHost: w\r\nContent-Length: 10000000000\r\n\r\nold 0\n',
    ]);
    expect(answer).toMatch(/^HTTP\/1\.1 413 .*connection: close/is);
    expect(notices).toEqual([]);
  });

  it('refuses a body that turns out to be huge while reading it', async () => {
    const { server } = await serving([fakeLog()]);
    const status = await new Promise((resolve, reject) => {
      const request = httpRequest({ port: server.port, host: '127.0.0.1', path: '/add-checkpoint', method: 'POST' });
      let answered = false;
      request.on('response', (response) => {
        answered = true;
        response.resume();
        resolve(response.statusCode);
        request.destroy();
      });
      request.on('error', (error) => (answered ? undefined : reject(error)));
      const more = (): void => {
        if (!request.destroyed) request.write('a'.repeat(16_384), () => setImmediate(more));
      };
      more();
    });
    expect(status).toBe(413);
  });

  it('lets go of a client that sends its body too slowly', async () => {
    const { server } = await serving([fakeLog()], { bodyTimeout: 60 });
    const answer = await raw(server.port, [
      'POST /add-checkpoint HTTP/1.1\r\nHost: w\r\nContent-Length: 500\r\n\r\nold 0\n',
    ]);
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
  });

  it('lets go of a client that never ends its headers', async () => {
    const { server } = await serving([fakeLog()], { bodyTimeout: 60 });
    expect(await raw(server.port, ['POST /add-checkpoint HTTP/1.1\r\nHost: w\r\n'])).toMatch(/^HTTP\/1\.1 408 /);
  });

  it('answers others when a client goes away in the middle', async () => {
    const log = fakeLog();
    const { server, post, notices } = await serving([log]);
    const socket = connect(server.port, '127.0.0.1');
    socket.write('POST /add-checkpoint HTTP/1.1\r\nHost: w\r\nContent-Length: 500\r\n\r\nold 0\n', () =>
      socket.destroy(),
    );
    expect((await post(log.request(0, 5))).status).toBe(200);
    expect(notices).toEqual([]);
  });

  it('survives garbage in every place of HTTP', async () => {
    const log = fakeLog();
    const { server, post } = await serving([log]);
    const garbage = [
      '\u0000\u0001\u0002\r\n\r\n',
      'GET / HTTP/9.9\r\n\r\n',
      'POST /add-checkpoint HTTP/1.1\r\n\r\n',
      'POST /add-checkpoint HTTP/1.1\r\nHost: w\r\nContent-Length: -1\r\n\r\n',
      'POST /add-checkpoint HTTP/1.1\r\nHost: w\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      'POST /add-checkpoint HTTP/1.1\r\nHost: w\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
      `GET /${'a'.repeat(20_000)} HTTP/1.1\r\nHost: w\r\n\r\n`,
    ];
    for (const bytes of garbage) expect(await raw(server.port, [bytes])).toMatch(/^HTTP\/1\.1 4\d\d /);
    expect((await post(log.request(0, 5))).status).toBe(200);
  });

  it('answers two requests on one connection, each on its own', async () => {
    const log = fakeLog();
    const { server } = await serving([log]);
    const one = (body: string, last = ''): string =>
      `POST /add-checkpoint HTTP/1.1\r\nHost: w\r\nContent-Length: ${Buffer.byteLength(body)}\r\n${last}\r\n${body}`;
    const answers = await raw(server.port, [one(log.request(0, 5)), one(log.request(5, 7), 'Connection: close\r\n')]);
    expect(answers.match(/^HTTP\/1\.1 200 /gm)).toHaveLength(2);
  });

  it('that cannot work says so, tells its people why, and never a stranger where its files are', async () => {
    const log = fakeLog();
    const broken = (): never => {
      throw new CountersignError('profile-file-refused', 'The file /srv/witness/witness.yaml is broken.');
    };
    const { post, notices } = await serving([log], { list: broken });
    const answer = await post(log.request(0, 5));
    expect(answer.status).toBe(503);
    expect(await answer.text()).toBe('The witness cannot answer now (profile-file-refused).\n');
    expect(notices).toEqual([{ kind: 'trouble', error: expect.objectContaining({ code: 'profile-file-refused' }) }]);
  });

  it('does not listen where something else does', async () => {
    const { server } = await serving([]);
    const temporary = temporaryState(key.verifier);
    undo.push(() => temporary.remove());
    const { state } = temporary;
    const options = { key, state, logs: () => logList([]), report: () => undefined };
    await expect(serveWitness(options, { host: '127.0.0.1', port: server.port })).rejects.toMatchObject({
      code: 'witness-not-listening',
    });
  });
});
