import { describe, expect, it } from 'vitest';
import { newIdentityCheck } from '../../verify/identity-check.ts';
import { type Json } from '../../verify/json.ts';
import { Reporter } from '../../verify/report.ts';
import { type AuditEvent } from '../audit/events.ts';
import { type Session } from '../identity/principal.ts';
import { desk, byClient, byToken } from '../identity/services/testing/desk.ts';
import { startClientProvider } from '../identity/services/testing/client-provider.ts';
import { startGitHub } from '../identity/services/testing/platforms.ts';
import { actorOf } from './record.ts';
import { createLoginBindings, recordIdentity } from './record-identity.ts';

const LOG = '0190f1a0-0000-7000-8000-000000000000';
const nothing = (): Promise<void> => Promise.resolve();

/** Signs a service in, records that it did, begins a working session, and has the verifier look at all of it. */
async function recorded({ identity, events: told }: ReturnType<typeof desk>, name: string) {
  const events: AuditEvent[] = [];
  const audit = {
    id: LOG,
    append: (event: AuditEvent) => Promise.resolve({ index: events.push(event) - 1, hash: '' } as never),
  };
  const bindings = createLoginBindings(audit, identity);
  const session: Session = await identity.signInService(name);
  for (const event of told) await recordIdentity(audit, bindings, event, { endSession: nothing, endWhere: nothing });
  const bind = await bindings.bind(session);
  const proof = await bindings.prove(session, 's1');
  await audit.append({
    ...{ k: 'session.start', s: 's1', actor: actorOf(session, bind) },
    ...{ dev: { id: session.principal.device ?? '', app: 'test', version: '1' }, proof: proof ?? '' },
  });
  await bindings.revoke(session, 'over');
  const reporter = new Reporter();
  const check = newIdentityCheck()(reporter, LOG);
  events.forEach(({ k: kind, ...leaf }, index) =>
    check.event({
      ...{ index, where: String(index), kind, hash: Buffer.alloc(32) },
      leaf: { t: Date.now() * 1_000, ...(leaf as Json) },
      open: (part) => {
        const text = (part as { text?: string } | undefined)?.text;
        return text === undefined ? 'unreadable' : Buffer.from(text);
      },
    }),
  );
  check.end();
  return { events, report: reporter.report('test') };
}

describe('the record of a service', () => {
  it('has the token of its platform and the keys of its issuer, and the verifier takes them', async () => {
    const clock = { now: Date.now() };
    const github = await startGitHub(() => clock.now);
    try {
      const opened = desk(clock);
      Object.assign(opened.environment, github.environment);
      opened.services.set('deploy', byToken('deploy', github.issuer));
      opened.sources.set('deploy', { kind: 'github' });
      const { events, report } = await recorded(opened, 'deploy');
      expect(report.findings).toEqual([]);
      expect(report.checked.find(({ what }) => what === 'logins of services')?.count).toBe(1);
      expect(report.checked.find(({ what }) => what.startsWith('sessions begun'))?.count).toBe(1);
      expect(events.map(({ k }) => k)).toEqual(['key.bind', 'auth.ok', 'session.start', 'key.revoke']);
      expect(events[1]).toMatchObject({ actor: { service: 'deploy', bind: 0 }, auth: { method: 'workload-token' } });
      const [first, ...others] = events;
      const jwt = first?.k === 'key.bind' ? String(first.bind.token?.text) : '';
      expect(jwt.split('.')).toHaveLength(3);
      expect(JSON.stringify(others)).not.toContain(jwt.split('.')[2]);
    } finally {
      await github.stop();
    }
  });

  it.each(['jwt', 'opaque'] as const)(
    'that is a client of the provider says how far that is proven (%s)',
    async (format) => {
      const provider = await startClientProvider({ format, dpop: true });
      try {
        const opened = desk({ now: Date.now() }, provider.issuer);
        opened.services.set('nightly', byClient('nightly', 'nightly'));
        opened.sources.set('nightly', {
          ...{ kind: 'client', clientId: 'nightly', scopes: [], assertionAudience: 'issuer' },
          key: () => Promise.resolve(JSON.stringify(provider.key)),
        });
        const { report } = await recorded(opened, 'nightly');
        expect(report.findings).toEqual([]);
        const said = report.notChecked.join('\n');
        if (format === 'jwt') expect(said).not.toMatch(/name no key/);
        else expect(said).toMatch(/tokens that only it can read/);
      } finally {
        await provider.stop();
      }
    },
  );
});
