import { CountersignError } from '../../errors.ts';

/**
 * The text of a statement from outside. Bytes that are not UTF-8 would be judged as other characters than they are sent
 * as, so the first of them is named. A byte order mark stays: the server refuses it, and so does the gate.
 * @throws CountersignError not-utf-8
 */
export function statementOf(bytes: Uint8Array, source: string): string {
  try {
    return decode(bytes);
  } catch (error) {
    const at = validUpTo(bytes);
    const line = bytes.subarray(0, at).reduce((count, byte) => (byte === 0x0a ? count + 1 : count), 1);
    const byte = (bytes[at] ?? 0).toString(16).padStart(2, '0');
    throw new CountersignError(
      'not-utf-8',
      `The statement in ${source} is not valid UTF-8: byte ${String(at + 1)}, on line ${String(line)}, is 0x${byte} and begins no character.`,
      { next: 'Save it as UTF-8.', cause: error },
    );
  }
}

function decode(bytes: Uint8Array, options?: { readonly stream: boolean }): string {
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes, options);
}

/** How many bytes come before the first that begins no whole character. */
function validUpTo(bytes: Uint8Array): number {
  let [good, bad] = [0, bytes.length + 1];
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (wholeCharacters(bytes.subarray(0, middle)) === undefined) bad = middle;
    else good = middle;
  }
  return Buffer.byteLength(wholeCharacters(bytes.subarray(0, good)) ?? '');
}

/** The characters that are whole, where the bytes may end in the middle of one; undefined where they cannot be a beginning. */
function wholeCharacters(bytes: Uint8Array): string | undefined {
  try {
    return decode(bytes, { stream: true });
  } catch {
    return undefined;
  }
}
