/** What is recorded about copies of the record, in words; docs/record-store.md says more of each. */
import { type LeafParts } from './leaf-parts.ts';

/** By the code of a weakness of a store: what it does not promise. */
const WEAKNESSES: Readonly<Record<string, string>> = {
  'may-overwrite': 'the store replaces what is there',
  'no-conditional-create': 'the store makes second versions instead of refusing them',
  'no-versioning': 'the bucket keeps no versions',
  'no-object-lock': 'the bucket has no Object Lock',
  'no-retention': 'the store keeps nothing from being removed',
  'may-delete': 'this program may delete copies',
  'may-hide': 'this program may hide copies behind deletions',
  'may-shorten': 'retention can be shortened',
  'short-default-retention': 'retention is shorter than asked for',
  'may-not-erase': 'texts that must be erased are kept',
  public: 'the store is public',
  'no-encryption-in-transit': 'copies travel without encryption',
  'same-disk': 'on the same disk as the profile',
  'writable-by-others': 'other accounts may write to the store',
  'not-owner': 'the store belongs to another account',
  'network-folder': 'the store is a network folder',
  'sync-folder': 'the store is a synchronised folder',
};

/** By how far copies are behind: what waits for them. */
const PRESSURES: Readonly<Record<string, string>> = {
  none: 'caught up, nothing waits',
  warn: 'behind, everything still runs',
  'refuse-risky': 'far behind, writes and exports are refused',
  'refuse-all': 'too far behind, everything is refused',
};

const own = (table: Readonly<Record<string, string>>, code: string): string =>
  Object.hasOwn(table, code) ? (table[code] ?? code) : code;

/** Parts of the line of an `upload.state`; what is not known stays as the record has it. */
export function copiesLine({ upload }: LeafParts): readonly (string | undefined)[] {
  const { what, store, code } = upload ?? {};
  switch (what) {
    case 'weak':
      return [code === undefined ? 'the store promises little' : `weak: ${own(WEAKNESSES, code)}`, store];
    case 'pressure':
      return [code === undefined ? what : own(PRESSURES, code), store];
    case 'lost':
      return ['the store cannot be reached', store, code];
    case 'resumed':
      return ['the store is reached again', store];
    case 'fork':
      return ['the store holds another log under this name', store, code];
    default:
      return [what, store, code];
  }
}
