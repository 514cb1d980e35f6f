import { type PolicyCompletionView } from '../../../shared/policy-views.ts';
import { type PolicyContext } from '../compiled-policy.ts';
import { CONDITION_NAMES, FUNCTIONS } from '../condition.ts';
import { CALLS, FACTS, keyDocumentation, WORDS } from './documentation.ts';
import { type Cursor, cursorAt, nodeAt } from './editor-cursor.ts';
import { keyNames, knownNames, type KnownNames, valueNames } from './known-names.ts';
import { isNamed, keysAt, type Spot, spotAt, wordsAt } from './schema-walk.ts';

/** More than this is no help. */
const MOST = 200;

/** What may stand at the cursor in a policy's text, which may be half-written. Nothing of it is run or trusted. */
export function completionsAt(text: string, offset: number, context: PolicyContext): readonly PolicyCompletionView[] {
  const cursor = cursorAt(text, offset);
  const spot = cursor && spotAt(cursor.path);
  if (cursor === undefined || spot === undefined) return [];
  const names = knownNames(text, context);
  const offered = isCondition(spot)
    ? facts(spot)
    : isMap(cursor, spot)
      ? keys(spot, cursor, names)
      : values(spot, names);
  const { from, to, typed } = isCondition(spot) ? lastName(cursor) : cursor;
  const colon = text.slice(to).startsWith(':');
  return offered
    .filter(({ label }) => matches(label, typed))
    .slice(0, MOST)
    .map(({ label, kind, detail, isKey }) => ({
      label,
      kind,
      detail,
      insert: isKey === true && !colon ? `${label}: ` : label,
      from,
      to,
    }));
}

interface Offer {
  readonly label: string;
  readonly kind: PolicyCompletionView['kind'];
  readonly detail: string;
  readonly isKey?: true;
}

const isCondition = ({ keys: path }: Spot): boolean => path.at(-1) === 'when';

/** A word where a map is to stand is the beginning of its first key. */
function isMap({ role }: Cursor, spot: Spot): boolean {
  return keysAt(spot).length > 0 || isNamed(spot) ? role === 'key' || wordsAt(spot).length === 0 : false;
}

function keys(spot: Spot, { siblings }: Cursor, names: KnownNames): readonly Offer[] {
  const known = keysAt(spot).map(({ keys: path }): Offer => ({
    label: path.at(-1) ?? '',
    kind: 'key',
    detail: keyDocumentation(path) ?? '',
    isKey: true,
  }));
  const own = isNamed(spot)
    ? keyNames(spot.keys, names).map((name): Offer => ({ ...name, kind: 'name', isKey: true }))
    : [];
  return [...known, ...own].filter(({ label }) => !siblings.includes(label));
}

function values(spot: Spot, names: KnownNames): readonly Offer[] {
  return [
    ...wordsAt(spot).map((label): Offer => ({ label, kind: 'value', detail: WORDS[label] ?? '' })),
    ...valueNames(spot.keys, names).map((name): Offer => ({ ...name, kind: 'name' })),
  ];
}

function facts({ keys: path }: Spot): readonly Offer[] {
  const calls = FUNCTIONS.map((label): Offer => ({ label, kind: 'fact', detail: CALLS[label] ?? '' }));
  if (path.includes('services')) {
    const claims = ['claims.sub', 'claims.repository', 'claims.ref', 'claims.namespace_path', 'claims.project_path'];
    return [...claims.map((label): Offer => ({ label, kind: 'fact', detail: 'a claim of the token' })), ...calls];
  }
  return [...CONDITION_NAMES.map((label): Offer => ({ label, kind: 'fact', detail: FACTS[label] ?? '' })), ...calls];
}

/** In a condition a name ends where an operator, or the dot of a call, begins. */
function lastName({ from, to, typed }: Cursor): Pick<Cursor, 'from' | 'to' | 'typed'> {
  const [name = ''] = /[\w.]*$/.exec(typed) ?? [];
  return { from: from + typed.length - name.length, to, typed: name };
}

const matches = (label: string, typed: string): boolean => label.toLowerCase().includes(typed.toLowerCase());

/** What the key or word at an offset means, in Markdown; null where there is nothing to say. */
export function hoverAt(
  text: string,
  offset: number,
  context: PolicyContext,
): { readonly text: string; readonly from: number; readonly to: number } | null {
  const node = nodeAt(text, offset);
  const spot = node && spotAt(node.role === 'key' ? [...node.path, node.text] : node.path);
  if (node === undefined || spot === undefined) return null;
  if (isCondition(spot) && node.role === 'value') return factAt(text, offset);
  const { from, to } = node;
  if (node.role === 'key' && !isNamed(spotAt(node.path) ?? spot)) {
    const words = keyDocumentation(spot.keys);
    return words === undefined ? null : { text: `**${node.text}** ${words}`, from, to };
  }
  const names = knownNames(text, context);
  const offered = [...values(spot, names), ...keyNames(spot.keys, names)];
  const found = offered.find(({ label }) => label === node.text || label === `"${node.text}"`);
  return found === undefined || found.detail === '' ? null : { text: `**${node.text}** ${found.detail}`, from, to };
}

function factAt(text: string, offset: number): ReturnType<typeof hoverAt> {
  const [before = ''] = /[\w.]*$/.exec(text.slice(0, offset)) ?? [];
  const [after = ''] = /^[\w.]*/.exec(text.slice(offset)) ?? [];
  const word = before + after;
  const words = FACTS[word] ?? CALLS[word.split('.').at(-1) ?? ''];
  return words === undefined
    ? null
    : { text: `**${word}** ${words}`, from: offset - before.length, to: offset + after.length };
}
