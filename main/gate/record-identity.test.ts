import { describe, expect, it } from 'vitest';
import { type AuditEvent } from '../audit/events.ts';
import { type DeviceSigner, type IdentityEvent } from '../identity/index.ts';
import { type Session } from '../identity/principal.ts';
import { createLoginBindings, recordIdentity } from './record-identity.ts';
import { session as unbound } from './testing/session.ts';

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const session: Session = { ...unbound, principal: { ...unbound.principal, device: 'thumb', acr: 'high' } };
const CLAIMS = { aud: ['app', 'other'], azp: 'app', nonce: 'n', iat: 10, exp: 20, acr: 'high' };

const agents: Session = {
  ...session,
  principal: { ...session.principal, agent: { id: 'scout', name: 'Scout', token: 't1' } },
};
const TOKEN = { id: 't1', agent: 'scout', issuedAt: '2026-03-02T09:00:00Z', expiresAt: '2026-03-02T10:00:00Z' };

const signer: DeviceSigner = {
  thumbprint: 'thumb',
  pkToken: {
    payload: part(CLAIMS),
    signatures: [
      { protected: part({ alg: 'ES256', kid: 'now' }), signature: 's' },
      { protected: part({}), signature: 's' },
    ],
  },
  issuerKeys: { keys: [{ kty: 'EC', kid: 'now' }, { kty: 'EC', kid: 'before' }, { kty: 'EC' }] },
  sign: (payload, type) =>
    Promise.resolve({ protected: type, payload: '', signature: Buffer.from(payload).toString() }),
};

/** A record that a test looks into, and that can be given up for another one. */
function recorded(deviceSigner: () => Promise<DeviceSigner | undefined> = () => Promise.resolve(signer)) {
  const events: AuditEvent[] = [];
  const audit = {
    id: 'log-1',
    append(event: AuditEvent) {
      events.push(event);
      return Promise.resolve({ index: events.length - 1, hash: '' } as never);
    },
  };
  const bindings = createLoginBindings(audit, { deviceSigner });
  const tell = (event: IdentityEvent): Promise<void> =>
    recordIdentity(audit, bindings, event, {
      endSession(_session, _code, reason) {
        events.push({ k: 'session.end', s: 's', why: { reason } });
        return Promise.resolve();
      },
      endWhere(which, reason) {
        if (which(agents)) events.push({ k: 'session.end', s: 's', why: { reason } });
        return Promise.resolve();
      },
    });
  const kinds = (): readonly string[] => events.map(({ k }) => k);
  return { audit, bindings, events, tell, kinds };
}

describe('the proof of a login', () => {
  it('is in the log once, however often it is asked for at a time', async () => {
    const { bindings, kinds } = recorded();
    expect(await Promise.all([bindings.bind(session), bindings.bind(session)])).toEqual([0, 0]);
    expect(kinds()).toEqual(['key.bind']);
  });

  it('is in the log that follows one that was given up, too', async () => {
    const { audit, bindings, kinds } = recorded();
    await bindings.bind(session);
    audit.id = 'log-2';
    expect(await bindings.bind(session)).toBe(1);
    expect(kinds()).toEqual(['key.bind', 'key.bind']);
  });

  it('says in clear what the token says, and has the keys that can have signed it', async () => {
    const { bindings, events } = recorded();
    await bindings.bind(session);
    const [event] = events;
    const bind = event?.k === 'key.bind' ? event.bind : undefined;
    expect(bind).toMatchObject({
      alg: 'EdDSA',
      thumbprint: 'thumb',
      aud: 'app',
      nonce: 'n',
      iat: 10,
      exp: 20,
      acr: 'high',
    });
    expect(bind?.until).toBe(Date.parse(session.expiresAt) / 1000);
    expect(JSON.parse(String(bind?.jwks?.text))).toEqual({ keys: [{ kty: 'EC', kid: 'now' }, { kty: 'EC' }] });
  });

  it('is none where no device key is bound', async () => {
    const { bindings, kinds } = recorded();
    expect(await bindings.bind(unbound)).toBeUndefined();
    expect(await bindings.prove(unbound, 's')).toBeUndefined();
    expect(kinds()).toEqual([]);
  });

  it('is tried again after the secret store could not be read', async () => {
    let broken = true;
    const { bindings } = recorded(() => (broken ? Promise.reject(new Error('locked')) : Promise.resolve(signer)));
    await expect(bindings.bind(session)).rejects.toThrow('locked');
    broken = false;
    expect(await bindings.bind(session)).toBe(0);
  });

  it("of a working session is the key's signature over log and session", async () => {
    expect(await recorded().bindings.prove(session, 's1')).toBe('countersign-session..{"log":"log-1","s":"s1"}');
  });
});

describe('what happens to a login', () => {
  it('is recorded behind its proof, and names it', async () => {
    const { tell, events, kinds } = recorded();
    await tell({ kind: 'signed-in', session, method: 'browser', bound: true });
    await tell({ kind: 'revalidated', session });
    expect(kinds()).toEqual(['key.bind', 'auth.ok', 'auth.refresh']);
    for (const event of events.slice(1)) expect(event).toMatchObject({ actor: { bind: 0 }, auth: { acr: 'high' } });
  });

  it('when it is stepped up is recorded behind the proof of its new key; what had begun with the former one goes on', async () => {
    let current = signer;
    const { tell, bindings, events, kinds } = recorded(() => Promise.resolve(current));
    await tell({ kind: 'signed-in', session, method: 'browser', bound: true });
    current = { ...signer, thumbprint: 'thumb-2' };
    const stronger: Session = { ...session, principal: { ...session.principal, device: 'thumb-2', acr: 'higher' } };
    await tell({ kind: 'stepped-up', session: stronger, method: 'browser' });
    expect(kinds()).toEqual(['key.bind', 'auth.ok', 'key.bind', 'auth.ok']);
    expect(events[3]).toMatchObject({ actor: { bind: 2 }, auth: { method: 'step-up browser', acr: 'higher' } });
    expect(await bindings.bind(session)).toBe(0);
    await tell({ kind: 'signed-out', session: stronger });
    expect(events.slice(4)).toMatchObject([
      { k: 'session.end' },
      { k: 'key.revoke', actor: { bind: 0 }, bind: { thumbprint: 'thumb' } },
      { k: 'key.revoke', actor: { bind: 2 }, bind: { thumbprint: 'thumb-2' } },
    ]);
  });

  it('that gets another key while it is looked at names no key at all', async () => {
    const { bindings, kinds } = recorded(() => Promise.resolve({ ...signer, thumbprint: 'thumb-2' }));
    await expect(bindings.bind(session)).rejects.toMatchObject({ code: 'session-changed' });
    expect(kinds()).toEqual([]);
  });

  it.each(['signed-out', 'expired', 'revoked'] as const)(
    'when it is %s ends its sessions first, then its key',
    async (kind) => {
      const { tell, events, kinds } = recorded();
      await tell({ kind: 'signed-in', session, method: 'browser', bound: true });
      await tell({ kind, session });
      expect(kinds().slice(2)).toEqual([
        'session.end',
        'key.revoke',
        ...(kind === 'signed-out' ? [] : ['auth.failed']),
      ]);
      expect(events[3]).toMatchObject({ actor: { bind: 0 }, bind: { thumbprint: 'thumb' }, why: { reason: kind } });
    },
  );

  it('ends no key in a log that never knew it', async () => {
    const { audit, bindings, tell, kinds } = recorded();
    await tell({ kind: 'signed-out', session });
    await bindings.bind(session);
    audit.id = 'log-2';
    await tell({ kind: 'signed-out', session });
    expect(kinds()).toEqual(['session.end', 'key.bind', 'session.end']);
  });

  it("leaves the person's key alone when it is an agent's session that ends", async () => {
    const { tell, kinds } = recorded();
    await tell({ kind: 'signed-in', session: agents, method: 'browser', bound: true });
    await tell({ kind: 'revoked', session: agents });
    expect(kinds()).toEqual(['key.bind', 'auth.ok', 'session.end', 'auth.failed']);
  });

  it('has every token that was issued, for what and until when, and never the token', async () => {
    const { tell, events } = recorded();
    await tell({ kind: 'token-issued', session, token: { ...TOKEN, connections: ['shop'] } });
    expect(events.at(-1)).toMatchObject({
      k: 'token.issue',
      token: { id: 't1', agent: 'scout', until: Date.parse(TOKEN.expiresAt) / 1000, connections: ['shop'] },
    });
  });

  it('ends what runs with a token first, and then records that it was stopped', async () => {
    const { tell, kinds } = recorded();
    await tell({ kind: 'token-stopped', session, token: TOKEN });
    await tell({ kind: 'token-stopped', session, token: { ...TOKEN, id: 't2' } });
    expect(kinds()).toEqual(['session.end', 'key.bind', 'token.end', 'token.end']);
  });
});
