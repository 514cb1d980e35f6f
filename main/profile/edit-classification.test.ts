import { lstat, mkdir, readFile, rename, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { classify } from '../policy/classification.ts';
import { addClassification } from './edit-classification.ts';
import { loadProfile } from './load.ts';
import { temporaryProfile } from './testing.ts';

const CONNECTIONS =
  'version: 1\nconnections:\n  shop: { environment: staging, host: h, database: d, user: u }\n  other: { environment: staging, host: h, database: d, user: u }\n';
const mail = { schema: 'public', relation: 'people', column: 'mail' };
/** The tests of what is recorded are those of the door. */
const unrecorded = (): Promise<void> => Promise.resolve();
const odd = { schema: 'public', relation: 'odd.name', column: 'card' };

let profile: Awaited<ReturnType<typeof temporaryProfile>>;
const classOf = async (connection: string, column: typeof mail) =>
  classify((await loadProfile(profile.home)).classification, connection, column)?.class;

beforeEach(async () => {
  profile = await temporaryProfile({ connections: CONNECTIONS });
});
afterEach(() => profile.remove());

describe('a classification that a person has confirmed', () => {
  it('is written for its connection, with its class where the file had none', async () => {
    const confirmed = [
      { column: mail, class: 'email' },
      { column: odd, class: 'card' },
    ];
    await addClassification(profile.home, 'shop', confirmed, unrecorded);
    expect(await classOf('shop', mail)).toBe('email');
    expect(await classOf('shop', odd)).toBe('card');
    expect(await classOf('other', mail)).toBeUndefined();
  });

  it('keeps what the file says, its comments too, and is the same when confirmed twice', async () => {
    await profile.write(
      'classification',
      'version: 1\nclasses: # ours\n  email: { group: contact, masker: email }\ncolumns: # all of them\n  - connections: [shop]\n    classes:\n      public.orders.mail: email # of the buyer\n',
    );
    await addClassification(profile.home, 'shop', [{ column: mail, class: 'email' }], unrecorded);
    await addClassification(profile.home, 'shop', [{ column: mail, class: 'email' }], unrecorded);
    const text = await readFile(join(profile.home, 'classification.yaml'), 'utf8');
    expect(text).toMatch(/# ours[^]*group: contact[^]*# all of them[^]*# of the buyer[^]*public\.people\.mail: email/);
    expect(text.match(/connections:/g)).toHaveLength(1);
  });

  it('does not change a class that somebody wrote', async () => {
    await addClassification(profile.home, 'shop', [{ column: mail, class: 'email' }], unrecorded);
    await expect(
      addClassification(profile.home, 'shop', [{ column: mail, class: 'phone' }], unrecorded),
    ).rejects.toMatchObject({
      code: 'classification-differs',
    });
    expect(await classOf('shop', mail)).toBe('email');
  });

  it('is not written where it cannot be recorded', async () => {
    const full = new Error('the disk is full');
    const confirmed = [{ column: mail, class: 'email' }];
    await expect(addClassification(profile.home, 'shop', confirmed, () => Promise.reject(full))).rejects.toBe(full);
    expect(await classOf('shop', mail)).toBeUndefined();
  });

  it('is written where a link leads to, which stays a link', async () => {
    const path = join(profile.home, 'classification.yaml');
    await mkdir(join(profile.home, 'checkout'));
    await rename(path, join(profile.home, 'checkout', 'classification.yaml'));
    await symlink(join('checkout', 'classification.yaml'), path);
    await addClassification(profile.home, 'shop', [{ column: mail, class: 'email' }], unrecorded);
    expect((await lstat(path)).isSymbolicLink()).toBe(true);
    expect(await classOf('shop', mail)).toBe('email');
  });

  it('is not written for a connection that does not exist', async () => {
    await expect(
      addClassification(profile.home, 'gone', [{ column: mail, class: 'email' }], unrecorded),
    ).rejects.toMatchObject({
      code: 'profile-invalid',
    });
  });
});
