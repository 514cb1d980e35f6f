import { createSecretKey } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openBlob, sealBlob, type SealedBlob } from './blob.ts';
import { type RecordedEvent } from './events.ts';
import { statement } from './testing/lives.ts';
import { encodeLeaf, uuid7 } from './leaf.ts';

const key = createSecretKey(Buffer.alloc(32, 1));
const stamp = { id: uuid7(1), t: 1_790_000_000_000_000, m: 5, b: 'boot', n: 3 };

function encodedBytes(event: RecordedEvent): { readonly bytes: Buffer; readonly blobs: readonly SealedBlob[] } {
  const blobs: SealedBlob[] = [];
  const bytes = encodeLeaf(event, stamp, (content) => {
    const blob = sealBlob(content, key, 'log');
    blobs.push(blob);
    return blob.commitment;
  });
  return { bytes, blobs };
}

function encoded(event: RecordedEvent): { readonly text: string; readonly blobs: readonly SealedBlob[] } {
  const { bytes, blobs } = encodedBytes(event);
  return { text: bytes.toString(), blobs };
}

const opened = (blob: SealedBlob | undefined): string =>
  openBlob(blob?.bytes ?? Buffer.alloc(0), key, 'log').toString();

/** Puts a part that went into a blob back where its dotted path says. */
function put(tree: Record<string, unknown>, [key = '', ...rest]: readonly string[], value: unknown): void {
  if (rest.length === 0) tree[key] = value;
  else put((tree[key] ??= {}) as Record<string, unknown>, rest, value);
}

describe('a leaf', () => {
  const intent: RecordedEvent = { k: 'stmt.intent', ...statement('s', "select 'canary'") };

  it('has its keys in one order, whatever order the event has them in', () => {
    const turned = Object.fromEntries(Object.entries(intent).reverse()) as unknown as RecordedEvent;
    const keys = (text: string): readonly string[] => Object.keys(JSON.parse(text) as object);
    expect(keys(encoded(intent).text)).toEqual(['v', 'id', 'k', 't', 'm', 'b', 's', 'n', 'actor', 'db', 'op', 'pol']);
    expect(keys(encoded(turned).text)).toEqual(keys(encoded(intent).text));
  });

  it('keeps SQL text out of itself and commits to it', () => {
    const { text, blobs } = encoded(intent);
    expect(text).not.toContain('canary');
    expect(blobs.map((blob) => openBlob(blob.bytes, key, 'log').toString())).toEqual(["select 'canary'"]);
    expect(text).toContain(JSON.stringify(blobs[0]?.commitment));
  });

  it('leaves out every key that the schema does not know', () => {
    const event = { ...intent, password: 'canary', actor: { ...intent.actor, token: 'canary' } } as RecordedEvent;
    expect(encoded(event).text).not.toContain('canary');
  });

  it('commits to equal texts under unequal hashes, so that no dictionary finds them', () => {
    const [a, b] = [encoded(intent).blobs[0], encoded(intent).blobs[0]];
    expect(a?.commitment.h).not.toBe(b?.commitment.h);
    expect(a?.commitment.ref).not.toBe(b?.commitment.ref);
  });

  it('moves long lists and names into a blob, so that a 64 KB table name still has its record', () => {
    const objects = Array.from({ length: 2000 }, (_, i) => ({ name: `public.t${i}`, access: 'read' as const }));
    const op = { ...statement('s', 'x').op, norm: 'n'.repeat(70_000), title: 'T'.repeat(65_536), objects };
    const { text, blobs } = encoded({ ...intent, op });
    expect(text.length).toBeLessThan(16 * 1024);
    const moved = JSON.parse(openBlob(blobs.at(-1)?.bytes ?? Buffer.alloc(0), key, 'log').toString()) as Record<
      string,
      unknown
    >;
    expect(Object.keys(moved)).toEqual(['op.title', 'op.norm', 'op.objects']);
    expect(moved['op.objects']).toEqual(objects);
  });

  it('is valid UTF-8 whatever a name holds', () => {
    const actor = { user: { iss: 'i', sub: '\ud800\u0000"', verified: false } };
    const { text } = encoded({ ...intent, actor });
    expect((JSON.parse(text) as { actor: typeof actor }).actor).toEqual(actor);
    expect(text).not.toContain('\ufffd');
  });

  it('fits an entry, is valid UTF-8 and loses nothing, whatever and however much an event holds', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 400 }),
      fc.string({ unit: fc.constantFrom('\ud800', '\udfff', '\u0000', '"', '\u2028', '漢', '😀'), maxLength: 700 }),
      fc.constantFrom(1, 200, 511, 512, 700, 17_000, 70_000).map((length) => 'n'.repeat(length)),
    );
    const column = fc.record({ name: text, place: text, class: text }, { noNullPrototype: true });
    fc.assert(
      fc.property(
        text,
        text,
        text,
        fc.array(text, { maxLength: 6 }),
        fc.array(column, { maxLength: 3 }),
        fc.boolean(),
        (a, b, c, list, columns, wide) => {
          const body = {
            actor: { user: { iss: a, sub: b, name: c, email: a, groups: list, verified: false } },
            src: { door: 'cli' as const, address: c, host: a },
            db: { ...statement('s', '').db, id: a, host: b, database: c, role: a, env: b, tls: c },
            op: {
              class: 'read' as const,
              title: a,
              fingerprint: b,
              norm: c,
              objects: list.map((name) => ({ name, access: 'read' as const })),
              columns: wide ? Array.from({ length: 100 }, () => columns).flat() : columns,
              tag: b,
            },
            pol: { hash: a, version: b, decision: 'allow' as const, rules: list, obligations: list },
            why: { reason: c, ticket: a },
          };
          const { bytes, blobs } = encodedBytes({
            ...body,
            k: 'stmt.intent',
            s: 's',
            op: { ...body.op, text: { text: 'x' } },
          });
          expect(bytes.length).toBeLessThanOrEqual(65_535);
          const leaf = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as Record<string, unknown>;
          const long = leaf.long as { readonly ref: string } | undefined;
          const blob = blobs.find(({ commitment }) => commitment.ref === long?.ref);
          const taken = blob === undefined ? {} : (JSON.parse(opened(blob)) as Record<string, unknown>);
          for (const [path, value] of Object.entries(taken)) put(leaf, path.split('.'), value);
          const { text: sealed, ...op } = leaf.op as Record<string, unknown>;
          expect(sealed).toBeDefined();
          expect(isDeepStrictEqual(op, body.op)).toBe(true);
          for (const key of ['actor', 'src', 'db', 'pol', 'why'] as const)
            expect(isDeepStrictEqual(leaf[key], body[key])).toBe(true);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('of a result of 500 columns with names of 200 characters keeps them all', () => {
    const columns = Array.from({ length: 500 }, (_, i) => ({ name: `${i}`.padEnd(200, 'c'), place: 'output' }));
    const { bytes, blobs } = encodedBytes({ ...intent, op: { ...statement('s', 'x').op, columns } } as RecordedEvent);
    expect(bytes.length).toBeLessThan(16 * 1024);
    expect(JSON.parse(opened(blobs.at(-1))) as unknown).toEqual({ 'op.columns': columns });
  });
});
