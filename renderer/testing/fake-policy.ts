import { type Desktop } from '../../shared/contract.ts';
import { type Client } from '../../shared/rpc/types.ts';
import { type PolicyStateView } from '../../shared/views.ts';
import { classified, explanationOf, proposals, simulated } from './fake-policy-answers.ts';
import { diffOf, matrixOf } from './fake-policy-matrix.ts';
import { brokenFile, checkOf, samplePolicy } from './fake-policy-text.ts';

/** The Policy view's part of a gate made of plain data: it knows one policy and what a few changes of it would mean. */

export interface FakePolicyOptions {
  /** Whether the person may save. */
  readonly administrator?: boolean;
  /** The state to show. */
  readonly state?: 'loading' | 'failing' | 'malformed' | 'no-tests' | 'many' | undefined;
  /** The file is changed by somebody else, ms after the view opened. */
  readonly changedAfter?: number;
  /** ms before an answer. */
  readonly delay?: number;
}

type PolicyCalls = Pick<Client<Desktop>, Extract<keyof Desktop, `policy.${string}` | `classification.${string}`>>;

const failure = (): Error =>
  Object.assign(new Error('The profile cannot be read: permission denied.'), {
    code: 'profile-unreadable',
    next: 'Check who owns the folder of the profile.',
  });

/** As good as a hash for telling texts apart. */
function revisionOf(text: string): string {
  let [one, other] = [0x811c9dc5, 0x01000193];
  for (const character of text) {
    one = Math.imul(one ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0;
    other = Math.imul(other + (character.codePointAt(0) ?? 0), 0x85ebca6b) >>> 0;
  }
  return [one, other, one ^ other, one + other, other, one, other ^ 7, one ^ 9]
    .map((part) => (part >>> 0).toString(16).padStart(8, '0'))
    .join('');
}

const pause = (ms: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener('abort', () => {
      clearTimeout(timer);
      reject(new DOMException('aborted', 'AbortError'));
    });
  });

export function fakePolicy({ administrator = true, state, changedAfter, delay = 30 }: FakePolicyOptions): PolicyCalls {
  const good = state === 'no-tests' ? (samplePolicy.split('\ntests:')[0] ?? '') : samplePolicy;
  let inForce = good;
  let file = state === 'malformed' ? brokenFile : good;
  const told = new Set<() => void>();
  const answer = async (signal?: AbortSignal): Promise<void> => {
    await pause(state === 'loading' ? 3_600_000 : delay, signal);
    if (state === 'failing') throw failure();
  };
  const view = (): PolicyStateView => {
    const { problems } = checkOf(file);
    return {
      text: file,
      revision: revisionOf(file),
      inForce: revisionOf(inForce),
      since: new Date(Date.now() - 3 * 3_600_000).toISOString(),
      rules: checkOf(inForce).rules,
      trouble: problems.length === 0 ? null : 'policy.yaml is not right: the last good policy stays in force.',
      problems,
      locked: administrator ? null : 'Only administrators save the policy: group:security.',
    };
  };
  const write = (text: string): void => {
    file = text;
    if (checkOf(text).problems.length === 0) inForce = text;
    for (const tell of told) tell();
  };
  const many = state === 'many';

  return {
    'policy.state': async function* (_, signal) {
      await answer(signal);
      if (changedAfter !== undefined) setTimeout(write, changedAfter, file.replace('rows: 100000', 'rows: 50000'));
      for (;;) {
        const changed = new Promise<void>((resolve, reject) => {
          told.add(resolve);
          signal?.addEventListener('abort', () => {
            reject(new DOMException('aborted', 'AbortError'));
          });
        });
        // It may be called off before it is waited for.
        changed.catch(() => undefined);
        yield view();
        await changed;
      }
    },
    'policy.check': async ({ text }, signal) => {
      await answer(signal);
      return checkOf(text);
    },
    'policy.complete': async ({ text, offset }) => {
      const word = /[\w:-]*$/.exec(text.slice(0, offset))?.[0] ?? '';
      const from = offset - word.length;
      const keys = [
        ['allow', 'lets somebody do something'],
        ['deny', 'forbids, whatever else allows'],
        ['require', 'allows only with obligations'],
        ['permit', 'one use of a masked column'],
      ] as const;
      const names = ['group:analysts', 'group:engineers', 'group:dba', 'agent:scout'];
      return [
        ...keys.map(([label, detail]) => ({
          label,
          kind: 'key' as const,
          detail,
          insert: `${label}: `,
          from,
          to: offset,
        })),
        ...names.map((label) => ({
          label,
          kind: 'name' as const,
          detail: 'named here',
          insert: label,
          from,
          to: offset,
        })),
      ].filter(({ label }) => label.startsWith(word));
    },
    'policy.hover': async ({ text, offset }) => {
      const before = /\w*$/.exec(text.slice(0, offset))?.[0] ?? '';
      const after = /^\w*/.exec(text.slice(offset))?.[0] ?? '';
      if (before + after !== 'require') return null;
      return {
        text: '**require** allows only with obligations: masks, limits, approval, reason, step-up.\n\n```yaml\nrequire: { mask: { pii: partial } }\n```',
        from: offset - before.length,
        to: offset + after.length,
      };
    },
    'policy.matrix': async ({ text }, signal) => {
      await answer(signal);
      return matrixOf(text, many);
    },
    'policy.diff': async ({ text }, signal) => {
      await answer(signal);
      return diffOf(inForce, text, many);
    },
    'policy.explain': async ({ as, connection, sql }, signal) => {
      await answer(signal);
      return explanationOf(as, connection, sql);
    },
    'policy.simulate': async function* ({ since }, signal) {
      const all = simulated(since);
      for (const part of [0.2, 0.5, 0.8]) {
        yield { ...all, examined: Math.round(all.examined * part), changed: all.changed.slice(0, 2), done: false };
        await pause(delay * 4, signal);
      }
      yield all;
    },
    'policy.save': async ({ text, revision }, signal) => {
      await answer(signal);
      if (revision !== revisionOf(file))
        throw Object.assign(new Error('policy.yaml is another one by now.'), {
          code: 'policy-changed',
          next: 'Compare it with yours, then save again.',
        });
      write(text);
      return view();
    },
    'classification.columns': async ({ connection }, signal) => {
      await answer(signal);
      return classified(connection);
    },
    'classification.suggest': async function* ({ connection }, signal) {
      for (const one of proposals(connection)) {
        await pause(delay, signal);
        yield one;
      }
    },
    'classification.accept': async (_, signal) => {
      await answer(signal);
      return null;
    },
  };
}
