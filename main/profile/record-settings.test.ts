import { describe, expect, it } from 'vitest';
import { readOrganisation } from './organisation-file.ts';
import { type RecordSettings } from './types.ts';

const KEY = 'witness.example/w1+0a1b2c3d+BGxhYmVs';
const file = (record: string): string => `version: 1\nname: Shop\nidentity: { kind: os-account }\n${record}\n`;

function read(record: string): RecordSettings {
  const result = readOrganisation(file(record));
  if (!result.ok) throw new Error(result.problems.map(({ message }) => message).join('; '));
  return result.organisation.record;
}

function problem(record: string): string {
  const result = readOrganisation(file(record));
  return result.ok ? 'accepted' : result.problems.map(({ message }) => message).join('; ');
}

describe('record: of organisation.yaml', () => {
  it('keeps the record on this machine where it is absent, and refuses nothing for it', () => {
    expect(read('')).toEqual({
      witnesses: [],
      quorum: 1,
      pressure: { warn: { events: 10_000, hours: 4 } },
      reachSeconds: 15,
      reviewers: [],
      heartbeatMinutes: 15,
      acceptSharedDisk: false,
    });
  });

  it('takes a bucket with secrets by reference, and the path for the bucket at an endpoint of its own', () => {
    const { store } = read(`record:
  store:
    s3:
      bucket: acme-audit
      prefix: laptops
      endpoint: https://s3.example.com
      credentials: { accessKeyId: 'keyring:s3-id', secretAccessKey: 'keyring:s3-secret' }
      retainDays: 2555`);
    expect(store).toEqual({
      kind: 's3',
      bucket: 'acme-audit',
      prefix: 'laptops',
      region: 'us-east-1',
      endpoint: 'https://s3.example.com',
      pathStyle: true,
      credentials: { accessKeyId: 'keyring:s3-id', secretAccessKey: 'keyring:s3-secret' },
      retainDays: 2555,
    });
  });

  it('counts as witnessed what every witness signed, unless a quorum says otherwise', () => {
    const witnesses = `witnesses: [{ url: 'https://a.example', key: '${KEY}' }, { url: 'https://b.example', key: '${KEY}' }]`;
    expect(read(`record: { ${witnesses} }`).quorum).toBe(2);
    expect(read(`record: { ${witnesses}, quorum: 1 }`).quorum).toBe(1);
  });

  it.each([
    ['store: { ftp: { host: a } }', /ftp/],
    ['store: {}', /must be one of directory, s3/],
    ['store: { directory: { path: audit } }', /absolute path/],
    ['store: { s3: { bucket: Audit_Logs } }', /name of a bucket/],
    ['store: { s3: { bucket: audit, prefix: ../other } }', /must be a path/],
    ['store: { s3: { bucket: audit, endpoint: "http://s3.example.com" } }', /https: address/],
    ['store: { s3: { bucket: audit, endpoint: "https://key:secret@s3.example.com" } }', /without user/],
    [
      'store: { s3: { bucket: audit, credentials: { accessKeyId: AKIAXXXX, secretAccessKey: hunter2 } } }',
      /takes a reference and never the secret itself/,
    ],
    ['witnesses: [{ url: "https://w.example", key: secret }]', /verifier key/],
    [`{ witnesses: [{ url: "https://w.example", key: "${KEY}" }], quorum: 2 }`, /quorum is 2/],
    ['pressure: { refuseAll: {} }', /needs events, hours or both/],
    ['reviewers: security', /list/],
  ])('refuses %s', (section, expected) => {
    const text = problem(section.startsWith('{') ? `record: ${section}` : `record: { ${section} }`);
    expect(text).toMatch(expected);
    expect(text).not.toContain('hunter2');
  });
});
