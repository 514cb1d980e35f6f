import { createSecretKey } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { openBlob, sealBlob, type SealedBlob } from './blob.ts';
import { type RecordedEvent } from './events.ts';
import { statement } from './testing/lives.ts';
import { encodeLeaf, uuid7 } from './leaf.ts';

const key = createSecretKey(Buffer.alloc(32, 1));
const stamp = { id: uuid7(1), t: 1_790_000_000_000_000, m: 5, b: 'boot', n: 3 };

function encoded(event: RecordedEvent): { readonly text: string; readonly blobs: readonly SealedBlob[] } {
  const blobs: SealedBlob[] = [];
  const text = encodeLeaf(event, stamp, (content) => {
    const blob = sealBlob(content, key, 'log');
    blobs.push(blob);
    return blob.commitment;
  }).toString();
  return { text, blobs };
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
});
