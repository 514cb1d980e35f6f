import { type AuditStateView, type VerifyView } from '../../shared/views.ts';

/** What becomes of the record of a made-up organisation. */
export type FakeAudit = 'alone' | 'copied' | 'behind' | 'held' | 'stopped' | 'broken' | 'verifying' | 'damaged';

const LOG = '0193b1c4-7a52-7e08-9f7e-4c2a51d3b860';
const OLD_LOG = '0192f0aa-11c8-7b40-8e21-9b7f3d5c1e02';
const ROOT = '9f2c4bb1d0e6a7835c19e04d7ab8620f31c5d8e97f4a6b2c0d1e3f5a79b8c6d4';
const STORE = 's3://harbor-audit/record';

const state = (recorded: number, change: Partial<AuditStateView> = {}): AuditStateView => ({
  recorded,
  log: LOG,
  trouble: null,
  store: STORE,
  uploaded: recorded,
  witnessed: recorded,
  pressure: 'none',
  anchorTrouble: null,
  weaknesses: [],
  ...change,
});

const unreachable = 'The store s3://harbor-audit/record does not answer: connection refused.';

export const auditStates: Readonly<Record<FakeAudit, (recorded: number) => AuditStateView>> = {
  alone: (recorded) => state(recorded, { store: null, uploaded: null, witnessed: null }),
  copied: (recorded) =>
    state(recorded, {
      uploaded: recorded - 14,
      witnessed: recorded - 14,
      weaknesses: [
        {
          code: 'no-object-lock',
          sentence: 'The bucket has no Object Lock: whoever may delete there can delete the copies.',
          mend: 'aws s3api put-object-lock-configuration --bucket harbor-audit --object-lock-configuration ObjectLockEnabled=Enabled',
        },
        {
          code: 'no-versioning',
          sentence: 'The bucket keeps no older versions: a copy that is overwritten is gone.',
          mend: 'aws s3api put-bucket-versioning --bucket harbor-audit --versioning-configuration Status=Enabled',
        },
      ],
    }),
  behind: (recorded) =>
    state(recorded, {
      uploaded: recorded - 4120,
      witnessed: recorded - 4200,
      pressure: 'warn',
      anchorTrouble: unreachable,
    }),
  held: (recorded) =>
    state(recorded, {
      uploaded: recorded - 9100,
      witnessed: 0,
      pressure: 'refuse-risky',
      anchorTrouble: unreachable,
    }),
  stopped: (recorded) =>
    state(recorded, {
      uploaded: recorded - 16_000,
      witnessed: 0,
      pressure: 'refuse-all',
      anchorTrouble: unreachable,
    }),
  broken: (recorded) =>
    state(recorded, {
      trouble: 'Nothing can run: the disk of the record is full.',
      store: null,
      uploaded: null,
      witnessed: null,
    }),
  verifying: (recorded) => state(recorded),
  damaged: (recorded) => state(recorded),
};

export function verified(where: 'here' | 'store', recorded: number, damaged: boolean): VerifyView {
  const key = 'this-computer.harbor.example/ana+8f2a91c4+AZ3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeO';
  return {
    good: !damaged,
    source: where === 'store' ? STORE : '/home/ana/.countersign/log',
    logs: [
      { id: OLD_LOG, size: 41_209, signed: 41_209, root: ROOT, key },
      { id: LOG, size: recorded, signed: recorded - 3, root: ROOT.split('').toReversed().join(''), key },
    ],
    checked: [
      { what: 'entries hashed into the tree', count: recorded + 41_209, provenBy: 'the signed root' },
      { what: 'signed checkpoints, each an extension of the one before', count: 212, provenBy: 'the log key' },
      { what: 'cosignatures of witnesses', count: 424, provenBy: 'witness.harbor.example, witness.partner.example' },
      { what: 'time stamps', count: 31, provenBy: 'tsa.example (RFC 3161)' },
      { what: 'intents with exactly one end', count: 9102, provenBy: 'the entries themselves' },
      { what: 'sessions with dense numbers', count: 1214, provenBy: 'the entries themselves' },
      { what: 'decisions made again with the policy of their hash', count: 9102, provenBy: 'the policy in the record' },
      { what: 'people bound to their device keys', count: 6, provenBy: 'https://id.harbor.example' },
      { what: 'texts present, of 9,102 named', count: 9099, provenBy: 'their hashes' },
    ],
    findings: damaged
      ? [
          {
            code: 'root-mismatch',
            sentence:
              'The entries do not lead to the root that was signed: at least one was changed after it was signed.',
            where: `${LOG} 12288`,
          },
          {
            code: 'intent-open',
            sentence: 'A statement has no end, and the log went on after it.',
            where: `${LOG} 14002`,
          },
        ]
      : [],
    notChecked: [
      'Three texts were erased on purpose: their hashes are in the leaves, their content is gone.',
      'The server\u2019s own log was not given: what went around Countersign is not looked for.',
    ],
  };
}
