import { type ActivityCriteria, type ActivityQuery } from '../../shared/views.ts';
import { boundsOf } from './time-range.ts';

/** What narrows the events, as pure data: every change takes criteria and gives the next ones. */

export type Filter = ActivityCriteria['filter'];
export type Field = Exclude<keyof Filter, 'text'>;

/** Longest word the contract takes (shared/contract.ts), UTF-16 units. Criteria over it could not be saved with the workspace. */
const LONGEST_WORD = 400;
const MOST_KINDS = 60;

/** The fields in the order they stand in the filter bar. */
export const fields: readonly { readonly field: Field; readonly label: string }[] = [
  { field: 'person', label: 'Person' },
  { field: 'agent', label: 'Agent' },
  { field: 'connection', label: 'Connection' },
  { field: 'environment', label: 'Environment' },
  { field: 'table', label: 'Table' },
  { field: 'column', label: 'Column' },
  { field: 'columnClass', label: 'Class' },
  { field: 'verdict', label: 'Verdict' },
  { field: 'status', label: 'Outcome' },
  { field: 'kinds', label: 'Kind' },
];

export const firstCriteria: ActivityCriteria = { filter: {}, range: { kind: 'last', span: 'day' } };

/** Of the fields whose values are a fixed few. */
const FIXED: Partial<Record<Field, readonly string[]>> = {
  verdict: ['allow', 'refuse', 'ask'] satisfies NonNullable<Filter['verdict']>[],
  status: ['done', 'failed', 'cancelled', 'refused', 'running', 'unknown', 'not_started'] satisfies NonNullable<
    Filter['status']
  >[],
};

export const fixedValues = (field: Field): readonly string[] | null => FIXED[field] ?? null;

/** The values a field narrows to; none where it does not. */
export function valuesOf(filter: Filter, field: Field): readonly string[] {
  const value = filter[field];
  return value === undefined ? [] : typeof value === 'string' ? [value] : value;
}

/** Narrows a field to a value, or no longer where there is none. What the contract would not take leaves the filter as it was. */
export function narrowedTo(filter: Filter, field: Field, values: readonly string[]): Filter {
  const { [field]: _before, ...rest } = filter;
  const kept = values.map((value) => value.trim()).filter((value) => value !== '');
  const first = kept[0];
  if (first === undefined) return rest;
  const known = FIXED[field];
  if (kept.some((value) => value.length > LONGEST_WORD || (known !== undefined && !known.includes(value))))
    return filter;
  return { ...rest, [field]: field === 'kinds' ? kept.slice(0, MOST_KINDS) : first };
}

/** Adds a value to a field that takes several, or takes it away. */
export function toggledValue(filter: Filter, field: Field, value: string): Filter {
  const values = valuesOf(filter, field);
  if (field !== 'kinds') return narrowedTo(filter, field, values.includes(value) ? [] : [value]);
  return narrowedTo(
    filter,
    field,
    values.includes(value) ? values.filter((other) => other !== value) : [...values, value],
  );
}

/** Searches for words; an empty text does not narrow. Cut where the contract ends. */
export function searchedFor(filter: Filter, text: string): Filter {
  const { text: _before, ...rest } = filter;
  return text.trim() === '' ? rest : { ...rest, text: text.slice(0, LONGEST_WORD) };
}

export const isNarrowed = (filter: Filter): boolean =>
  filter.text !== undefined || fields.some(({ field }) => valuesOf(filter, field).length > 0);

/** What is asked of the gate. `now` in ms since 1970 UTC: a span that is counted back begins there. */
export function queryOf({ filter, range }: ActivityCriteria, now: number): ActivityQuery {
  return { ...filter, ...boundsOf(range, now) };
}

/** The same query without one field: what there would be to choose from. */
export function queryWithout(criteria: ActivityCriteria, field: Field, now: number): ActivityQuery {
  return queryOf({ ...criteria, filter: narrowedTo(criteria.filter, field, []) }, now);
}

/** Who touched this column, or this table: everything else that narrowed is let go, the last 90 days are looked at. */
export function touching(
  connection: string,
  what: { readonly table: string } | { readonly column: string },
): ActivityCriteria {
  const field = 'table' in what ? 'table' : 'column';
  const name = 'table' in what ? what.table : what.column;
  const filter = narrowedTo(narrowedTo({}, 'connection', [connection]), field, [name]);
  return { filter, range: { kind: 'last', span: 'quarter' } };
}
