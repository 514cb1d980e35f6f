import { MessageChannel } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { messagePortLink, serve, stream, unary, type Link } from '../../shared/rpc/index.ts';
import { LinkRefused, type Dial } from './dial.ts';
import { keepConnected, type LinkState, type Patience } from './keep-connected.ts';

const contract = { which: unary<number>()(z.void()), items: stream<number>()(z.void()) } as const;

/** A process that can be started again: each dial reaches the one of the moment, or nobody. */
function processes() {
  let count = 0;
  let running: Link | null = null;
  const state = { up: true, dials: 0, pauses: [] as number[], now: 0, refusal: null as LinkRefused | null };
  const dial: Dial = () => {
    state.dials++;
    if (!state.up) return Promise.reject(new Error('nobody there'));
    const { port1, port2 } = new MessageChannel();
    const mine = ++count;
    running = messagePortLink(port1);
    serve(running, contract, {
      which: () => mine,
      async *items() {
        yield await Promise.resolve(mine);
      },
    });
    return Promise.resolve({ link: messagePortLink(port2), refusal: () => state.refusal });
  };
  const patience: Patience = {
    firstPauseMs: 100,
    longestPauseMs: 400,
    giveUpMs: 2000,
    now: () => state.now,
    pause(ms) {
      state.pauses.push(ms);
      state.now += ms;
      return Promise.resolve();
    },
  };
  return { state, dial, patience, stop: () => running?.close() };
}

/** A listener for states, and a promise of the next one of a kind. */
function listener() {
  const states: LinkState[] = [];
  const waiting: { kind: LinkState['kind']; resolve: (state: LinkState) => void }[] = [];
  return {
    states,
    onState(state: LinkState) {
      states.push(state);
      const due = waiting.findIndex(({ kind }) => kind === state.kind);
      if (due >= 0) waiting.splice(due, 1)[0]?.resolve(state);
    },
    next: (kind: LinkState['kind']) => new Promise<LinkState>((resolve) => waiting.push({ kind, resolve })),
  };
}

describe('a client that stays while links come and go', () => {
  it('calls the process it is connected to, before and after that is started again', async () => {
    const { dial, patience, stop } = processes();
    const heard = listener();
    const connected = heard.next('connected');
    const client = keepConnected(contract, dial, heard.onState, patience);
    await connected;
    expect(await client.which()).toBe(1);
    const restored = heard.next('restored');
    stop();
    await restored;
    expect(await client.which()).toBe(2);
    for await (const item of client.items()) expect(item).toBe(2);
    expect(heard.states.map(({ kind }) => kind)).toEqual(['connecting', 'connected', 'lost', 'restored']);
    stop();
  });

  it('rejects calls while there is no link, and says so', async () => {
    const { dial, patience, state } = processes();
    state.up = false;
    const heard = listener();
    const refused = heard.next('refused');
    const client = keepConnected(contract, dial, heard.onState, patience);
    await expect(client.which()).rejects.toMatchObject({ code: 'disconnected' });
    await expect(client.items()[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'disconnected' });
    await refused;
  });

  it('waits longer between attempts, up to a bound, and gives up in the end', async () => {
    const { dial, patience, state } = processes();
    state.up = false;
    const heard = listener();
    const refused = heard.next('refused');
    keepConnected(contract, dial, heard.onState, patience);
    expect(await refused).toMatchObject({ refusal: { heading: 'Countersign has stopped' } });
    expect(state.pauses).toEqual([100, 200, 400, 400, 400, 400, 400]);
  });

  it('does not try again where there is no use', async () => {
    const { dial, patience, state, stop } = processes();
    const heard = listener();
    const connected = heard.next('connected');
    keepConnected(contract, dial, heard.onState, patience);
    await connected;
    state.refusal = new LinkRefused('Open in another tab', 'Use that one.');
    const refused = heard.next('refused');
    stop();
    expect(await refused).toMatchObject({ refusal: { heading: 'Open in another tab' } });
    expect(state.dials).toBe(1);
  });
});
