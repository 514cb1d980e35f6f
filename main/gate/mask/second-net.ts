/**
 * The second net on a result: outputs that no classified column reaches, text built by expressions among them, are looked at
 * before their first rows are released, and at every so many rows after. Found by their values alone and per column: what
 * an output is called, its asker has chosen. Bounded: a few hundred cells of a column, whatever the result holds.
 */
import { type CellTransform, type Inspection } from '../../databases/result/index.ts';
import { type OutputMask } from '../verdict.ts';
import { type Detection, detectColumn, holdsDetectable } from './detectors.ts';
import { maskerTransform, type MaskedType } from './maskers.ts';

/** An output that the net watches. */
export interface WatchedOutput {
  readonly output: number;
  /** Name of the column that it is; empty where it is computed. */
  readonly column: string;
  /** The mask that policy asks for on values of a class for this person; undefined where they may be seen. */
  maskOf(found: string): OutputMask | undefined;
}

export interface SecondNet {
  readonly mode: 'warn' | 'mask';
  readonly outputs: readonly WatchedOutput[];
}

/** A column of the result that looks like something policy masks. */
export interface Finding {
  readonly mask: OutputMask;
  readonly detection: Detection;
  /** False where rows had been released before. */
  readonly first: boolean;
}

/** Rows looked at before any is released, and bytes of them at most. */
export const FIRST_LOOK = { rows: 200, bytes: 1024 * 1024 } as const;
/** Values that a later judgement is made on. */
const LATER_VALUES = 16;
/** Bytes of a cell that are looked at: one more than any form has, so that longer texts are none. */
const CELL = 255;
const HEADER = 4;

interface Watch {
  readonly output: WatchedOutput;
  readonly type: MaskedType;
  samples: string[];
}

/** Undefined where no output has a type that detectors look at. `tell` is called once per column that is found. */
export function secondNet(
  { mode, outputs }: SecondNet,
  columns: readonly MaskedType[],
  tell: (findings: readonly Finding[]) => void,
): Inspection | undefined {
  const watches = new Map<number, Watch>();
  for (const output of outputs) {
    const type = columns[output.output];
    if (type !== undefined && holdsDetectable(type.type)) watches.set(output.output, { output, type, samples: [] });
  }
  if (watches.size === 0) return undefined;
  let first = true;

  function judgeOne({ output, type, samples }: Watch): Finding | undefined {
    const detection = detectColumn({ name: output.column, type: type.type, samples });
    const mask = detection?.by === 'values' ? output.maskOf(detection.class) : undefined;
    return detection === undefined || mask === undefined ? undefined : { mask, detection, first };
  }

  return {
    ...FIRST_LOOK,
    see(source, start, end) {
      let at = start + 2;
      for (let column = 0; at < end; column++) {
        const length = source.readInt32BE(at);
        at += HEADER;
        if (length > 0) watches.get(column)?.samples.push(source.toString('utf8', at, at + Math.min(length, CELL)));
        at += Math.max(length, 0);
      }
    },
    judge() {
      const findings: Finding[] = [];
      const found = new Map<number, CellTransform>();
      for (const [column, watch] of watches) {
        if (!first && watch.samples.length < LATER_VALUES) continue;
        const finding = judgeOne(watch);
        watch.samples = [];
        if (finding === undefined) continue;
        findings.push(finding);
        watches.delete(column);
        if (mode === 'mask') found.set(column, maskerTransform(finding.mask.masker, watch.type));
      }
      first = false;
      if (findings.length > 0) tell(findings);
      return found;
    },
  };
}

/** What a person is told of a finding: shares and counts, never a value. */
export function findingSentence({ mask, detection, first }: Finding, mode: SecondNet['mode']): string {
  const share = `${String(Math.round(detection.share * 100))} % of ${String(detection.samples)} different values`;
  const looks = `Output "${mask.name}" looks like ${detection.form ?? mask.class} (${share}) and nobody has classified it`;
  if (mode === 'warn') return `${looks}. Rule ${mask.rule.id} would mask it: classify where it comes from.`;
  return first
    ? `${looks}: it is masked as ${mask.class} (rule ${mask.rule.id}).`
    : `${looks}: it is masked from here on as ${mask.class} (rule ${mask.rule.id}), and hidden in the rows before.`;
}
