import { once } from 'node:events';
import { type AddressInfo } from 'node:net';
import { MessageChannel } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { z } from 'zod';
import { CREDIT_WINDOW, MAX_CALLS } from './frames.ts';
import {
  MAX_FRAME_BYTES,
  RpcError,
  connect,
  messagePortLink,
  serve,
  stream,
  unary,
  webSocketLink,
  type Client,
  type Handlers,
  type Link,
} from './index.ts';

/** Two ends of one channel, and a way to send the serving end what no link would send. */
interface LinkPair {
  readonly serving: Link;
  readonly calling: Link;
  /** Sends to the serving end, past every check of the calling end. */
  sendRaw(value: unknown): void;
  dispose(): Promise<void>;
}

function overMessagePorts(): Promise<LinkPair> {
  const { port1, port2 } = new MessageChannel();
  const serving = messagePortLink(port1);
  const calling = messagePortLink(port2);
  return Promise.resolve({
    serving,
    calling,
    sendRaw: (value) => port2.postMessage(value),
    async dispose() {
      serving.close();
      calling.close();
      await Promise.resolve();
    },
  });
}

async function overWebSocket(): Promise<LinkPair> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, maxPayload: MAX_FRAME_BYTES });
  await once(server, 'listening');
  const accepted = once(server, 'connection') as Promise<[WebSocket]>;
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const [socket] = await accepted;
  if (client.readyState !== WebSocket.OPEN) await once(client, 'open');
  // ws says why it closes (a frame over maxPayload) by an 'error' event that would otherwise be thrown.
  for (const end of [socket, client]) end.on('error', () => undefined);
  return {
    serving: webSocketLink(socket),
    calling: webSocketLink(client),
    sendRaw(value) {
      if (typeof value === 'string' || value instanceof Uint8Array) return client.send(value);
      const json = Buffer.from(JSON.stringify({ frame: value, bytes: [] }));
      const length = Buffer.alloc(4);
      length.writeUInt32LE(json.length);
      client.send(Buffer.concat([length, json]));
    },
    async dispose() {
      client.terminate();
      socket.terminate();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const links = [
  { over: 'a MessagePort', open: overMessagePorts },
  { over: 'a WebSocket', open: overWebSocket },
] as const;

const contract = {
  echo: unary<unknown>()(z.unknown()),
  nothing: unary<null>()(z.void()),
  add: unary<number>()(z.strictObject({ a: z.number(), b: z.number() })),
  bytes: unary<Uint8Array>()(z.strictObject({ length: z.int() })),
  fail: unary<null>()(z.strictObject({ how: z.string() })),
  hang: unary<null>()(z.void()),
  count: stream<number>()(z.strictObject({ to: z.int() })),
  failing: stream<number>()(z.void()),
} as const;
type Calls = typeof contract;

class CountersignError extends Error {
  override readonly name = 'CountersignError';
  readonly code = 'no_such_table';
  readonly next = 'Look for it in the schema tree.';
}

/** Errors whose text must stay on the serving side, by the argument of `fail`. */
const secretErrors: Readonly<Record<string, () => unknown>> = {
  'an error of a database driver': () =>
    Object.assign(new Error('Key (email)=(ana@example.com) exists'), { name: 'error', code: '23505' }),
  'an error of the operating system': () => Object.assign(new Error('ENOENT: /home/ana/secret'), { code: 'ENOENT' }),
  'a thrown string': () => 'ana@example.com',
  'a thrown object that looks like an error': () => ({ name: 'CountersignError', code: 'x', message: 'secret' }),
  'an error of the link about the value itself': () =>
    new RpcError({ code: 'not_sendable', message: 'secret ana@example.com' }),
};

interface Fixture {
  readonly pair: LinkPair;
  readonly client: Client<Calls>;
  readonly internal: { readonly error: unknown; readonly method: string }[];
  /** What the handlers saw, in order; `saw(text)` waits for it. */
  readonly log: EventTarget & { readonly lines: string[] };
  saw(line: string): Promise<void>;
}

async function open(openPair: () => Promise<LinkPair>): Promise<Fixture> {
  const pair = await openPair();
  const log = Object.assign(new EventTarget(), { lines: [] as string[] });
  const note = (line: string): void => {
    log.lines.push(line);
    log.dispatchEvent(new Event('line'));
  };
  const handlers: Handlers<Calls> = {
    echo: (input) => input,
    nothing: () => null,
    add: ({ a, b }) => a + b,
    bytes: ({ length }) => new Uint8Array(length),
    fail({ how }) {
      if (how === 'for people') throw new CountersignError('There is no table "ordrs".');
      throw secretErrors[how]?.();
    },
    async hang(_input, signal) {
      note('hang started');
      await once(signal, 'abort');
      note(`hang aborted: ${(signal.reason as RpcError).code}`);
      throw signal.reason;
    },
    async *count({ to }, signal) {
      try {
        for (let i = 1; i <= to; i++) {
          note(`made ${i}`);
          yield i;
        }
        if (to === 0) await once(signal, 'abort');
      } finally {
        note('count ended');
      }
    },
    async *failing() {
      yield await Promise.resolve(1);
      throw new CountersignError('There is no table "ordrs".');
    },
  };
  const internal: { error: unknown; method: string }[] = [];
  serve(pair.serving, contract, handlers, { onInternalError: (error, method) => internal.push({ error, method }) });
  const client = connect(pair.calling, contract);
  return {
    pair,
    client,
    internal,
    log,
    async saw(line) {
      while (!log.lines.includes(line)) await once(log, 'line');
    },
  };
}

const closed = (link: LinkPair['serving']): Promise<void> => new Promise((resolve) => link.onClose(resolve));

describe.each(links)('the call protocol over $over', ({ open: openPair }) => {
  let fixture: Fixture;
  beforeEach(async () => {
    fixture = await open(openPair);
  });
  afterEach(() => fixture.pair.dispose());

  it('answers a call', async () => {
    expect(await fixture.client.add({ a: 2, b: 3 })).toBe(5);
    expect(await fixture.client.nothing()).toBeNull();
  });

  it('answers calls that run at once each with its own answer', async () => {
    const numbers = Array.from({ length: 50 }, (_, i) => i);
    expect(await Promise.all(numbers.map((i) => fixture.client.add({ a: i, b: i })))).toEqual(
      numbers.map((i) => 2 * i),
    );
  });

  it.each([
    ['null', null],
    ['an empty object', {}],
    ['text with NUL, a lone surrogate and a character beyond the BMP', 'a\0b\ud800c\u{1f512}'],
    ['the largest and the smallest double', [Number.MAX_VALUE, Number.MIN_VALUE, -1.5]],
    ['bytes', new Uint8Array([0, 255, 1])],
    ['no bytes', new Uint8Array(0)],
    ['bytes at every depth', { a: [new Uint8Array([1]), { b: new Uint8Array([2, 3]) }], c: new Uint8Array([4]) }],
    ['an object that looks like a marker of bytes', { bytes: [[3, 'value']], $bytes: [0, 4], frame: null }],
    ['a key that is a path', { 'a.b': [null], '0': { '1': new Uint8Array([7]) } }],
  ])('carries %s both ways unchanged', async (_name, value) => {
    expect(await fixture.client.echo(value)).toStrictEqual(value);
  });

  it('carries an own property named __proto__ as data', async () => {
    const value = JSON.parse('{"__proto__": {"admin": true}, "x": [1]}') as object;
    const answer = (await fixture.client.echo(value)) as object;
    expect(Object.keys(answer)).toEqual(['__proto__', 'x']);
    expect('admin' in answer).toBe(false);
  });

  it('carries only the bytes of a view and not what lies beside them', async () => {
    const pool = new TextEncoder().encode('beside|inside|beside');
    const answer = (await fixture.client.echo(pool.subarray(7, 13))) as Uint8Array;
    expect(new TextDecoder().decode(answer)).toBe('inside');
    expect(new TextDecoder().decode(answer.buffer).replace(/^.*\0/su, '')).not.toContain('beside');
  });

  it.each([
    ['a number that is not finite', { a: Infinity }],
    ['a bigint', 1n],
    ['a date', new Date(0)],
    ['a map', new Map()],
    ['a function', () => 1],
    ['undefined inside an array', [undefined]],
    ['an array with a hole', Object.assign([1], { length: 3 })],
  ])('refuses to send %s', async (_name, value) => {
    await expect(fixture.client.echo(value)).rejects.toMatchObject({ code: 'not_sendable' });
    expect(await fixture.client.add({ a: 1, b: 1 })).toBe(2);
  });

  it('refuses to send a value that contains itself', async () => {
    const value: Record<string, unknown> = {};
    value.self = value;
    await expect(fixture.client.echo(value)).rejects.toMatchObject({ code: 'not_sendable' });
  });

  it('refuses a question over the frame limit and goes on', async () => {
    const text = 'x'.repeat(MAX_FRAME_BYTES + 1);
    await expect(fixture.client.echo(text)).rejects.toMatchObject({ code: 'too_large' });
    expect(await fixture.client.add({ a: 1, b: 1 })).toBe(2);
  });

  it('refuses an answer over the frame limit and goes on', async () => {
    await expect(fixture.client.bytes({ length: MAX_FRAME_BYTES })).rejects.toMatchObject({ code: 'too_large' });
    expect(await fixture.client.add({ a: 1, b: 1 })).toBe(2);
  });

  it('tells an error meant for people with its code and what to do next', async () => {
    await expect(fixture.client.fail({ how: 'for people' })).rejects.toMatchObject({
      code: 'no_such_table',
      message: 'There is no table "ordrs".',
      next: 'Look for it in the schema tree.',
    });
    expect(fixture.internal).toEqual([]);
  });

  it.each(Object.keys(secretErrors))('keeps the text of %s on the serving side', async (how) => {
    const error: unknown = await fixture.client.fail({ how }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(RpcError);
    expect({ ...(error as object) }).toEqual({ name: 'RpcError', code: 'internal' });
    expect((error as Error).message).toBe('Something went wrong inside Countersign. The details are in its log.');
    expect(fixture.internal).toEqual([{ error: secretErrors[how]?.(), method: 'fail' }]);
  });

  it('reports an answer that cannot be sent as an internal error', async () => {
    const infinite = fixture.client.add({ a: Number.MAX_VALUE, b: Number.MAX_VALUE });
    await expect(infinite).rejects.toMatchObject({ code: 'internal' });
    expect(fixture.internal).toHaveLength(1);
  });

  it('refuses arguments that the schema does not take and names where, not what', async () => {
    const hostile = { a: 'ana@example.com', b: 1, c: 2 } as unknown as { a: number; b: number };
    const error = (await fixture.client.add(hostile).catch((reason: unknown) => reason)) as RpcError;
    expect(error.code).toBe('invalid_arguments');
    expect(error.message).toContain('a');
    expect(error.message).not.toContain('ana@example.com');
  });

  it.each(['nope', '__proto__', 'constructor', 'toString', 'hasOwnProperty', ''])(
    'refuses the unknown method "%s" and goes on',
    async (method) => {
      const answer = new Promise((resolve) => fixture.pair.calling.onFrame(resolve));
      fixture.pair.sendRaw({ t: 'call', id: 1, method, input: null });
      expect(await answer).toMatchObject({ t: 'err', id: 1, error: { code: 'unknown_method' } });
    },
  );

  it('streams every item in order to a reader that keeps up', async () => {
    const items: number[] = [];
    for await (const item of fixture.client.count({ to: 100 })) items.push(item);
    expect(items).toEqual(Array.from({ length: 100 }, (_, i) => i + 1));
  });

  it('stops the producer when the reader stops reading', async () => {
    const iterator = fixture.client.count({ to: 1000 })[Symbol.asyncIterator]();
    await iterator.next();
    await fixture.saw(`made ${CREDIT_WINDOW}`);
    // A round trip of another call: whatever the stream was going to send has been sent by then.
    await fixture.client.nothing();
    expect(fixture.log.lines).toHaveLength(CREDIT_WINDOW);
    await iterator.return?.();
    await fixture.saw('count ended');
  });

  it('ends the producer when the reader leaves the loop', async () => {
    for await (const item of fixture.client.count({ to: 1000 })) if (item === 3) break;
    await fixture.saw('count ended');
    expect(fixture.log.lines.length).toBeLessThan(20);
    expect(fixture.internal).toEqual([]);
  });

  it('ends a producer that waits inside next when the reader aborts', async () => {
    const abort = new AbortController();
    const iterator = fixture.client.count({ to: 0 }, abort.signal)[Symbol.asyncIterator]();
    const item = iterator.next();
    await fixture.client.nothing();
    abort.abort(new Error('changed my mind'));
    await expect(item).rejects.toThrow('changed my mind');
    await fixture.saw('count ended');
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
  });

  it('tells an error of a stream after the items before it', async () => {
    const iterator = fixture.client.failing()[Symbol.asyncIterator]();
    expect(await iterator.next()).toEqual({ done: false, value: 1 });
    await expect(iterator.next()).rejects.toMatchObject({ code: 'no_such_table' });
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
  });

  it('aborts the handler when the caller aborts, and rejects at once with the reason', async () => {
    const abort = new AbortController();
    const answer = fixture.client.hang(undefined, abort.signal);
    await fixture.saw('hang started');
    abort.abort(new Error('changed my mind'));
    await expect(answer).rejects.toThrow('changed my mind');
    await fixture.saw('hang aborted: cancelled');
    expect(fixture.internal).toEqual([]);
  });

  it('does not send a call whose signal has already aborted', async () => {
    const signal = AbortSignal.abort(new Error('too late'));
    await expect(fixture.client.hang(undefined, signal)).rejects.toThrow('too late');
    await expect(fixture.client.count({ to: 3 }, signal)[Symbol.asyncIterator]().next()).rejects.toThrow('too late');
    await fixture.client.nothing();
    expect(fixture.log.lines).toEqual([]);
  });

  it('aborts every handler when the link closes, and rejects every caller', async () => {
    const unaryCall = fixture.client.hang();
    const streamCall = fixture.client.count({ to: 0 })[Symbol.asyncIterator]().next();
    await fixture.saw('hang started');
    const outcomes = Promise.allSettled([unaryCall, streamCall]);
    fixture.pair.calling.close();
    expect(await outcomes).toMatchObject([
      { status: 'rejected', reason: { code: 'disconnected' } },
      { status: 'rejected', reason: { code: 'disconnected' } },
    ]);
    await fixture.saw('hang aborted: disconnected');
    await fixture.saw('count ended');
    await expect(fixture.client.nothing()).rejects.toMatchObject({ code: 'disconnected' });
  });

  it('rejects callers when the serving end goes away', async () => {
    const answer = fixture.client.hang();
    await fixture.saw('hang started');
    fixture.pair.serving.close();
    await expect(answer).rejects.toMatchObject({ code: 'disconnected' });
  });

  it('refuses more calls than the limit and answers those within it', async () => {
    const abort = new AbortController();
    const running = Array.from({ length: MAX_CALLS }, () => fixture.client.hang(undefined, abort.signal));
    const outcomes = Promise.allSettled(running);
    await expect(fixture.client.nothing()).rejects.toMatchObject({ code: 'too_many_calls' });
    abort.abort();
    await outcomes;
    expect(await fixture.client.nothing()).toBeNull();
  });

  it.each<[string, readonly unknown[]]>([
    ['a value that is no frame', [42]],
    ['null', [null]],
    ['a frame of an unknown type', [{ t: 'exec', id: 1 }]],
    ['a frame with more than it should have', [{ t: 'cancel', id: 1, force: true }]],
    ['a frame whose type comes from its prototype', [Object.create({ t: 'cancel', id: 1 })]],
    ['an id that is no number', [{ t: 'call', id: '1', method: 'nothing' }]],
    ['an id of zero', [{ t: 'call', id: 0, method: 'nothing' }]],
    ['an id beyond the safe integers', [{ t: 'call', id: 2 ** 60, method: 'nothing' }]],
    ['a method that is no text', [{ t: 'call', id: 1, method: ['nothing'] }]],
    ['a method name of a megabyte', [{ t: 'call', id: 1, method: 'x'.repeat(1 << 20) }]],
    [
      'an id used twice',
      [
        { t: 'call', id: 1, method: 'hang' },
        { t: 'call', id: 1, method: 'hang' },
      ],
    ],
    [
      'an id used after its call ended',
      [
        { t: 'call', id: 1, method: 'nothing' },
        { t: 'call', id: 1, method: 'nothing' },
      ],
    ],
    [
      'more credit than the window',
      [
        { t: 'call', id: 1, method: 'count', input: { to: 0 } },
        { t: 'credit', id: 1, n: 8 },
      ],
    ],
    [
      'negative credit',
      [
        { t: 'call', id: 1, method: 'count', input: { to: 0 } },
        { t: 'credit', id: 1, n: -1 },
      ],
    ],
    ['an answer nobody asked for', [{ t: 'ok', id: 1, value: null }]],
    [
      'text nested deeper than any value',
      [JSON.parse('{"t":"call","id":1,"method":"echo","input":'.concat('['.repeat(100), ']'.repeat(100), '}'))],
    ],
    ['a frame over the limit', [new Uint8Array(MAX_FRAME_BYTES + 1)]],
    ['a text frame', ['{"t":"call","id":1,"method":"nothing"}']],
  ])('closes the link on %s', async (_name, frames) => {
    const gone = closed(fixture.pair.serving);
    for (const frame of frames) fixture.pair.sendRaw(frame);
    await gone;
    expect(fixture.internal).toEqual([]);
  });

  it('passes over cancel and credit for calls that have ended', async () => {
    await fixture.client.nothing();
    fixture.pair.sendRaw({ t: 'cancel', id: 1 });
    fixture.pair.sendRaw({ t: 'credit', id: 1, n: 4 });
    expect(await fixture.client.nothing()).toBeNull();
  });

  it('tells of a closed link also to who listens late', async () => {
    fixture.pair.serving.close();
    await closed(fixture.pair.serving);
    await closed(fixture.pair.calling);
  });
});
