import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type PolicyStateView } from '../../../shared/policy-views.ts';
import { type Session } from '../../identity/principal.ts';
import { type Installation, openInstallation } from '../../installation.ts';
import { revisionOf } from '../../profile/edit-policy.ts';
import { temporaryProfile } from '../../profile/testing.ts';
import { policyHandlers } from './policy.ts';

const POLICY = `version: 1
groups: { dba: [dba] }
rules:
  - { id: read, allow: read }
tests:
  - { as: everyone, do: select, expect: allow }
`;
const NARROW = POLICY.replace('allow: read', 'allow: select');

let profile: Awaited<ReturnType<typeof temporaryProfile>>;
let installation: Installation;
let session: Session;
const none = new AbortController().signal;

beforeEach(async () => {
  profile = await temporaryProfile({ policy: POLICY });
  installation = await openInstallation(profile.home, 'desktop');
  const restored = await installation.identity.restore();
  if (restored === undefined) throw new Error('the owner of a local profile is always signed in');
  session = restored;
});
afterEach(async () => {
  await installation.close();
  await profile.remove();
});

const handlers = () => policyHandlers(installation, async () => ({ session }));
const onDisk = () => readFile(join(profile.home, 'policy.yaml'), 'utf8');

/** States as a window sees them: each that the window waits for is taken once it is as wanted. */
function watching() {
  const end = new AbortController();
  const states = handlers()['policy.state'](undefined, end.signal);
  const iterator = states[Symbol.asyncIterator]();
  return {
    async until(isWanted: (state: PolicyStateView) => boolean): Promise<PolicyStateView> {
      for (;;) {
        const { value, done } = await iterator.next();
        if (done === true) throw new Error('the states ended');
        if (isWanted(value)) return value;
      }
    },
    async stop() {
      end.abort();
      await iterator.return?.(undefined);
    },
  };
}

describe('the policy of a window', { timeout: 30_000 }, () => {
  it('is the file, what is in force, and who may save it', async () => {
    const states = watching();
    const state = await states.until(() => true);
    await states.stop();
    expect(state).toMatchObject({
      text: POLICY,
      revision: revisionOf(POLICY),
      inForce: installation.inForce().policy.hash,
      rules: 1,
      trouble: null,
      problems: [],
      locked: null,
    });
    expect(Date.parse(state.since)).toBeLessThanOrEqual(Date.now());
  });

  it('keeps the last good policy in force while the file is malformed, and says on which line', async () => {
    const states = watching();
    const { inForce, since } = await states.until(() => true);
    await profile.write('policy', POLICY.replace('allow:', 'alow:'));
    const broken = await states.until(({ trouble }) => trouble !== null);
    expect(broken).toMatchObject({ inForce, since, problems: [{ line: 4 }] });
    expect(installation.inForce().policy.hash).toBe(inForce);
    await profile.write('policy', NARROW);
    const mended = await states.until((state) => state.trouble === null && state.inForce !== inForce);
    expect(mended.problems).toEqual([]);
    await states.stop();
  });

  it('is in force as soon as it is saved, and the record says who did it', async () => {
    const before = installation.inForce().policy.hash;
    const state = await handlers()['policy.save']({ text: NARROW, revision: revisionOf(POLICY) }, none);
    expect(state).toMatchObject({ text: NARROW, revision: revisionOf(NARROW), trouble: null });
    expect(installation.inForce().policy.hash).toBe(state.inForce);
    expect(state.inForce).not.toBe(before);
    expect(await onDisk()).toBe(NARROW);
  });

  it.each<[string, { readonly text: string; readonly revision: string }, string, RegExp]>([
    [
      'made from another file',
      { text: NARROW, revision: revisionOf(NARROW) },
      'policy-changed',
      /changed by somebody else/,
    ],
    [
      'that is malformed',
      { text: POLICY.replace('allow: read', 'allow: raed'), revision: revisionOf(POLICY) },
      'profile-invalid',
      /policy\.yaml:4:\d+: rules\.allow/,
    ],
    [
      'whose tests fail',
      { text: POLICY.replace('expect: allow', 'expect: deny'), revision: revisionOf(POLICY) },
      'policy-tests-fail',
      /policy\.yaml:6: everyone: select: expected deny, got allow/,
    ],
    [
      'with half a character',
      { text: `${POLICY}# \ud800`, revision: revisionOf(POLICY) },
      'policy-not-text',
      /half of a character/,
    ],
    ['that is not text', { text: '\u0000', revision: revisionOf(POLICY) }, 'profile-invalid', /policy\.yaml/],
  ])('is not saved: one %s', async (_what, saved, code, message) => {
    await expect(async () => handlers()['policy.save'](saved, none)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message) as string,
    });
    expect(await onDisk()).toBe(POLICY);
  });

  it('is saved by administrators only, never by an agent or a service', async () => {
    session = { ...session, principal: { ...session.principal, agent: { id: 'scout', name: 'Scout' } } };
    const state = watching();
    expect((await state.until(() => true)).locked).toMatch(/^Only administrators may save a policy\./);
    await state.stop();
    await expect(async () =>
      handlers()['policy.save']({ text: NARROW, revision: revisionOf(POLICY) }, none),
    ).rejects.toMatchObject({ code: 'not-an-administrator' });
  });

  it('is saved by one of two who save at once', async () => {
    const save = (text: string) => handlers()['policy.save']({ text, revision: revisionOf(POLICY) }, none);
    const saved = await Promise.allSettled([save(NARROW), save(`# Mine\n${NARROW}`)]);
    expect(saved.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('is left as it is where the record cannot take it', async () => {
    const failing = {
      ...installation,
      audit: { ...installation.audit, append: async () => Promise.reject(new Error('full')) },
    };
    const save = policyHandlers(failing, async () => ({ session }))['policy.save'];
    await expect(async () => save({ text: NARROW, revision: revisionOf(POLICY) }, none)).rejects.toThrow('full');
    expect(await onDisk()).toBe(POLICY);
  });

  it('is checked, compared and shown as a matrix before anybody saves it', async () => {
    const {
      'policy.check': check,
      'policy.diff': diff,
      'policy.matrix': matrix,
      'policy.complete': complete,
    } = handlers();
    expect((await check({ text: NARROW }, none)).tests).toEqual([
      { line: 6, title: 'everyone: select', passed: true, differences: [] },
    ]);
    expect((await diff({ text: NARROW }, none)).rules.changed).toEqual(['read']);
    expect((await matrix({ text: NARROW }, none)).who.map(({ id }) => id)).toEqual(['group:dba', 'everyone']);
    await expect(async () => matrix({ text: 'rules: 1' }, none)).rejects.toMatchObject({ code: 'policy-invalid' });
    const text = 'rules:\n  - { id: x, al';
    expect((await complete({ text, offset: text.length }, none)).map(({ label }) => label)).toEqual(['allow']);
  });

  it('asks nobody who is not signed in', async () => {
    const refused = policyHandlers(installation, async () => Promise.reject(new Error('signed out')));
    await expect(async () => refused['policy.check']({ text: POLICY }, none)).rejects.toThrow('signed out');
    await expect(async () => refused['policy.save']({ text: NARROW, revision: '' }, none)).rejects.toThrow(
      'signed out',
    );
  });
});
