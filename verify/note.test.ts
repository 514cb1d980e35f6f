import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { openCheckpoint, parseVerifierKey } from './note.ts';

const name = 'test.example/log';
const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const typed = Buffer.concat([Buffer.of(1), Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url')]);
const id = createHash('sha256').update(`${name}\n`).update(typed).digest().subarray(0, 4);
const vkey = `${name}+${id.toString('hex')}+${typed.toString('base64')}`;
const root = Buffer.alloc(32, 5).toString('base64');

function note(body: string, signer = name, keyId = id): Buffer {
  const signature = Buffer.concat([keyId, sign(null, Buffer.from(body), privateKey)]).toString('base64');
  return Buffer.from(`${body}\n\u2014 ${signer} ${signature}\n`);
}

function open(bytes: Buffer): ReturnType<typeof openCheckpoint> {
  const key = parseVerifierKey(vkey);
  if (key === null) throw new Error('the key does not parse');
  return openCheckpoint(bytes, key);
}

describe('a verifier key', () => {
  it.each([
    ['with another name', vkey.replace('test', 'evil')],
    ['with another hash', vkey.replace(/\+[0-9a-f]{8}\+/, '+00000000+')],
    [
      'of another algorithm',
      `${name}+${id.toString('hex')}+${Buffer.concat([Buffer.of(2), typed.subarray(1)]).toString('base64')}`,
    ],
    ['that is too short', `${name}+${id.toString('hex')}+${typed.subarray(0, 20).toString('base64')}`],
    ['with a space', vkey.replace('/', ' ')],
    ['that is empty', ''],
  ])('%s is refused', (_case, text) => {
    expect(parseVerifierKey(text)).toBeNull();
  });
});

describe('a checkpoint', () => {
  const body = `${name}\n42\n${root}\n`;

  it('gives its size and root', () => {
    expect(open(note(body))).toEqual({ size: 42, root: '\u0005'.repeat(32), body });
  });

  const bad: readonly (readonly [string, Buffer])[] = [
    ['of another log', note(`other.example/log\n42\n${root}\n`)],
    ['with a leading zero', note(`${name}\n042\n${root}\n`)],
    ['with a sign', note(`${name}\n+42\n${root}\n`)],
    ['with a short root', note(`${name}\n42\n${Buffer.alloc(31).toString('base64')}\n`)],
    ['with base64 that has loose bits', note(body.replace('U=\n', 'V=\n'))],
    ['with a further line', note(`${body}extension\n`)],
    ['signed under another name', note(body, 'other.example/log')],
    ['signed under another key id', note(body, name, Buffer.alloc(4))],
    ['whose text was changed', Buffer.from(note(body).toString().replace('\n42\n', '\n43\n'))],
    ['with bytes behind it', Buffer.concat([note(body), Buffer.from('\n')])],
    ['with bytes that are not UTF-8', Buffer.concat([Buffer.of(0xff), note(body)])],
    ['without a signature', Buffer.from(body)],
    ['that is empty', Buffer.alloc(0)],
  ];
  it.each(bad)('%s is refused', (_case, bytes) => {
    expect(open(bytes)).toBeNull();
  });
});
