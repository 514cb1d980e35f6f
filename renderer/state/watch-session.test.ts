import { describe, expect, it } from 'vitest';
import { type Desktop } from '../../shared/contract.ts';
import { type Client } from '../../shared/rpc/types.ts';
import { watchSession } from './watch-session.ts';

const error = (code: string): Error => Object.assign(new Error('Your session has ended.'), { code });

function setup(calls: Partial<Client<Desktop>>) {
  const ended: string[] = [];
  return { ended, client: watchSession(calls as Client<Desktop>, ({ code }) => ended.push(code)) };
}

describe('watching the session', () => {
  it('tells when an answer says that the session has ended, and passes the error on', async () => {
    const { client, ended } = setup({ 'connections.list': () => Promise.reject(error('session-expired')) });
    await expect(client['connections.list']()).rejects.toThrow('session has ended');
    expect(ended).toEqual(['session-expired']);
  });

  it('is silent about every other error', async () => {
    const { client, ended } = setup({ 'connections.list': () => Promise.reject(error('unreachable')) });
    await expect(client['connections.list']()).rejects.toThrow();
    expect(ended).toEqual([]);
  });

  it('tells when a stream breaks for it, or a run fails for it', async () => {
    const { client, ended } = setup({
      // eslint-disable-next-line require-yield
      'audit.state': async function* () {
        await Promise.reject(error('session-revoked'));
      },
      'query.run': async function* () {
        yield await Promise.resolve({
          kind: 'failed' as const,
          error: { code: 'signed-out', message: 'x', next: null, span: null },
        });
      },
    });
    const kinds: string[] = [];
    for await (const event of client['query.run']({ connection: 'a', text: 'b', offset: 0 })) kinds.push(event.kind);
    await expect(Array.fromAsync(client['audit.state']())).rejects.toThrow();
    expect([kinds, ended]).toEqual([['failed'], ['signed-out', 'session-revoked']]);
  });
});
