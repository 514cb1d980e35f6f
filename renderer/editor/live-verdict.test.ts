import { describe, expect, it } from 'vitest';
import { type VerdictView } from '../../shared/views.ts';
import { type LiveVerdictPorts, followVerdict } from './live-verdict.ts';
import { guessBoundaries } from './statements.ts';

function setup(explain: (text: string) => Promise<VerdictView>) {
  let due: (() => void) | null = null;
  const seen: string[] = [];
  const ports: LiveVerdictPorts = {
    clock: {
      after: (_, callback) => {
        due = callback;
        return () => {
          if (due === callback) due = null;
        };
      },
    },
    split: (text) => Promise.resolve(guessBoundaries(text)),
    explain: (_, text) => explain(text),
    onStatement: () => undefined,
    onVerdict: (found) => seen.push(found === null ? 'none' : found.text),
  };
  const rest = async (): Promise<void> => {
    due?.();
    due = null;
    for (let turn = 0; turn < 10; turn++) await Promise.resolve();
  };
  return { follower: followVerdict(ports), rest, seen, waiting: () => due !== null };
}

const verdict = {} as VerdictView;

describe('the live verdict', () => {
  it('asks about the statement at the cursor after a moment of rest', async () => {
    const { follower, rest, seen } = setup(() => Promise.resolve(verdict));
    follower.moved('shop', 'select 1; select 2', 12);
    expect(seen).toEqual([]);
    await rest();
    expect(seen).toEqual(['select 2']);
  });

  it('does not ask again while the cursor stays in the same statement', async () => {
    let asked = 0;
    const { follower, rest } = setup(() => Promise.resolve((asked++, verdict)));
    follower.moved('shop', 'select 1', 2);
    await rest();
    follower.moved('shop', 'select 1', 5);
    await rest();
    expect(asked).toBe(1);
  });

  it('asks again about the same statement once what was answered is forgotten', async () => {
    let asked = 0;
    const { follower, rest } = setup(() => Promise.resolve((asked++, verdict)));
    follower.moved('shop', 'select 1', 2);
    await rest();
    follower.forget();
    follower.moved('shop', 'select 1', 2);
    await rest();
    expect(asked).toBe(2);
  });

  it('takes the old verdict away as soon as the statement changes', async () => {
    const { follower, rest, seen } = setup(() => Promise.resolve(verdict));
    follower.moved('shop', 'select 1', 2);
    await rest();
    follower.moved('shop', 'select 12', 9);
    expect(seen).toEqual(['select 1', 'none']);
  });

  it('throws away an answer to a text that has changed since', async () => {
    let answer: (value: VerdictView) => void = () => undefined;
    const { follower, rest, seen } = setup(() => new Promise((resolve) => (answer = resolve)));
    follower.moved('shop', 'select 1', 2);
    await rest();
    follower.moved('shop', 'select 12', 9);
    answer(verdict);
    await Promise.resolve();
    await Promise.resolve();
    expect(seen).toEqual([]);
  });

  it('asks nothing without a connection or without text', () => {
    const { follower, waiting } = setup(() => Promise.resolve(verdict));
    follower.moved(null, 'select 1', 2);
    follower.moved('shop', '  \n', 0);
    expect(waiting()).toBe(false);
  });
});
