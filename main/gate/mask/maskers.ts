/**
 * Maskers as functions over bytes, for cells in text and in binary format. A masked cell is a valid value of the column's
 * type, so that whoever reads it (a driver, a spreadsheet, the server itself) takes it; where the type has no valid masked
 * value, it is NULL. Nothing that is written tells how long the value is.
 */
import { type CellTransform } from '../../databases/result/index.ts';
import { type Masker } from '../verdict.ts';
import { NO_VALUE } from './bytes.ts';
import { dateTransform } from './date-masker.ts';
import { type CellFormat, characterLimit, isText, type MaskedType } from './masked-type.ts';
import { bucketTransform } from './number-masker.ts';
import {
  card,
  cardBin,
  email,
  emailDomain,
  fixed,
  initial,
  keepLast,
  phone,
  redact,
  withinCharacters,
} from './text-maskers.ts';
import { cardTokenTransform, tokenTransform } from './token-masker.ts';

export { type CellFormat, type MaskedType };

export interface MaskerOptions {
  /** Default `text`: what the gate asks servers for. */
  readonly format?: CellFormat;
  /** For tokens under a key (token-keys.ts). Without one such a cell is NULL. */
  readonly key?: Uint8Array;
}

/** The transform for one output column. */
export function maskerTransform(
  masker: Masker,
  type: MaskedType,
  { format = 'text', key }: MaskerOptions = {},
): CellTransform {
  switch (masker.kind) {
    case 'date':
      return dateTransform(masker.unit, type, format) ?? none;
    case 'bucket':
      return bucketTransform(masker.size, type, format) ?? none;
    case 'token':
      if (masker.scope !== 'random' && key === undefined) return none;
      return within(tokenTransform(masker.scope === 'random' ? undefined : key, type, format), type);
    case 'card-token':
      if (masker.scope !== 'random' && key === undefined) return none;
      return within(
        isText(type) ? cardTokenTransform(masker.scope === 'random' ? undefined : key, masker.bin) : undefined,
        type,
      );
    default:
      return within(isText(type) ? textTransform(masker) : undefined, type);
  }
}

const none: CellTransform = () => NO_VALUE;

/** Text types hold the same bytes in both formats. */
const within = (transform: CellTransform | undefined, type: MaskedType): CellTransform =>
  transform === undefined ? none : withinCharacters(transform, characterLimit(type));

type TextMasker = Exclude<Masker, { readonly kind: 'date' | 'bucket' | 'token' | 'card-token' }>;

function textTransform(masker: TextMasker): CellTransform {
  switch (masker.kind) {
    case 'null':
      return none;
    case 'redact':
      return redact;
    case 'fixed':
      return fixed(masker.text);
    case 'keep-last':
      return keepLast(masker.count);
    case 'initial':
      return initial;
    case 'email':
      return email;
    case 'email-domain':
      return emailDomain;
    case 'phone':
      return phone;
    case 'card':
      return card;
    case 'card-bin':
      return cardBin;
  }
}
