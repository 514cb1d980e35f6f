/**
 * A second net for columns that nobody classified: decided per column by the share of its values that look like one class,
 * never per cell. A detector proposes; it is no masking mechanism of its own, since any transformation defeats it.
 */
import { classOfName, namesCode, type NamedClass } from './column-names.ts';
import { PATTERNS, type Pattern } from './patterns.ts';

export interface SampledColumn {
  readonly name: string;
  /** As format_type prints it. */
  readonly type: string;
  /** Values as text, NULLs left out. */
  readonly samples: readonly string[];
}

export interface Detection {
  readonly class: NamedClass;
  /** What spoke for it: the values, or only the name. */
  readonly by: 'values' | 'name';
  /** Share of distinct samples with this form, 0 to 1; 0 where only the name spoke. */
  readonly share: number;
}

/** Share of distinct samples that must have the form. */
const SHARE = 0.6;
/** Distinct samples without which a form that ordinary codes share says nothing. */
const WEAK_SAMPLES = 5;

const TEXT_TYPE = /^(?:text|name|citext|.*\.citext|character varying.*|character(?:\(\d+\))?)$/;
const DATE_TYPE = /^(?:date|timestamp.*)$/;

export function detectColumn({ name, type, samples }: SampledColumn): Detection | undefined {
  const named = classOfName(name);
  const distinct = [...new Set(samples.map((value) => value.trim()))].filter((value) => value !== '');
  if (TEXT_TYPE.test(type)) {
    const found = byValues(distinct, namesCode(name), named);
    if (found !== undefined) return found;
  }
  return named !== undefined && nameHolds(named, type, distinct) ? { class: named, by: 'name', share: 0 } : undefined;
}

function byValues(distinct: readonly string[], code: boolean, named: NamedClass | undefined): Detection | undefined {
  let best: Detection | undefined;
  for (const pattern of PATTERNS) {
    const agrees = pattern.class === named;
    if (pattern.weak && !agrees && (code || distinct.length < WEAK_SAMPLES)) continue;
    const share = shareOf(pattern, distinct);
    if (share >= SHARE && share > (best?.share ?? 0)) best = { class: pattern.class, by: 'values', share };
  }
  return best;
}

const shareOf = (pattern: Pattern, distinct: readonly string[]): number =>
  distinct.length === 0 ? 0 : distinct.filter(pattern.matches).length / distinct.length;

/** A name alone counts where the type can hold such a value. */
function nameHolds(named: NamedClass, type: string, distinct: readonly string[]): boolean {
  if (named === 'birth-date') return DATE_TYPE.test(type) || TEXT_TYPE.test(type);
  if (TEXT_TYPE.test(type)) return !(named === 'email' && distinct.length >= WEAK_SAMPLES);
  return /^(?:bigint|numeric.*|integer)$/.test(type) && ['card', 'ssn', 'national-id', 'phone', 'iban'].includes(named);
}
