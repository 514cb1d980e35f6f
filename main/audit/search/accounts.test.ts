import { describe, expect, it } from 'vitest';
import { weakness } from '../store/s3-weakness-words.ts';
import { accountOf } from './accounts.ts';
import { type LeafParts } from './leaf-parts.ts';

const lineOf = (leaf: Omit<LeafParts, 't'>): string => accountOf({ t: 0, ...leaf }).line;
const copies = (upload: LeafParts['upload']): string => lineOf({ k: 'upload.state', upload });
const place = { name: 's3://audit', bucket: 'audit' };

describe('the line of an event', () => {
  it.each([
    [{ what: 'weak', store: '/copies', code: 'same-disk' }, 'weak: on the same disk as the profile · /copies'],
    [
      { what: 'pressure', store: '/copies', code: 'refuse-risky' },
      'far behind, writes and exports are refused · /copies',
    ],
    [{ what: 'lost', store: '/copies', code: 'store-full' }, 'the store cannot be reached · /copies · store-full'],
    [{ what: 'resumed', store: '/copies' }, 'the store is reached again · /copies'],
    [{ what: 'weak', store: '/copies', code: 'of-a-later-version' }, 'weak: of-a-later-version · /copies'],
    [{ what: 'weak', code: 'constructor' }, 'weak: constructor'],
    [{ what: 'toString' }, 'toString'],
  ])('tells of the copies: %j', (upload, line) => {
    expect(copies(upload)).toBe(line);
  });

  it('has words for every weakness that a bucket can have', () => {
    for (const { code } of [
      weakness.mayOverwrite(place),
      weakness.noConditionalCreate(place),
      weakness.noVersioning(place),
      weakness.noObjectLock(place),
      weakness.noRetention(place),
      weakness.mayDelete(place),
      weakness.mayHide(place),
      weakness.mayShorten(place),
      weakness.shortDefault(place, 1, 2),
      weakness.mayNotErase(place, 1),
      weakness.public(place, { written: true }),
      weakness.noEncryption(place),
    ])
      expect(copies({ what: 'weak', code })).not.toBe(`weak: ${code}`);
  });

  it.each([
    [{ what: 'search', filter: 'text=email' }, 'searched for text=email'],
    [{ what: 'text', log: 'a-log', index: 8 }, 'read the text of event 8 of a-log'],
    [{ what: 'export', filter: 'csv: everything' }, 'exported csv: everything'],
    [{ what: 'break-glass', events: 3 }, 'break-glass · 3 events'],
  ])('tells what somebody did with the record: %j', (review, line) => {
    expect(lineOf({ k: 'review.done', review })).toBe(line);
  });

  it.each<[Omit<LeafParts, 't'>, string]>([
    [
      {
        k: 'grant.start',
        grant: { id: 'ab12', name: 'breakglass', connection: 'shop', until: 1_790_000_000, alert: ['security', 'dba'] },
        why: { ticket: 'T-1', reason: 'payments are stuck' },
      },
      'breakglass · shop · until 2026-09-21T14:13:20.000Z · T-1 · payments are stuck · to be told: security, dba · ab12',
    ],
    [
      { k: 'grant.end', grant: { id: 'ab12', name: 'breakglass', connection: 'shop' }, why: { reason: 'time' } },
      'breakglass · shop · time · ab12',
    ],
    [{ k: 'grant.start', grant: { id: 'ab12', name: 'x', connection: 'shop', until: 1e300 } }, 'x · shop · ab12'],
    [
      { k: 'token.issue', token: { id: 'cd34', agent: 'scout', until: 1_790_000_000, connections: ['shop', 'lab'] } },
      'scout · shop, lab · until 2026-09-21T14:13:20.000Z · cd34',
    ],
    [{ k: 'token.end', token: { id: 'cd34', agent: 'scout' }, why: { reason: 'stopped' } }, 'scout · stopped · cd34'],
    [
      { k: 'export.denied', export: { format: 'csv', to: 'file', rows: 20 }, pol: { reasons: [{ sentence: 'No.' }] } },
      'csv · file · 20 rows · No.',
    ],
  ])('tells of what lasts for a time, and of what was not to leave: %j', (leaf, line) => {
    expect(lineOf(leaf)).toBe(line);
  });

  it('tells which policy came into force, and how many rules it has', () => {
    expect(lineOf({ k: 'policy.load', load: { source: 'policy.yaml', rules: 14, hash: 'ab12' } })).toBe(
      'policy.yaml · 14 rules · ab12',
    );
  });
});
