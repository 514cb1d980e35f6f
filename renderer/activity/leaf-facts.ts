/** What a leaf says besides what the list is made of. A leaf is data from a log: what is not as it should be is not there. */

export interface LeafFacts {
  /** A service or CI job: nobody is behind it. */
  readonly service: string | null;
  /** Why it was done, in the words of whoever did it. */
  readonly reason: string | null;
  readonly ticket: string | null;
}

const NONE: LeafFacts = { service: null, reason: null, ticket: null };

function field(of: unknown, name: string): unknown {
  return typeof of === 'object' && of !== null && Object.hasOwn(of, name)
    ? (of as Readonly<Record<string, unknown>>)[name]
    : undefined;
}

function textOf(of: unknown, name: string): string | null {
  const value = field(of, name);
  return typeof value === 'string' && value !== '' ? value : null;
}

/** @param leaf the leaf as it was hashed, JSON text (docs/log-format.md) */
export function leafFacts(leaf: string): LeafFacts {
  let parsed: unknown;
  try {
    parsed = JSON.parse(leaf);
  } catch {
    return NONE;
  }
  const why = field(parsed, 'why');
  return {
    service: textOf(field(parsed, 'actor'), 'service'),
    reason: textOf(why, 'reason'),
    ticket: textOf(why, 'ticket'),
  };
}
