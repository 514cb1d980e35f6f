import { type ActivityFacetsView, type ActivityRowView, type ConnectionView } from '../../shared/views.ts';
import { environmentName } from '../design/environment.tsx';
import { type Field, fixedValues } from './criteria.ts';
import { kindWords, statusWords, verdictWords } from './outcome.ts';

/** Something a field can narrow to. */
export interface FieldValue {
  readonly value: string;
  readonly words: string;
  /** What tells two of the same words apart. */
  readonly detail: string | null;
  /** Events that have it; null where nobody counted. */
  readonly events: number | null;
}

/** What is known besides the value itself. */
export interface Names {
  readonly people: ReadonlyMap<string, string>;
  readonly connections: ReadonlyMap<string, string>;
}

/** Names by the events that are shown and the connections that are there. */
export function namesOf(rows: readonly ActivityRowView[], connections: readonly ConnectionView[]): Names {
  const people = new Map<string, string>();
  for (const { person, personName } of rows) if (person !== null && personName !== null) people.set(person, personName);
  return { people, connections: new Map(connections.map(({ name, title }) => [name, title])) };
}

const environments = ['development', 'staging', 'production'] as const;
type Environment = (typeof environments)[number];
export const isEnvironment = (name: string | null): name is Environment =>
  environments.some((environment) => environment === name);

/** A person without a name, by the subject that the provider knows: `https://id.example ana` is `ana`. */
const subjectOf = (person: string): string => person.slice(person.lastIndexOf(' ') + 1);

/** A value as a person reads it; what it is made of is data from the record and shown as such. */
export function wordsOf(field: Field, value: string, names: Names): string {
  switch (field) {
    case 'person':
      return names.people.get(value) ?? subjectOf(value);
    case 'connection':
      return names.connections.get(value) ?? value;
    case 'environment':
      return isEnvironment(value) ? environmentName(value) : value;
    case 'verdict':
      return verdictWords(value);
    case 'status':
      return statusWords(value);
    case 'kinds':
      return kindWords(value);
    default:
      return value;
  }
}

const facetOf = {
  person: 'people',
  agent: 'agents',
  connection: 'connections',
  environment: 'environments',
  table: 'tables',
  columnClass: 'classes',
  kinds: 'kinds',
} as const satisfies Partial<Record<Field, keyof ActivityFacetsView>>;

/** What a field can be narrowed to: what the events have, most frequent first; for a few fields always the same. */
export function choicesOf(field: Field, facets: ActivityFacetsView | null, names: Names): readonly FieldValue[] {
  const fixed = fixedValues(field);
  if (fixed !== null)
    return fixed.map((value) => ({ value, words: wordsOf(field, value, names), detail: null, events: null }));
  if (facets === null || !(field in facetOf)) return [];
  if (field === 'person')
    return facets.people.map(({ value, name, events }) => ({
      value,
      words: name === '' ? subjectOf(value) : name,
      detail: value,
      events,
    }));
  return facets[facetOf[field as keyof typeof facetOf]].map(({ value, events }) => {
    const words = wordsOf(field, value, names);
    return { value, words, detail: words === value ? null : value, events };
  });
}

/** Fields that also take what is typed: there may be more values than are listed. */
export const takesTyped = (field: Field): boolean =>
  fixedValues(field) === null && field !== 'kinds' && field !== 'environment';

/** What is typed as the field has it: an e-mail address is kept in lower case. */
export const typedValue = (field: Field, text: string): string => {
  const value = text.trim();
  return field === 'person' && value.includes('@') && !value.includes(' ') ? value.toLowerCase() : value;
};

/** The values that have the letters, in their words or as they are kept. */
export function matching(values: readonly FieldValue[], text: string): readonly FieldValue[] {
  const wanted = text.trim().toLowerCase();
  return values.filter(({ value, words }) => `${words} ${value}`.toLowerCase().includes(wanted));
}
