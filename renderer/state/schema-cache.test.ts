import { describe, expect, it } from 'vitest';
import { type Desktop } from '../../shared/contract.ts';
import { type Client } from '../../shared/rpc/types.ts';
import { column } from '../testing/fake-organisation.ts';
import { createSchemaCache, path } from './schema-cache.ts';

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const CUSTOMERS = path('shop', 'public', 'customers');

/** A catalog whose answer to the columns of a table can be changed. */
function catalog() {
  let answer: () => Promise<readonly ReturnType<typeof column>[]> = () =>
    Promise.resolve([column('email', 'text', { masked: true })]);
  let asked = 0;
  const cache = createSchemaCache({
    'schema.columns': () => {
      asked += 1;
      return answer();
    },
  } as unknown as Client<Desktop>);
  return {
    cache,
    asked: () => asked,
    answer: (next: typeof answer) => {
      answer = next;
    },
    shown: () => cache.branches.get().get(CUSTOMERS),
  };
}

describe('a catalog that is read again', () => {
  it('stays as it is until the answer, and is the answer then', async () => {
    const { cache, answer, shown } = catalog();
    await cache.columns('shop', 'public', 'customers');
    answer(() => Promise.resolve([column('email', 'text')]));
    cache.reread();
    expect(shown()).toMatchObject({ state: 'ready', value: [{ masked: true }] });
    await settled();
    expect(shown()).toMatchObject({ state: 'ready', value: [{ masked: false }] });
  });

  it('stays as it is where it cannot be read', async () => {
    const { cache, answer, shown } = catalog();
    await cache.columns('shop', 'public', 'customers');
    answer(() => Promise.reject(new Error('away')));
    cache.reread();
    await settled();
    expect(shown()).toMatchObject({ state: 'ready', value: [{ masked: true }] });
    expect(await cache.columns('shop', 'public', 'customers')).toMatchObject([{ masked: true }]);
  });

  it('asks for nothing that nobody has looked at', () => {
    const { cache, asked } = catalog();
    cache.reread();
    expect(asked()).toBe(0);
  });

  it('shows nothing to the next person that was asked for the one before', async () => {
    const { cache, shown } = catalog();
    await cache.columns('shop', 'public', 'customers');
    cache.reread();
    cache.clear();
    await settled();
    expect(shown()).toBeUndefined();
  });
});
