import { describe, expect, it } from 'vitest';
import { type Session } from '../identity/principal.ts';
import { readClassification } from '../policy/classification.ts';
import { compiled } from '../policy/testing.ts';
import { attackCatalog } from './corpus/testing/attack-corpus.ts';
import { type AskedAs, explainAs } from './explain-as.ts';
import { inForce } from './in-force.ts';
import { type GatePorts } from './ports.ts';
import { ana, shop } from './testing/questions.ts';

const policy = compiled(`version: 1
groups: { analysts: [analysts], engineers: [engineers] }
grants: { open: { for: group:engineers, approval: none, maxMinutes: 5 } }
rules:
  - { id: read, allow: read, to: group:analysts }
  - { id: change, allow: all, to: group:engineers, unless: { grant: open } }
  - { id: office, deny: read, to: group:engineers, when: now.hour < 6 }
  - { id: hour, deny: read, to: group:engineers, when: usage.rowsLastHour > 10 }
`);

const session: Session = {
  id: 'login-1' as Session['id'],
  expiresAt: '2099-01-01T00:00:00Z',
  principal: ana,
  connections: ['shop'],
};
const engineer = { ...ana, subject: '2', groups: ['engineers'] };

/** Whatever a judgement may not touch fails it. */
const untouched = <T extends object>(what: string): T =>
  new Proxy({} as T, {
    get: (_target, property) => {
      throw new Error(`${what}.${String(property)} was touched`);
    },
  });

async function explained(
  as: AskedAs,
  text = 'SELECT 1',
): Promise<{ readonly verdict: string; readonly asked: readonly Session[] }> {
  const classification = readClassification('version: 1\n', []);
  if (!classification.ok) throw new Error('the classification is empty');
  const asked: Session[] = [];
  const ports: GatePorts = {
    identity: untouched('identity'),
    audit: untouched('audit'),
    sessions: untouched('sessions'),
    upstreams: untouched('upstreams'),
    results: untouched('results'),
    tokenKeys: untouched('tokenKeys'),
    budgets: untouched('budgets'),
    comparedHash: () => '',
    inForce: () => inForce({ connections: [shop], policy, classification: classification.classification }),
    elsewhere: { state: () => ({ store: false, witnesses: 0 }) } as unknown as GatePorts['elsewhere'],
    catalogs: {
      of: async (login) => {
        asked.push(login);
        return { index: attackCatalog(), marks: {} as never };
      },
      forget: () => undefined,
    },
    detections: untouched('detections'),
    grants: { inForce: async () => [] },
    usage: { rowsLastHour: () => 100, reserve: untouched('usage') },
    now: () => new Date('2026-03-02T12:00:00Z'),
  };
  const request = { session, connection: 'shop', text, params: [], origin: 'cli' } as const;
  const { judgement } = await explainAs(ports, request, as, new AbortController().signal);
  const { verdict } = judgement;
  return {
    verdict: verdict.verdict === 'allow' ? 'allow' : `${verdict.reasons[0].code}: ${verdict.reasons[0].sentence}`,
    asked,
  };
}

describe('a verdict in supposed circumstances', () => {
  it('is one’s own where nothing is supposed', async () => {
    expect((await explained({})).verdict).toBe('allow');
    expect((await explained({}, 'DELETE FROM customers')).verdict).toMatch(/^not-allowed/);
  });

  it('is somebody else’s, with one’s own login for the catalog, and as if they had had no rows', async () => {
    const { verdict, asked } = await explained({ principal: engineer });
    expect(verdict).toBe('allow');
    expect(asked.map(({ principal }) => principal.subject)).toEqual([ana.subject]);
  });

  it('is that of another time, another policy, and of grants in force', async () => {
    expect((await explained({ principal: engineer, now: new Date('2026-03-02T03:00:00Z') })).verdict).toMatch(
      /rule office/,
    );
    expect((await explained({ policy: compiled('version: 1\nrules: []\n') })).verdict).toMatch(/^not-allowed/);
    expect((await explained({ principal: engineer, grants: ['open'] })).verdict).toMatch(/^not-allowed/);
    expect((await explained({ principal: ana, grants: ['open'] })).verdict).toBe('allow');
  });

  it('gives a service and an agent nothing that they are not given', async () => {
    const { groups: _groups, ...nobody } = engineer;
    expect((await explained({ principal: { ...nobody, groups: [], service: { name: 'nightly' } } })).verdict).toMatch(
      /^not-allowed/,
    );
    expect((await explained({ principal: { ...ana, agent: { id: 'scout', name: 'Scout' } } })).verdict).toMatch(
      /^not-allowed/,
    );
  });
});
