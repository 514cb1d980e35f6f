import { describe, expect, it } from 'vitest';
import { type Desktop } from '../../shared/contract.ts';
import { type Client } from '../../shared/rpc/types.ts';
import { type GrantsView, type PersonView, type SignInStep } from '../../shared/views.ts';
import { type Clock } from '../state/saver.ts';
import { createAccount } from './account.ts';
import { takeGrant } from './take.ts';

const person: PersonView = {
  name: 'Ana',
  email: null,
  groups: [],
  verified: true,
  issuer: 'https://id.example',
  expiresAt: '2030-01-01T00:00:00Z',
  steppedUpAt: '2026-11-21T12:00:00Z',
};
const nothing: GrantsView = { inForce: [], offers: [] };
const refuse = (code: string) => Promise.reject(Object.assign(new Error(code), { code, next: null }));

/** A clock that is moved by hand. */
function handClock() {
  let now = 1_000_000;
  let due: { at: number; callback: () => void }[] = [];
  const clock: Clock = {
    after: (delay, callback) => {
      const entry = { at: now + delay, callback };
      due.push(entry);
      return () => {
        due = due.filter((other) => other !== entry);
      };
    },
  };
  const pass = (ms: number): void => {
    now += ms;
    const ready = due.filter(({ at }) => at <= now);
    due = due.filter(({ at }) => at > now);
    for (const { callback } of ready) callback();
  };
  return { clock, now: () => now, pass, waiting: () => due.length };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function account(calls: Partial<Client<Desktop>>, opened: string[] = [], people: PersonView[] = []) {
  const time = handClock();
  const defaults: Partial<Client<Desktop>> = {
    'grants.list': () => Promise.resolve(nothing),
    'agents.list': () => Promise.resolve([]),
  };
  const made = createAccount({ ...defaults, ...calls } as Client<Desktop>, {
    open: (url) => void opened.push(url),
    onPerson: (who) => void people.push(who),
    now: time.now,
    clock: time.clock,
  });
  return { ...time, account: made };
}

describe('what is known of the account', () => {
  it('is read again while it is followed, and no more afterwards', async () => {
    let asked = 0;
    const {
      account: made,
      pass,
      waiting,
    } = account({
      'grants.list': () => {
        asked += 1;
        return Promise.resolve(nothing);
      },
    });
    const leave = made.follow();
    pass(5000);
    expect(asked).toBe(1);
    pass(5000);
    pass(5000);
    expect(asked).toBe(2);
    leave();
    expect(waiting()).toBe(0);
    await settled();
  });

  it('is read again as soon as a grant runs out', async () => {
    let asked = 0;
    const time = handClock();
    const until = new Date(time.now() + 4000).toISOString();
    const grant = { id: 'g', name: 'n', person: 'Ana', mine: true, connection: 'c', reason: null, from: until, until };
    const { account: made, pass } = account({
      'grants.list': () => {
        asked += 1;
        return Promise.resolve(asked === 1 ? { inForce: [grant], offers: [] } : nothing);
      },
    });
    const leave = made.follow();
    await settled();
    pass(5000);
    expect(asked).toBe(2);
    leave();
    await settled();
  });

  it('stays what it was when it cannot be read again', async () => {
    let works = true;
    const { account: made } = account({ 'agents.list': () => (works ? Promise.resolve([]) : refuse('broken')) });
    await made.read('agents');
    works = false;
    await made.read('agents');
    expect(made.agents.get()).toEqual({ state: 'ready', value: [] });
  });

  it('never becomes what was asked for the person before', async () => {
    let answer: (value: GrantsView) => void = () => undefined;
    const { account: made } = account({
      'grants.list': () =>
        new Promise((resolve) => {
          answer = resolve;
        }),
    });
    const reading = made.read('grants');
    made.clear();
    answer(nothing);
    await reading;
    expect(made.grants.get()).toEqual({ state: 'loading' });
  });
});

describe('a step-up', () => {
  const steps = async function* (): AsyncGenerator<SignInStep> {
    yield { kind: 'open', url: 'https://id.example/authorize' };
    yield { kind: 'waiting' };
    await settled();
    yield { kind: 'done', person };
  };

  it('opens the browser once, whoever asks for it meanwhile', async () => {
    const opened: string[] = [];
    const people: PersonView[] = [];
    const { account: made } = account({ 'session.stepUp': steps }, opened, people);
    const both = [made.stepUp.begin(), made.stepUp.begin()];
    expect(await Promise.all(both)).toEqual([true, true]);
    expect(opened).toEqual(['https://id.example/authorize']);
    expect(people).toEqual([person]);
    expect(made.stepUp.state.get()).toEqual({ kind: 'idle' });
  });

  it('that is called off counts as none, even when the browser comes back', async () => {
    const people: PersonView[] = [];
    const { account: made } = account({ 'session.stepUp': steps }, [], people);
    const going = made.stepUp.begin();
    made.stepUp.cancel();
    expect(await going).toBe(false);
    expect(people).toEqual([]);
  });

  it('that fails says why', async () => {
    const { account: made } = account({
      // eslint-disable-next-line require-yield -- a stream that fails at once
      'session.stepUp': async function* (): AsyncGenerator<SignInStep> {
        await refuse('wrong-person');
      },
    });
    expect(await made.stepUp.begin()).toBe(false);
    expect(made.stepUp.state.get()).toMatchObject({ kind: 'failed', trouble: { code: 'wrong-person' } });
  });
});

describe('taking a grant', () => {
  const request = { grant: 'break-glass', connection: 'shop' };
  const taken = {
    ...request,
    id: 'g',
    name: 'break-glass',
    person: 'Ana',
    mine: true,
    reason: null,
    from: '',
    until: '',
  };
  const flow = (answers: readonly (() => Promise<typeof taken>)[], stepUp: boolean) => {
    const calls: string[] = [];
    return {
      calls,
      account: {
        take: () => {
          calls.push('take');
          return answers[calls.filter((call) => call === 'take').length - 1]?.() ?? Promise.resolve(taken);
        },
        stepUp: {
          ...account({}).account.stepUp,
          begin: () => {
            calls.push('step-up');
            return Promise.resolve(stepUp);
          },
        },
      },
    };
  };

  it('asks for the step-up only when the gate does, and takes it then', async () => {
    const { account: made, calls } = flow([() => refuse('step-up-needed')], true);
    expect(await takeGrant(made, request)).toBe(taken);
    expect(calls).toEqual(['take', 'step-up', 'take']);
  });

  it('takes nothing when the step-up was called off', async () => {
    const { account: made, calls } = flow([() => refuse('step-up-needed')], false);
    expect(await takeGrant(made, request)).toBeNull();
    expect(calls).toEqual(['take', 'step-up']);
  });

  it('says what the gate says when it is another refusal', async () => {
    const { account: made } = flow([() => refuse('approval-needed')], true);
    await expect(takeGrant(made, request)).rejects.toMatchObject({ code: 'approval-needed' });
  });
});
