import { describe, expect, it } from 'vitest';
import { parseCheckpoint } from './checkpoint.ts';
import { parseNote, signedBy, signNote } from './signed-note.ts';
import { generateSignerKey, parseSignerKey, parseVerifierKey, SIGNATURE_TYPE } from './verifier-key.ts';

/** The example of the signed-note specification. */
const EXAMPLE = {
  vkey: 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k',
  note:
    'This is an example message.\n\n\u2014 example.com/foo ' +
    'Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n',
};

const key = generateSignerKey('log.example/one', SIGNATURE_TYPE.note);
const text = 'log.example/one\n3\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n';
const note = signNote(text, key);
const [, line = ''] = note.split('\n\n');

function signatures(of: string, under = key.verifier): number | null | 'no note' {
  const parsed = parseNote(of);
  if (parsed === null) return 'no note';
  return signedBy(parsed, under)?.length ?? null;
}

describe('a verifier key', () => {
  it('of the specification reads and writes itself', () => {
    expect(parseVerifierKey(EXAMPLE.vkey, SIGNATURE_TYPE.note)?.text).toBe(EXAMPLE.vkey);
  });

  const { text: good } = key.verifier;
  const [name = '', hash = '', material = ''] = good.split('+');
  const bytes = Buffer.from(good.slice(name.length + hash.length + 2), 'base64');
  const typed = (type: number): string => Buffer.concat([Buffer.of(type), bytes.subarray(1)]).toString('base64');
  it.each([
    ['of the other signature type', `${name}+${hash}+${typed(4)}`],
    ['of another algorithm', `${name}+${hash}+${typed(2)}`],
    ['with another name', `x${good}`],
    ['with another hash', `${name}+00000000+${bytes.toString('base64')}`],
    ['with its hash in capitals', `${name}+${hash.toUpperCase()}A+${bytes.toString('base64')}`],
    ['that is too short', `${name}+${hash}+${bytes.subarray(0, 32).toString('base64')}`],
    ['that is too long', `${name}+${hash}+${Buffer.concat([bytes, Buffer.of(0)]).toString('base64')}`],
    ['that is cut short', good.slice(0, -1)],
    ['with a space in its name', good.replace('/', ' ')],
    ['with a no-break space in its name', good.replace('/', '\u00a0')],
    ['with a newline behind it', `${good}\n`],
    ['without a name', good.slice(name.length)],
    ['that is empty', ''],
  ])('%s is refused', (_case, vkey) => {
    expect(material).not.toBe('');
    expect(parseVerifierKey(vkey, SIGNATURE_TYPE.note)).toBeNull();
  });

  it('has a private half that reads and writes itself, and signs the same', () => {
    const again = parseSignerKey(key.text, SIGNATURE_TYPE.note);
    if (again === null) throw new Error('the key does not read');
    expect(again.text).toBe(key.text);
    expect(again.verifier.text).toBe(key.verifier.text);
    expect(signNote(text, again)).toBe(note);
    expect(parseSignerKey(key.text, SIGNATURE_TYPE.cosignature)).toBeNull();
    expect(parseSignerKey(key.verifier.text, SIGNATURE_TYPE.note)).toBeNull();
  });
});

describe('a signed note', () => {
  it('of the specification verifies under its key', () => {
    const example = parseVerifierKey(EXAMPLE.vkey, SIGNATURE_TYPE.note);
    if (example === null) throw new Error('the key does not read');
    expect(signatures(EXAMPLE.note, example)).toBe(1);
    expect(signatures(EXAMPLE.note.replace('message', 'massage'), example)).toBeNull();
    expect(signatures(EXAMPLE.note)).toBe(0);
  });

  it('with lines of other keys is still signed by its own', () => {
    const strangers = Array.from({ length: 20 }, (_, i) =>
      signNote(text, generateSignerKey(`stranger.example/${i}`, SIGNATURE_TYPE.note)).slice(text.length + 1),
    );
    expect(signatures(`${note}${strangers.join('')}`)).toBe(1);
    expect(signatures(`${text}\n${strangers.join('')}${line}`)).toBe(1);
    expect(signatures(`${text}\n${strangers.join('')}`)).toBe(0);
  });

  it('with a line that claims to be of the key and does not verify is malformed, whatever stands beside it', () => {
    const broken = signNote(text.replace('\n3\n', '\n4\n'), key).slice(text.length + 1);
    expect(signatures(`${text}\n${broken}`)).toBeNull();
    expect(signatures(`${note}${broken}`)).toBeNull();
    expect(signatures(`${text}\n${broken}${line}`)).toBeNull();
  });

  it('by another key of the same name is not signed by this one', () => {
    const other = generateSignerKey('log.example/one', SIGNATURE_TYPE.note);
    expect(signatures(signNote(text, other))).toBe(0);
  });

  it('has the text up to its last empty line', () => {
    expect(parseNote(signNote(`one\n\n${text}`, key))?.text).toBe(`one\n\n${text}`);
  });

  it.each([
    ['without a signature', text],
    ['with no line behind the empty one', `${text}\n`],
    ['without the last newline', note.slice(0, -1)],
    ['with an empty line at the end', `${note}\n`],
    ['with a hyphen for the dash', note.replace('\u2014', '-')],
    ['with two spaces', note.replace('\u2014 ', '\u2014  ')],
    ['with a carriage return', note.replace('3\n', '3\r\n')],
    ['with a NUL', note.replace('3\n', '3\u0000\n')],
    ['with a tab', note.replace('3\n', '3\t\n')],
    ['with base64 that is not canonical', note.replace(/.=\n$/, (end) => `${end.startsWith('B') ? 'C' : 'B'}=\n`)],
    ['with a line that has only a key id', `${note}\u2014 x.example ${Buffer.alloc(4).toString('base64')}\n`],
    ['with a line whose name has a plus', `${note}\u2014 x+y ${Buffer.alloc(68).toString('base64')}\n`],
    ['with half of a surrogate pair', note.replace('3\n', '3\ud800\n')],
    ['with 33 signatures', `${text}\n${line.repeat(33)}`],
    ['that is empty', ''],
  ])('%s is refused', (_case, bad) => {
    expect(signatures(bad)).toBe('no note');
  });
});

describe('a checkpoint', () => {
  it('has an origin, a size and a root; further lines are let be', () => {
    expect(parseCheckpoint(`${text}more\n`)).toEqual({ origin: 'log.example/one', size: 3, root: Buffer.alloc(32) });
  });

  it('may have the largest size that a number holds exactly, and no larger one', () => {
    expect(parseCheckpoint(text.replace('\n3\n', '\n9007199254740991\n'))?.size).toBe(Number.MAX_SAFE_INTEGER);
    for (const size of ['9007199254740992', '9007199254740993', '9999999999999999', '18446744073709551615'])
      expect(parseCheckpoint(text.replace('\n3\n', `\n${size}\n`))).toBeNull();
  });

  it.each([
    ['with a leading zero', text.replace('\n3\n', '\n03\n')],
    ['with a sign', text.replace('\n3\n', '\n+3\n')],
    ['with an exponent', text.replace('\n3\n', '\n3e2\n')],
    ['with a space', text.replace('\n3\n', '\n3 \n')],
    ['with a full-width digit', text.replace('\n3\n', '\n\uff13\n')],
    ['without an origin', text.replace('log.example/one', '')],
    ['with a short root', text.replace(/A{43}=/, Buffer.alloc(31).toString('base64'))],
    ['with a long root', text.replace(/A{43}=/, Buffer.alloc(33).toString('base64'))],
    ['with base64url', text.replace('AAAA', 'A-_A')],
    ['with loose bits', text.replace('A=', 'B=')],
    ['with an empty line', `${text}\nmore\n`],
    ['without the last newline', text.slice(0, -1)],
    ['that is empty', ''],
  ])('%s is refused', (_case, bad) => {
    expect(parseCheckpoint(bad)).toBeNull();
  });
});
