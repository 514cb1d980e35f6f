/**
 * A second net for columns that nobody classified: decided per column by the share of its values that look like one class,
 * never per cell. A detector proposes; it is no masking mechanism of its own, since any transformation defeats it.
 */
import { classOfName, hintsSecret, namesCode, type NamedClass } from './column-names.ts';
import { type DetectedClass, type Pattern, PATTERNS, traitsOf } from './patterns.ts';

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
  /** Distinct samples, NULLs and empty texts left out. */
  readonly samples: number;
  /** The form that most of them have, `Dutch BSN`; absent where only the name spoke. */
  readonly form?: string;
}

/** Share of distinct samples that must have the form. */
const SHARE = 0.6;
/** Distinct samples without which a form that ordinary codes share says nothing. */
const WEAK_SAMPLES = 5;

const TEXT_TYPE = /^(?:text|name|citext|.*\.citext|character varying.*|character(?:\(\d+\))?)$/;
const DATE_TYPE = /^(?:date|timestamp.*)$/;
const WHOLE_NUMBER = /^(?:bigint|numeric.*|integer)$/;

/** What such a column looks like; undefined where it looks like nothing in particular. */
export function detectColumn({ name, type, samples }: SampledColumn): Detection | undefined {
  const named = classOfName(name);
  const patterns = patternsFor(type);
  const distinct = new Set<string>();
  for (const sample of samples) {
    const value = sample.trim();
    if (value !== '') distinct.add(value);
  }
  const found = byValues(distinct, patterns, name, named);
  if (found !== undefined) return found;
  if (named === undefined || !nameHolds(named, type, distinct.size)) return undefined;
  return { class: named, by: 'name', share: 0, samples: distinct.size };
}

/** Whether values of this type are looked at: where they are not, only a column's name can speak. */
export const holdsDetectable = (type: string): boolean => patternsFor(type).length > 0;

const byType = new Map<string, readonly Pattern[]>();
/** Names of types that are remembered: a database can have any number of numeric(p,s). */
const TYPES_KEPT = 256;

function patternsFor(type: string): readonly Pattern[] {
  const known = byType.get(type);
  if (known !== undefined) return known;
  const found = TEXT_TYPE.test(type) ? PATTERNS : PATTERNS.filter((pattern) => pattern.types?.test(type));
  if (byType.size < TYPES_KEPT) byType.set(type, found);
  return found;
}

function byValues(
  distinct: ReadonlySet<string>,
  patterns: readonly Pattern[],
  name: string,
  named: NamedClass | undefined,
): Detection | undefined {
  const code = namesCode(name);
  const secret = hintsSecret(name);
  const counting = patterns.filter(({ strength, class: of }) => {
    if (strength === 'named') return secret;
    return strength === 'clear' || of === named || (!code && distinct.size >= WEAK_SAMPLES);
  });
  const forms = new Map<DetectedClass, Map<string, number>>();
  const classes = new Map<DetectedClass, number>();
  for (const value of distinct) {
    const traits = traitsOf(value);
    let last: DetectedClass | undefined;
    for (const pattern of counting) {
      // Patterns of a class stand together: a value counts once for its class.
      if (pattern.class === last || !pattern.gate(traits)) continue;
      const form = pattern.formOf(value);
      if (form === undefined) continue;
      last = pattern.class;
      classes.set(last, (classes.get(last) ?? 0) + 1);
      const counts = forms.get(last) ?? new Map<string, number>();
      forms.set(last, counts.set(form, (counts.get(form) ?? 0) + 1));
    }
  }
  const [best] = [...classes].sort(([, one], [, other]) => other - one);
  if (best === undefined || best[1] / distinct.size < SHARE) return undefined;
  const [form] = [...(forms.get(best[0]) ?? [])].sort(([, one], [, other]) => other - one);
  return {
    class: best[0],
    by: 'values',
    share: best[1] / distinct.size,
    samples: distinct.size,
    ...(form === undefined ? {} : { form: form[0] }),
  };
}

/** A name alone counts where the type can hold such a value. */
function nameHolds(named: NamedClass, type: string, distinct: number): boolean {
  if (named === 'birth-date') return DATE_TYPE.test(type) || TEXT_TYPE.test(type);
  if (named === 'ip-address') return type === 'inet' || type === 'cidr' || TEXT_TYPE.test(type);
  // Addresses of people have a form that no other value has: enough values without it are something else.
  if (TEXT_TYPE.test(type)) return !(named === 'email' && distinct >= WEAK_SAMPLES);
  return WHOLE_NUMBER.test(type) && ['card', 'ssn', 'national-id', 'phone', 'iban'].includes(named);
}
