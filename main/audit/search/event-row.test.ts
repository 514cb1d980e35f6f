import { describe, expect, it } from 'vitest';
import { type RecordedEvent } from '../events.ts';
import { eventOf, readEntry, rowOf, type NewRow, actorTerms, databaseTerms } from './event-row.ts';
import { entryFor } from './testing/made-up.ts';

function rowFor(event: RecordedEvent): NewRow {
  const entry = readEntry(entryFor(0, event, Date.UTC(2026, 8, 1)));
  return rowOf('log', entry, 1, [...actorTerms(entry.leaf), ...databaseTerms(entry.leaf)]);
}

const ana = { user: { iss: 'https://id.example', sub: 'ana', name: 'Ana', email: 'Ana@shop.example', verified: true } };
const grant = { id: 'ab12', name: 'unmask', connection: 'shop', until: 1_790_000_000 };

describe('how an event is found', () => {
  it('that is a grant: by person, connection, kind and words, and with whom to tell', () => {
    const row = rowFor({
      k: 'grant.start',
      actor: ana,
      grant: { ...grant, alert: ['security'] },
      why: { reason: 'Ticket 17' },
    });
    expect(row.terms).toEqual(
      expect.arrayContaining([
        'kind:grant.start',
        'person:https://id.example ana',
        'email:ana@shop.example',
        'connection:shop',
      ]),
    );
    expect(row.words).toMatch(/UNMASK.*TICKET 17.*SECURITY/);
    expect(eventOf(row)).toMatchObject({ title: 'Grant taken', connection: 'shop', personName: 'Ana' });
  });

  it('that is the end of a grant by time: by connection, of nobody', () => {
    const row = rowFor({ k: 'grant.end', grant, why: { reason: 'time' } });
    expect(eventOf(row)).toMatchObject({ title: 'Grant ended', connection: 'shop', person: null });
  });

  it('that is a token: by the agent it is for, and not as something that the agent did', () => {
    const row = rowFor({ k: 'token.issue', actor: ana, token: { id: 'cd34', agent: 'scout', until: 1_790_000_000 } });
    expect(row.terms).toContain('agent-id:scout');
    expect(eventOf(row)).toMatchObject({
      title: 'Token given to an agent',
      agent: null,
      person: 'https://id.example ana',
    });
  });

  it('that a service did: by its name', () => {
    const row = rowFor({ k: 'auth.ok', actor: { ...ana, service: 'nightly' }, auth: { method: 'client' } });
    expect(row.words).toContain('NIGHTLY');
  });

  it('keeps what is signed sealed, and out of every word', () => {
    const row = rowFor({ k: 'grant.start', actor: ana, grant: { ...grant, signed: { text: 'canary' } } });
    expect(JSON.stringify(row).toLowerCase()).not.toContain('canary');
  });
});
