/** The channel that rows take: every masked output, and what the second net finds, masked before a byte is stored. */
import { type NewResult } from '../../databases/result/index.ts';
import { type Masker, type OutputMask } from '../verdict.ts';
import { maskerTransform, type MaskedType } from './maskers.ts';
import { type Finding, findingSentence, type SecondNet, secondNet } from './second-net.ts';
import { type TokenScope } from './token-keys.ts';

export interface RowChannelInput {
  /** As RowDescription tells them. */
  readonly columns: readonly MaskedType[];
  readonly masks: readonly OutputMask[];
  readonly net: SecondNet | undefined;
  /** The key of tokens of a class. */
  readonly keyOf: (scope: TokenScope, columnClass: string) => Uint8Array;
  /** Called once, before the first row can be read, when it is known which outputs are masked. */
  readonly decided: (masks: ReadonlyMap<number, OutputMask>) => void;
  readonly warn: (sentence: string) => void;
}

export interface RowChannel {
  readonly options: Omit<NewResult, 'limits'>;
  /** Masks by output, those of the second net among them. */
  readonly masks: ReadonlyMap<number, OutputMask>;
}

export function rowChannel({ columns, masks, net, keyOf, decided, warn }: RowChannelInput): RowChannel {
  const byOutput = new Map(masks.map((mask) => [mask.output, mask]));
  const transformOf = (mask: OutputMask | undefined, type: MaskedType) => {
    if (mask === undefined) return undefined;
    const masker = mask.whole === true ? wholly(mask.masker) : mask.masker;
    const scope = 'scope' in masker ? masker.scope : 'random';
    return maskerTransform(masker, type, scope === 'random' ? {} : { key: keyOf(scope, mask.class) });
  };
  let settled = false;
  const tell = (mode: SecondNet['mode']) => (findings: readonly Finding[]) => {
    for (const finding of findings) {
      if (mode === 'mask') byOutput.set(finding.mask.output, finding.mask);
      // What is masked from the first row on says so itself.
      if (mode === 'warn' || !finding.first) warn(findingSentence(finding, mode));
    }
  };
  const inspected = net === undefined ? undefined : secondNet(net, columns, tell(net.mode));
  if (inspected === undefined) decided(byOutput);
  return {
    masks: byOutput,
    options: {
      transforms: columns.map((type, i) => transformOf(byOutput.get(i), type)),
      whole: new Set(masks.flatMap((mask) => (hidesNull(mask) ? [mask.output] : []))),
      ...(inspected === undefined
        ? {}
        : {
            inspection: {
              ...inspected,
              judge() {
                const found = inspected.judge();
                if (!settled) decided(byOutput);
                settled = true;
                return found;
              },
            },
          }),
    },
  };
}

/** Where every value becomes NULL, one that was NULL is masked, counted and flagged like any other: else those would show it. */
const hidesNull = ({ whole, masker }: OutputMask): boolean => whole === true || masker.kind === 'null';

/** An output that is made of a masked column shows nothing of it, not even a part that the class's own masker would keep. */
const wholly = (masker: Masker): Masker => (masker.kind === 'null' ? masker : { kind: 'redact' });
