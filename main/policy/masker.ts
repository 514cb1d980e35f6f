import { z } from 'zod';

/**
 * How values of one class are made unreadable where policy says `partial`. `null` has a valid value in every type; dates are
 * for date and timestamp types, buckets for numbers, tokens for text and uuid, all others for text. A type that has no valid
 * masked value comes out NULL.
 */
export type Masker =
  | { readonly kind: 'null' }
  | { readonly kind: 'redact' }
  | { readonly kind: 'fixed'; readonly text: string }
  | { readonly kind: 'keep-last'; readonly count: number }
  | { readonly kind: 'initial' }
  | { readonly kind: 'email' }
  | { readonly kind: 'email-domain' }
  | { readonly kind: 'phone' }
  | { readonly kind: 'card' }
  /** With the issuer's six digits. */
  | { readonly kind: 'card-bin' }
  | { readonly kind: 'card-token'; readonly scope: MaskerScope; readonly bin: boolean }
  | { readonly kind: 'date'; readonly unit: 'month' | 'year' }
  | { readonly kind: 'bucket'; readonly size: number }
  | { readonly kind: 'token'; readonly scope: MaskerScope };

/**
 * Where equal values have equal tokens: within one login, wherever the profile's key is, or nowhere. Equality is
 * something that a person learns, so a policy has to say it.
 */
const SCOPES = ['session', 'tenant', 'random'] as const;
export type MaskerScope = (typeof SCOPES)[number];

/** Maskers that are written as their name alone. */
const NAMES = ['email', 'phone', 'card', 'initial', 'redact', 'null'] as const;

/** As a file writes them. */
const FORMS: readonly string[] = [
  ...NAMES,
  '{ keep-last: 4 }',
  '{ fixed: TEXT }',
  '{ email: keep-domain }',
  '{ card: { bin: true } }',
  '{ card: { token: session } }',
  '{ date: month }',
  '{ date: year }',
  '{ bucket: 1000 }',
  ...SCOPES.map((scope) => `{ token: ${scope} }`),
];

const scope = z.enum(SCOPES);
const written = z.union([
  z.null().transform((): Masker => ({ kind: 'null' })),
  z.enum(NAMES).transform((kind): Masker => ({ kind })),
  z
    .strictObject({ fixed: z.string().min(1).max(64) })
    .transform(({ fixed }): Masker => ({ kind: 'fixed', text: fixed })),
  z
    .strictObject({ 'keep-last': z.int().min(1).max(8) })
    .transform((value): Masker => ({ kind: 'keep-last', count: value['keep-last'] })),
  z
    .strictObject({ email: z.enum(['shape', 'keep-domain']) })
    .transform(({ email }): Masker => ({ kind: email === 'shape' ? 'email' : 'email-domain' })),
  z
    .strictObject({ card: z.strictObject({ bin: z.boolean() }) })
    .transform(({ card }): Masker => ({ kind: card.bin ? 'card-bin' : 'card' })),
  z
    .strictObject({ card: z.strictObject({ token: scope, bin: z.boolean().default(false) }) })
    .transform(({ card }): Masker => ({ kind: 'card-token', scope: card.token, bin: card.bin })),
  z.strictObject({ date: z.enum(['month', 'year']) }).transform(({ date }): Masker => ({ kind: 'date', unit: date })),
  // A bucket of one shows every whole number; what a Number holds exactly is exact in every numeric type.
  z
    .strictObject({ bucket: z.int().min(2).max(1e12) })
    .transform(({ bucket }): Masker => ({ kind: 'bucket', size: bucket })),
  z.strictObject({ token: scope }).transform(({ token }): Masker => ({ kind: 'token', scope: token })),
]);

/** A masker as classification.yaml writes it; anything else is one problem that names the forms there are. */
export const masker = z.unknown().transform((value, context): Masker => {
  const read = written.safeParse(value);
  if (read.success) return read.data;
  context.issues.push({ code: 'custom', input: value, message: `a masker is one of ${FORMS.join(', ')}` });
  return z.NEVER;
});

const EQUALITY: Readonly<Record<MaskerScope, string>> = {
  session: 'a token, equal for equal values until you sign out',
  tenant: 'a token, equal for equal values',
  random: 'a random token',
};

/** What a person sees of a value under it: for tooltips, `explain` and the documentation. */
export function maskerWords(masker: Masker): string {
  switch (masker.kind) {
    case 'null':
      return 'nothing';
    case 'redact':
      return 'that there is a value';
    case 'fixed':
      return 'the same words for every value';
    case 'keep-last':
      return masker.count === 1 ? 'the last character' : `the last ${String(masker.count)} characters`;
    case 'initial':
      return 'the first letter';
    case 'email':
      return 'the shape of the address';
    case 'email-domain':
      return 'the domain';
    case 'phone':
      return 'the last two digits';
    case 'card':
      return 'the last four digits';
    case 'card-bin':
      return 'the first six digits and the last four';
    case 'card-token':
      return `a made-up number${masker.bin ? ' behind the first six digits' : ''}: ${EQUALITY[masker.scope]}`;
    case 'date':
      return `the ${masker.unit}`;
    case 'bucket':
      return `the lower bound of its bucket of ${masker.size.toLocaleString('en')}`;
    case 'token':
      return EQUALITY[masker.scope];
  }
}
