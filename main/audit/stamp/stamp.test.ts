import { createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { noTimeAuthority, startTimeAuthority, type TimeAuthority } from '../testing/time-authority.ts';
import { stampCheckpoint } from './client.ts';
import { stampRequest } from './request.ts';
import { openStamp } from './token.ts';

const NOTE = 'log.example/one\n3\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n\u2014 log.example/one AAAAAAA=\n';
const never = new AbortController().signal;
const undo: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of undo.splice(0).reverse()) await stop();
});

/** An address that answers everything the same. */
async function answering(status: number, type: string, body: Buffer): Promise<string> {
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(status, { 'content-type': type }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  undo.push(async () => {
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

const REPLY = 'application/timestamp-reply';

describe('a request for a stamp', () => {
  it('names the hash of the note, a nonce that is never the same, and wants the certificate', () => {
    const [one, two] = [stampRequest(NOTE), stampRequest(NOTE)];
    expect(one.nonce).not.toEqual(two.nonce);
    expect(one.bytes.length).toBe(69);
    expect(one.bytes.subarray(0, 20)).toEqual(two.bytes.subarray(0, 20));
    for (const { nonce } of Array.from({ length: 200 }, () => stampRequest(NOTE)))
      expect(nonce.readUInt8() & 0xc0).toBe(0x40);
  });
});

describe('an address for stamps', () => {
  it.each(['ftp://127.0.0.1', 'https://user:password@tsa.example', 'tsa.example', ''])('%j is refused', async (url) => {
    await expect(stampCheckpoint(url, NOTE, never)).rejects.toMatchObject({ code: 'stamp-address-invalid' });
  });

  it('where something else answers gives no stamp', async () => {
    for (const [status, type, body] of [
      [200, 'text/html', 'please sign in'],
      [200, REPLY, 'please sign in'],
      [200, REPLY, ''],
      [200, REPLY, 'a'.repeat(70_000)],
      [404, 'text/plain', 'no'],
      [302, 'text/plain', ''],
    ] as const) {
      const url = await answering(status, type, Buffer.from(body));
      await expect(stampCheckpoint(url, NOTE, never)).rejects.toMatchObject({ code: 'stamp-invalid' });
    }
  });

  it('where nothing answers, or not now, is tried again', async () => {
    await expect(stampCheckpoint('http://127.0.0.1:9/', NOTE, never)).rejects.toMatchObject({
      code: 'stamp-unreachable',
    });
    const busy = await answering(503, 'text/plain', Buffer.from('busy'));
    await expect(stampCheckpoint(busy, NOTE, never)).rejects.toMatchObject({ code: 'stamp-unreachable' });
    await expect(stampCheckpoint(busy, NOTE, AbortSignal.abort(new Error('closing')))).rejects.toThrow('closing');
  });

  it('where the authority refuses says so', async () => {
    // TimeStampResp { PKIStatusInfo { rejection } }
    const url = await answering(200, REPLY, Buffer.from('30053003020102', 'hex'));
    await expect(stampCheckpoint(url, NOTE, never)).rejects.toMatchObject({ code: 'stamp-refused' });
  });
});

describe.skipIf(noTimeAuthority !== undefined)(
  `a stamp by a real authority${noTimeAuthority === undefined ? '' : ` (skipped: ${noTimeAuthority})`}`,
  () => {
    let authority: TimeAuthority;
    beforeAll(async () => {
      authority = await startTimeAuthority();
    });
    afterAll(() => authority.stop());

    const changed = async (change: (response: Buffer, query: Buffer) => Buffer | Promise<Buffer>): Promise<string> => {
      const other = await startTimeAuthority({ change });
      undo.push(() => other.stop());
      return other.url;
    };

    it('is over the note, carries the time, and openssl finds it good', async () => {
      const response = await stampCheckpoint(authority.url, NOTE, never, { ca: authority.ca });
      const stamp = await openStamp(response, NOTE, { ca: authority.ca });
      expect(stamp.authority).toBe('CN=Test authority');
      expect(Math.abs(stamp.time.getTime() - Date.now())).toBeLessThan(60_000);
      expect(await authority.verify(response, Buffer.from(NOTE))).toBe(true);
      expect(await authority.verify(response, Buffer.from(`${NOTE} `))).toBe(false);
    });

    it('by RSA with SHA-512 is as good', async () => {
      const rsa = await startTimeAuthority({ key: ['rsa:2048'], digest: 'sha512' });
      undo.push(() => rsa.stop());
      const response = await stampCheckpoint(rsa.url, NOTE, never, { ca: rsa.ca });
      expect(await rsa.verify(response, Buffer.from(NOTE))).toBe(true);
    });

    it('is none for another note', async () => {
      const response = await stampCheckpoint(authority.url, NOTE, never);
      await expect(openStamp(response, NOTE.replace('\n3\n', '\n4\n'))).rejects.toMatchObject({
        code: 'stamp-invalid',
      });
      const swapped = await changed((_response, query) => authority.reply(over(query, 'another note')));
      await expect(stampCheckpoint(swapped, NOTE, never)).rejects.toThrow('it is over something else');
    });

    it('of an earlier request is not taken for this one', async () => {
      const earlier = await stampCheckpoint(authority.url, NOTE, never);
      const replaying = await answering(200, REPLY, earlier);
      await expect(stampCheckpoint(replaying, NOTE, never)).rejects.toThrow('it answers another request');
      const silent = await changed((_response, query) => authority.reply(withoutNonce(query)));
      await expect(stampCheckpoint(silent, NOTE, never)).rejects.toThrow('it answers another request');
    });

    it('without the certificate proves nothing', async () => {
      const bare = await changed((_response, query) => {
        const uncertified = Buffer.concat([Buffer.of(0x30, query.length - 5), query.subarray(2, -3)]);
        return authority.reply(uncertified);
      });
      await expect(stampCheckpoint(bare, NOTE, never)).rejects.toMatchObject({ code: 'stamp-invalid' });
    });

    it('of which a byte was changed is none, or still says the same', { timeout: 120_000 }, async () => {
      const { bytes, nonce } = stampRequest(NOTE);
      const good = await authority.reply(bytes);
      const { time, serial } = await openStamp(good, NOTE, { nonce });
      let refused = 0;
      // pkijs takes some 15 ms for each: every fifth byte is looked at.
      const places = [...good.keys()].filter((i) => i % 5 === 0);
      for (const i of places) {
        const bad = Buffer.from(good.map((byte, at) => (at === i ? byte ^ 0x01 : byte)));
        try {
          const stamp = await openStamp(bad, NOTE, { nonce });
          // What no signature covers: the words beside the status, certificates beside the signer's.
          expect([i, stamp.time, stamp.serial]).toEqual([i, time, serial]);
        } catch (error) {
          refused++;
          expect(['stamp-invalid', 'stamp-refused']).toContain((error as { readonly code?: unknown }).code);
        }
      }
      expect(refused).toBeGreaterThan(places.length / 2);
    });

    it('cut at any byte, or with one more, is none', async () => {
      const { bytes, nonce } = stampRequest(NOTE);
      const good = await authority.reply(bytes);
      for (const bad of [
        ...Array.from(good.keys(), (end) => good.subarray(0, end)),
        Buffer.concat([good, Buffer.of(0)]),
      ])
        await expect(openStamp(bad, NOTE, { nonce })).rejects.toMatchObject({ code: 'stamp-invalid' });
    });

    it('is none under a root that is not its own, and good where no root is asked', async () => {
      const other = await startTimeAuthority();
      undo.push(() => other.stop());
      await expect(stampCheckpoint(authority.url, NOTE, never, { ca: other.ca })).rejects.toThrow(
        'does not lead to a trusted one',
      );
      await expect(stampCheckpoint(authority.url, NOTE, never, { ca: 'nothing' })).rejects.toMatchObject({
        code: 'stamp-invalid',
      });
      await expect(stampCheckpoint(authority.url, NOTE, never)).resolves.toBeInstanceOf(Buffer);
    });

    it.each([
      ['a certificate for something else', { usage: 'critical,clientAuth', named: true }, 'not one for time stamping'],
      [
        'a certificate for time stamping and more',
        { usage: 'critical,timeStamping,clientAuth', named: true },
        'not one for',
      ],
      ['a certificate that does not insist on its purpose', { usage: 'timeStamping', named: true }, 'not one for'],
      [
        'a certificate that the signature does not name',
        { usage: 'critical,timeStamping', named: false },
        'does not name',
      ],
    ])('signed with %s is none, for all that the same root issued it', async (_case, certificate, why) => {
      const { bytes, nonce } = stampRequest(NOTE);
      const forged = await authority.forge(bytes, certificate);
      await expect(openStamp(forged, NOTE, { nonce, ca: authority.ca })).rejects.toThrow(why);
    });

    it('made of another program under the right kind of certificate is as good', async () => {
      const { bytes, nonce } = stampRequest(NOTE);
      const other = await authority.forge(bytes, { usage: 'critical,timeStamping', named: true });
      expect(await openStamp(other, NOTE, { nonce, ca: authority.ca })).toMatchObject({ authority: 'CN=Forger' });
    });

    it('by a signature over a weak digest is none', async () => {
      const weak = await startTimeAuthority({ digest: 'sha1' });
      undo.push(() => weak.stop());
      await expect(stampCheckpoint(weak.url, NOTE, never)).rejects.toThrow('weak digest');
    });
  },
);

/** The query with another imprint. */
function over(query: Buffer, text: string): Buffer {
  const { bytes } = stampRequest(text);
  return Buffer.concat([bytes.subarray(0, 56), query.subarray(56)]);
}

function withoutNonce(query: Buffer): Buffer {
  const rest = Buffer.concat([query.subarray(2, 56), query.subarray(66)]);
  return Buffer.concat([Buffer.of(0x30, rest.length), rest]);
}
