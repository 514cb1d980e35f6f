/** Messages for statements on one connection: the asker's is the unnamed one, the gate's own beside it has a name. */
import { serialize } from 'pg-protocol';
import { CountersignError } from '../../errors.ts';
import { type TextValue } from './session.ts';

const OWN = 'countersign';

/** A statement of the gate's own that replaces the unnamed one. */
export const unnamed = (text: string, values: readonly TextValue[]): readonly Uint8Array[] => [
  serialize.parse({ text }),
  serialize.bind({ values: [...values] }),
  serialize.execute(),
];

/** A statement of the gate's own that leaves the asker's as it is. */
export const own = (text: string, values: readonly TextValue[]): readonly Uint8Array[] => [
  serialize.close({ type: 'S', name: OWN }),
  serialize.parse({ name: OWN, text }),
  serialize.bind({ statement: OWN, portal: OWN, values: [...values] }),
  serialize.execute({ portal: OWN }),
  serialize.close({ type: 'P', name: OWN }),
];

/** Parse and Describe of the asker's statement: nothing of it runs. */
export const parseOnly = (text: string): readonly Uint8Array[] => [
  serialize.parse({ text }),
  serialize.describe({ type: 'S' }),
];

/** Bind and Execute of what was parsed, all rows, in text format. */
export const runParsed = (values: readonly TextValue[]): readonly Uint8Array[] => [
  serialize.bind({ values: [...values] }),
  serialize.execute(),
];

/** The protocol ends texts at a NUL, and UTF-8 has no lone surrogates: either would run something other than was read. */
export function refuseBadText(text: string): void {
  if (text.includes('\0')) {
    throw new CountersignError('nul-byte', 'The statement contains a NUL character, which SQL text cannot hold.');
  }
  if (!text.isWellFormed()) {
    throw new CountersignError(
      'lone-surrogate',
      'The statement contains half of a character (a lone UTF-16 surrogate).',
    );
  }
}
