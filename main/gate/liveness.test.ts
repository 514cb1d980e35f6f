import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CountersignError } from '../errors.ts';
import { type Session } from '../identity/principal.ts';
import { type Liveness, watchLiveness } from './liveness.ts';
import { session } from './testing/session.ts';

const other: Session = { ...session, id: 'login-2' as Session['id'] };

let now: number;
let inUse: readonly Session[];
let stands: (session: Session) => Promise<void>;
let confirm: (session: Session) => Promise<void>;
let confirmed: string[];
let ended: (readonly [id: string, code: string, why: string])[];
let watch: Liveness;

beforeEach(() => {
  now = Date.parse('2026-03-02T10:00:00Z');
  inUse = [session];
  stands = () => Promise.resolve();
  confirm = () => Promise.resolve();
  confirmed = [];
  ended = [];
  watch = watchLiveness({
    sessionsInUse: () => inUse,
    stands: (asked) => stands(asked),
    confirm(asked) {
      confirmed.push(asked.id);
      return confirm(asked);
    },
    end({ id }, code, why) {
      ended.push([id, code, why]);
      return Promise.resolve();
    },
    checkSeconds: () => 15,
    now: () => now,
  });
});
afterEach(() => watch.close());

async function lookEvery(seconds: number, times: number): Promise<void> {
  for (let i = 0; i < times; i++) {
    await watch.look();
    now += seconds * 1000;
  }
}

describe('logins in use', () => {
  it('are confirmed every so many seconds, and not sooner', async () => {
    await lookEvery(1, 31);
    expect(confirmed).toEqual(['login-1', 'login-1']);
    expect(ended).toEqual([]);
  });

  it('are confirmed each by itself', async () => {
    inUse = [session, other];
    await lookEvery(5, 4);
    expect(confirmed).toEqual(['login-1', 'login-2']);
  });

  it('are not confirmed while nobody uses them, and as anew once somebody does', async () => {
    await lookEvery(1, 10);
    inUse = [];
    await lookEvery(1, 60);
    inUse = [session];
    await lookEvery(1, 10);
    expect(confirmed).toEqual([]);
  });

  it('are asked about once at a time, however slow the provider is', async () => {
    let answer: () => void = () => undefined;
    confirm = () => new Promise((resolve) => (answer = resolve));
    await watch.look();
    now += 15_000;
    const slow = watch.look();
    now += 60_000;
    await watch.look();
    expect(confirmed).toEqual(['login-1']);
    answer();
    await slow;
    now += 15_000;
    void watch.look();
    expect(confirmed).toEqual(['login-1', 'login-1']);
    answer();
  });

  it('end by what is known here while their provider is slow to answer', async () => {
    let answer: () => void = () => undefined;
    confirm = () => new Promise((resolve) => (answer = resolve));
    await watch.look();
    now += 15_000;
    const slow = watch.look();
    await turn();
    stands = () => Promise.reject(new CountersignError('session-revoked', 'Revoked by revocations.yaml.'));
    await watch.look();
    expect(ended).toEqual([['login-1', 'session-revoked', 'revoked']]);
    answer();
    await slow;
  });

  it('end where whoever vouches for them no longer does', async () => {
    confirm = () => Promise.reject(new CountersignError('session-revoked', 'Revoked.'));
    await lookEvery(15, 2);
    expect(ended).toEqual([['login-1', 'session-revoked', 'revoked']]);
  });

  it('end within a second where it is known here that they count no more', async () => {
    stands = () => Promise.reject(new CountersignError('session-expired', 'Ended.'));
    await watch.look();
    expect(ended).toEqual([['login-1', 'session-expired', 'expired']]);
    expect(confirmed).toEqual([]);
  });

  it('end where nobody can tell why not', async () => {
    confirm = () => Promise.reject(new Error('broken'));
    await lookEvery(15, 2);
    expect(ended).toEqual([['login-1', 'session-revoked', 'revoked']]);
  });

  it('end when their time is over, without anybody being asked', async () => {
    inUse = [{ ...session, expiresAt: '2026-03-02T10:00:05Z' }];
    await lookEvery(1, 6);
    expect(ended).toEqual([['login-1', 'session-expired', 'expired']]);
    expect(confirmed).toEqual([]);
  });

  it('are confirmed at once after the clock was set back', async () => {
    await watch.look();
    now -= 3_600_000;
    await watch.look();
    expect(confirmed).toEqual(['login-1']);
  });
});
