import { type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Wire } from './wire.ts';

const message = (type: string, body: string | Buffer = ''): Buffer => {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  const frame = Buffer.alloc(5 + bytes.length);
  frame.write(type, 0, 'latin1');
  frame.writeInt32BE(4 + bytes.length, 1);
  bytes.copy(frame, 5);
  return frame;
};
const fields = (entries: Record<string, string>): string =>
  `${Object.entries(entries)
    .map(([letter, text]) => `${letter}${text}\0`)
    .join('')}\0`;
const ready = (state = 'I'): Buffer => message('Z', state);

/** A wire whose server is this test: it answers every request with `answer` and then, if asked, hangs up. */
function wireTo(answer: readonly Uint8Array[], hangUp = false) {
  const notices: Record<string, string>[] = [];
  const parameters: string[] = [];
  const socket = new Duplex({
    read: () => undefined,
    write(_bytes, _encoding, done) {
      for (const bytes of answer) this.push(bytes);
      if (hangUp) this.destroy();
      done();
    },
  });
  const wire = new Wire(socket as Socket, {
    notice: (notice) => notices.push(Object.fromEntries(notice)),
    parameter: (name, value) => parameters.push(`${name}=${value}`),
  });
  return { wire, notices, parameters, socket };
}

const nothing = (): void => undefined;

describe('the wire', () => {
  it('hands on what answers a request and keeps what the server says of its own accord', async () => {
    const seen: string[] = [];
    const { wire, notices, parameters } = wireTo([
      message('N', fields({ V: 'NOTICE', C: '00000', M: 'by the way' })),
      message('A', Buffer.from('\0\0\0\x01channel\0secret payload\0')),
      message('S', 'TimeZone\0UTC\0'),
      message('C', 'SELECT 1\0'),
      ready('T'),
    ]);
    const answer = await wire.request(Buffer.from('x'), (type, bytes, start, end) => {
      seen.push(`${String.fromCharCode(type)} ${bytes.toString('utf8', start, end)}`);
    });
    expect(answer).toEqual({ state: 'open', error: undefined });
    expect(seen).toEqual(['C SELECT 1\0']);
    expect(notices).toEqual([{ V: 'NOTICE', C: '00000', M: 'by the way' }]);
    expect(parameters).toEqual(['TimeZone=UTC']);
  });

  it('gives the first error of an answer', async () => {
    const { wire } = wireTo([
      message('E', fields({ V: 'ERROR', C: '22012', M: 'division by zero' })),
      message('E', fields({ V: 'ERROR', C: '25P02', M: 'aborted' })),
      ready('E'),
    ]);
    const answer = await wire.request(Buffer.from('x'), nothing);
    expect(answer.state).toBe('failed');
    expect(answer.error?.get('C')).toBe('22012');
  });

  it('says why the server ended the connection and refuses every later request', async () => {
    const { wire } = wireTo([message('E', fields({ V: 'FATAL', C: '57P01', M: 'terminating' }))], true);
    const lost = { code: 'connection-lost', message: expect.stringContaining('an administrator') as string };
    await expect(wire.request(Buffer.from('x'), nothing)).rejects.toMatchObject(lost);
    expect(wire.usable).toBe(false);
    await expect(wire.request(Buffer.from('x'), nothing)).rejects.toMatchObject(lost);
  });

  it('takes one request at a time', async () => {
    const { wire } = wireTo([]);
    const first = wire.request(Buffer.from('x'), nothing);
    await expect(wire.request(Buffer.from('x'), nothing)).rejects.toMatchObject({ code: 'connection-busy' });
    void wire.close();
    await expect(first).rejects.toMatchObject({ code: 'connection-closed' });
  });

  it('hands on nothing more until a promise of the handler is settled', async () => {
    const rows = Array.from({ length: 5 }, (_, i) => message('D', `row ${String(i)}`));
    const { wire } = wireTo([Buffer.concat(rows), ready()]);
    let atWork = 0;
    let most = 0;
    await wire.request(Buffer.from('x'), async () => {
      most = Math.max(most, ++atWork);
      await Promise.resolve();
      atWork--;
    });
    expect(most).toBe(1);
  });

  it.each([
    ['a length that cannot be', Buffer.from([0x44, 0, 0, 0, 1])],
    ['an error without an end', message('E', 'Mno terminator')],
    ['an unknown transaction state', message('Z', '?')],
    ['a parameter cut short', message('S', 'TimeZone')],
  ])('closes on %s', async (_what, bytes) => {
    const { wire, socket } = wireTo([bytes]);
    await expect(wire.request(Buffer.from('x'), nothing)).rejects.toMatchObject({ code: 'protocol-violation' });
    expect(socket.destroyed).toBe(true);
  });

  it('says of a row larger than 64 MiB how large it is', async () => {
    const { wire } = wireTo([Buffer.from([0x44, 0x04, 0x00, 0x00, 0x05])]);
    await expect(wire.request(Buffer.from('x'), nothing)).rejects.toMatchObject({
      code: 'row-too-large',
      message: expect.stringContaining('67,108,865 bytes') as string,
    });
  });

  it('closes on a message that nobody asked for', () => {
    const { wire, socket } = wireTo([]);
    socket.emit('data', message('D', 'row'));
    expect(wire.usable).toBe(false);
  });

  it('ends every request, whatever bytes arrive, with an answer or an error', async () => {
    const type = fc.constantFrom(...'DTCEZNSAt12n3IsGHWdcR', '\0', '\xff');
    const frame = fc
      .tuple(type, fc.uint8Array({ maxLength: 30 }))
      .map(([letter, body]) => message(letter, Buffer.from(body)));
    const bytes = fc.oneof(frame, fc.uint8Array({ maxLength: 30 }));
    await fc.assert(
      fc.asyncProperty(fc.array(bytes, { maxLength: 8 }), async (chunks) => {
        const { wire } = wireTo(chunks, true);
        const settled = await wire.request(Buffer.from('x'), nothing).then(
          () => 'answered',
          (error: unknown) => (error as { code: string }).code,
        );
        expect(['answered', 'connection-lost', 'protocol-violation', 'row-too-large']).toContain(settled);
        expect(wire.usable).toBe(false);
      }),
      { numRuns: 300 },
    );
  });
});
