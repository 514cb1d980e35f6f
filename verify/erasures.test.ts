import { describe, expect, it } from 'vitest';
import { Erasures } from './erasures.ts';
import { Reporter } from './report.ts';

const A = 'a'.repeat(64);
const B = 'b'.repeat(64);

/** What is found when both blobs were there as the log was read, and those of `later` at a second look. */
function judged(erasing: (erasures: Erasures) => void, later: readonly string[] | null) {
  const erasures = new Erasures();
  const looks: (readonly string[])[] = [];
  const kept = erasures.keptOf('log', {
    source: '/place',
    lookAgain:
      later === null
        ? null
        : (wanted) => {
            looks.push([...wanted]);
            return new Set(later.filter((address) => wanted.has(address)));
          },
  });
  kept.push(A);
  kept.push(B);
  erasing(erasures);
  const reporter = new Reporter();
  erasures.end(reporter);
  const { findings, notChecked } = reporter.report('/place');
  return { findings: findings.map(({ code, where }) => ({ code, where })), notChecked, looks };
}

describe('a blob that an event says was erased, and that is there', () => {
  it('is a finding once its log was closed or opened again', () => {
    const { findings, looks } = judged(
      (erasures) => {
        erasures.erased('log', A, 'event 7');
        erasures.over('event 7');
      },
      [A, B],
    );
    expect(findings).toEqual([{ code: 'blob-not-erased', where: 'event 7' }]);
    expect(looks).toEqual([[A]]);
  });

  it('is none as long as a crash may have come in between, or when the erasure is of another log', () => {
    const { findings, looks } = judged(
      (erasures) => {
        erasures.erased('log', A, 'event 7');
        erasures.erased('other', B, 'event 8');
        erasures.over('event 8');
      },
      [A, B],
    );
    expect(findings).toEqual([]);
    expect(looks).toEqual([]);
  });

  it('is none when it was erased while the log was being read', () => {
    const { findings, looks } = judged((erasures) => {
      erasures.erased('log', A, 'event 7');
      erasures.over('event 7');
    }, []);
    expect(looks).toEqual([[A]]);
    expect(findings).toEqual([]);
  });

  it('is said of a store, which may not let anybody erase', () => {
    const { findings, notChecked } = judged((erasures) => {
      erasures.erased('log', A, 'event 7');
      erasures.over('event 7');
    }, null);
    expect(findings).toEqual([]);
    expect(notChecked).toEqual([expect.stringMatching(/^Why 1 blobs of log .* are still in \/place/)]);
  });
});
