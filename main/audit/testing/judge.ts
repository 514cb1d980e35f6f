/** What must be true of the leaves of one log, told in a sentence where it is not. Quick, for thousands of logs; for tests. */
export interface Leaf {
  readonly k: string;
  readonly id: string;
  readonly t: number;
  readonly m: number;
  readonly b: string;
  readonly [key: string]: unknown;
}

interface Open {
  readonly intents: Map<number, string>;
  readonly sessions: Map<string, { next: number; ended: boolean }>;
}

export interface Judgement {
  readonly wrong: string | null;
  /** What is open at the end. */
  readonly intents: number;
  readonly sessions: number;
  /** Addresses of the blobs erased, by log; '' is this one. */
  readonly erased: readonly { readonly log: string; readonly blob: string }[];
}

const JUMP = 2000;

export function judge(leaves: readonly Leaf[]): Judgement {
  const open: Open = { intents: new Map(), sessions: new Map() };
  const erased: { readonly log: string; readonly blob: string }[] = [];
  let wrong: string | null = null;
  let every = Infinity;
  leaves.forEach((leaf, index) => {
    const before = leaves[index - 1];
    const said = wrongHere(leaf, index, open) ?? wrongTime(leaf, before, leaves[index - 2], every);
    if (said !== undefined) wrong ??= `event ${index}, ${leaf.k}: ${said}`;
    if (leaf.k === 'log.open') ({ every } = leaf.beat as { readonly every: number });
    if (leaf.k === 'blob.erased')
      erased.push({ log: String((leaf.of as Leaf | undefined)?.log ?? ''), blob: String(leaf.blob) });
  });
  const sessions = [...open.sessions.values()].filter(({ ended }) => !ended).length;
  return { wrong, intents: open.intents.size, sessions, erased };
}

function wrongHere(leaf: Leaf, index: number, { intents, sessions }: Open): string | undefined {
  const running = [...sessions.values()].filter(({ ended }) => !ended).length;
  if ((leaf.k === 'log.close' || (leaf.k === 'log.open' && index > 0)) && intents.size + running > 0)
    return `${intents.size} intents and ${running} sessions are open`;
  if (typeof leaf.s !== 'string') return undefined;
  const session = sessions.get(leaf.s) ?? { next: 0, ended: false };
  if (leaf.n !== session.next) return `number ${String(leaf.n)} instead of ${session.next}`;
  session.next++;
  if (leaf.k === 'session.end') session.ended = true;
  sessions.set(leaf.s, session);
  if (leaf.k === 'stmt.intent') intents.set(index, leaf.s);
  if (leaf.k !== 'stmt.outcome' && leaf.k !== 'stmt.closed') return undefined;
  const { i } = leaf.ref as { readonly i: number };
  return intents.delete(i) ? undefined : `it ends event ${i}, which is not open`;
}

function wrongTime(leaf: Leaf, before: Leaf | undefined, two: Leaf | undefined, every: number): string | undefined {
  const by = (leaf.clock as { readonly by: number } | undefined)?.by;
  if (before?.b !== leaf.b) return undefined;
  if (before.k === 'log.open' && by !== undefined && by < 0) {
    const newest = two?.t ?? 0;
    if (Math.abs(leaf.t / 1000 - newest / 1000 - by) > JUMP && before.t - newest < 0)
      return `the clock did not move by ${by} ms`;
    return undefined;
  }
  const passed = (leaf.m - before.m) / 1e6;
  if (passed < 0) return 'the monotonic clock went back';
  const moved = (leaf.t - before.t) / 1000 - passed;
  if (Math.abs(moved - (by ?? 0)) > JUMP) return `the clock moved by ${moved} ms, and ${by ?? 'nothing'} is said of it`;
  if (leaf.k === 'heartbeat' && passed < every * 1000 - 1) return `something was recorded ${passed} ms before`;
  // One look at the clock more than the interval: the simulated machine looks that often.
  if (passed > every * 1000 + 60_000) return `${passed} ms of silence without a heartbeat`;
  return undefined;
}
