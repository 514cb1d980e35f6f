import { describe, expect, it } from 'vitest';
import { reportJson, reportText, Reporter } from './report.ts';

describe('a report', () => {
  const hostile = 'evil\u001b[2J\u0007\u202egood\u200b\u2028\u009b31m\nGood: nothing that was checked is wrong.';

  function report(): ReturnType<Reporter['report']> {
    const reporter = new Reporter();
    reporter.finding('code', `Session ${hostile} is not open.`, hostile);
    reporter.notChecked(hostile);
    return reporter.report(hostile);
  }

  it('shows what a log says without letting it act on the terminal or pass for a line of the report', () => {
    const text = reportText(report());
    // eslint-disable-next-line no-control-regex -- control characters are what is looked for
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b\u2028\u202e]/);
    expect(text.split('\n')).not.toContain('Good: nothing that was checked is wrong.');
    expect(text).toContain('evil\\u001b[2J');
  });

  it('leaves out of the text what there was nothing of, and out of the data nothing', () => {
    const reporter = new Reporter();
    reporter.checked('heartbeats', 0, 'the clocks');
    reporter.checked('frames', 3, 'SHA-256 in the frame');
    expect(reporter.report('here').checked.map(({ what }) => what)).toEqual(['heartbeats', 'frames']);
    expect(reportText(reporter.report('here'))).toMatch(/Checked\n {2}3 frames/);
    expect(reportText(reporter.report('here'))).not.toContain('heartbeats');
  });

  it('is JSON of the same data without such characters either', () => {
    const json = reportJson(report());
    expect(JSON.parse(json)).toEqual(report());
    // eslint-disable-next-line no-control-regex -- control characters are what is looked for
    expect(json).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b\u2028\u202e]/);
  });

  it('lists the first findings of a kind and counts the rest', () => {
    const reporter = new Reporter();
    for (let i = 0; i < 1000; i++) reporter.finding('same', `Number ${i}.`);
    const { findings, good } = reporter.report('here');
    expect(good).toBe(false);
    expect(findings).toHaveLength(21);
    expect(findings.at(-1)?.sentence).toBe('980 more findings of this kind.');
  });

  it('keeps of each signer the signature over the greatest checkpoint', () => {
    const reporter = new Reporter();
    for (const size of [5, 9, 7])
      reporter.vouches({ kind: 'witness', name: 'w', trusted: true, log: 'l', size, at: `2026-01-0${size}T00:00:00Z` });
    expect(reporter.report('here').vouching).toEqual([
      { kind: 'witness', name: 'w', trusted: true, log: 'l', size: 9, checkpoints: 3, at: '2026-01-09T00:00:00Z' },
    ]);
  });
});
