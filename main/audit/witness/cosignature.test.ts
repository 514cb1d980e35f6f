import { describe, expect, it } from 'vitest';
import { cosign, cosignedAt } from './cosignature.ts';
import { parseSignatureLine, signatureLine } from './signed-note.ts';
import { fakeLog } from './testing.ts';
import { generateSignerKey, parseVerifierKey, SIGNATURE_TYPE, verifierKey } from './verifier-key.ts';

/** A checkpoint of a public certificate log as a public witness cosigned it, in August 2026. */
const LIVE = {
  witness: 'witness.navigli.sunlight.geomys.org+a3e00fe2+BNy/co4C1Hn1p+INwJrfUlgz7W55dSZReusH/GhUhJ/G',
  text:
    'coachandhorses2026h1.staging.certificate.transparency.goog\n185550722\n' +
    'YXAM0VmnrfvLaBCOOYSJhCaE5F10oGBOo+hkbDa1kng=\n',
  line:
    '\u2014 witness.navigli.sunlight.geomys.org o+AP4gAAAABqb7DzNrGFRJnQ9vrJ8xpnwZytnr/ZYczDIsvwvouiSjwOjn7a72cc' +
    'xBk+lKnZ7dKqkYKER1s/KxLTaVwQD7lJZTC/CQ==\n',
};

const key = generateSignerKey('witness.example/w1', SIGNATURE_TYPE.cosignature);
const log = fakeLog();
const text = log.text(5);
const TIME = 1_790_000_000;
const line = cosign(key, text, TIME);

function timeOf(of: string, under = key.verifier, over = text): number | null {
  const signature = parseSignatureLine(of);
  return signature === null ? null : cosignedAt(signature, under, over);
}

/** The line with other bytes behind its key id. */
const changed = (change: (bytes: Buffer) => Buffer): string =>
  signatureLine(key.verifier, change(Buffer.from(parseSignatureLine(line)?.signature ?? [])));

describe('a cosignature', () => {
  it('of a public witness verifies, with its time', () => {
    const witness = parseVerifierKey(LIVE.witness, SIGNATURE_TYPE.cosignature);
    if (witness === null) throw new Error('the key does not read');
    expect(timeOf(LIVE.line, witness, LIVE.text)).toBe(1_785_704_691);
    expect(timeOf(LIVE.line, witness, LIVE.text.replace('185550722', '185550723'))).toBeNull();
  });

  it('tells the time at which its witness signed exactly this checkpoint', () => {
    expect(timeOf(line)).toBe(TIME);
    expect(timeOf(cosign(key, log.text(5, 'extension\n'), TIME), key.verifier, log.text(5, 'extension\n'))).toBe(TIME);
  });

  it('has key ids apart from those of note signatures by the same key and name', () => {
    const { publicKey, name } = key.verifier;
    expect(verifierKey(name, SIGNATURE_TYPE.note, publicKey).id).not.toEqual(key.verifier.id);
  });

  it('is none under another key, another name, or for another checkpoint', () => {
    expect(timeOf(line, generateSignerKey('witness.example/w1', SIGNATURE_TYPE.cosignature).verifier)).toBeNull();
    const renamed = verifierKey('witness.example/w2', SIGNATURE_TYPE.cosignature, key.verifier.publicKey);
    expect(timeOf(line, renamed)).toBeNull();
    expect(timeOf(line, key.verifier, log.text(6))).toBeNull();
    expect(timeOf(line, key.verifier, log.text(5, 'extension\n'))).toBeNull();
    expect(timeOf(line, key.verifier, fakeLog('log.example/other').text(5))).toBeNull();
  });

  it('is none when its time was changed, when it has no time, or one beyond all reason', () => {
    const at = (time: bigint): string =>
      changed((bytes) => {
        bytes.writeBigUInt64BE(time);
        return bytes;
      });
    expect(timeOf(at(BigInt(TIME)))).toBe(TIME);
    expect(timeOf(at(BigInt(TIME) + 1n))).toBeNull();
    expect(timeOf(at(0n))).toBeNull();
    expect(timeOf(cosign(key, text, 0))).toBeNull();
    expect(timeOf(at(2n ** 64n - 1n))).toBeNull();
  });

  it('is none when it is shorter or longer, or when a bit of it was changed', () => {
    expect(timeOf(changed((bytes) => bytes.subarray(0, -1)))).toBeNull();
    expect(timeOf(changed((bytes) => bytes.subarray(8)))).toBeNull();
    expect(timeOf(changed((bytes) => Buffer.concat([bytes, Buffer.of(0)])))).toBeNull();
    for (let i = 0; i < 72; i++)
      expect(timeOf(changed((bytes) => Buffer.from(bytes.map((byte, at) => (at === i ? byte ^ 1 : byte)))))).toBeNull();
  });

  it('is no signature of a log: neither is taken for the other', () => {
    const asLog = verifierKey(key.verifier.name, SIGNATURE_TYPE.note, key.verifier.publicKey);
    expect(timeOf(line, asLog)).toBeNull();
  });
});
