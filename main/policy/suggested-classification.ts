import { stringify } from 'yaml';
import { type Classification, type ColumnName } from './classification.ts';

/** A column and the class that somebody proposes for it. */
export interface ProposedColumn {
  readonly column: ColumnName;
  readonly class: string;
}

/** What a class means where a profile has not said: the groups and maskers that a new profile begins with. */
const USUAL: Readonly<Record<string, { readonly group: string; readonly masker: unknown; readonly title: string }>> = {
  email: { group: 'pii', masker: 'email', title: 'e-mail address' },
  phone: { group: 'pii', masker: 'phone', title: 'phone number' },
  'person-name': { group: 'pii', masker: 'initial', title: 'name of a person' },
  'national-id': { group: 'pii', masker: { 'keep-last': 4 }, title: 'national id' },
  ssn: { group: 'pii', masker: { 'keep-last': 4 }, title: 'social security number' },
  'birth-date': { group: 'pii', masker: { date: 'year' }, title: 'date of birth' },
  address: { group: 'pii', masker: 'redact', title: 'postal address' },
  'ip-address': { group: 'pii', masker: 'redact', title: 'IP address' },
  card: { group: 'payment', masker: 'card', title: 'card number' },
  iban: { group: 'payment', masker: { 'keep-last': 4 }, title: 'bank account' },
  secret: { group: 'secret', masker: 'redact', title: 'password or key' },
};

/** Lines for classification.yaml that say what is proposed: the classes it does not define yet, and the columns. */
export function suggestedClassification(
  connection: string,
  proposed: readonly ProposedColumn[],
  known: Pick<Classification, 'classes'>,
): string {
  if (proposed.length === 0) return '';
  const missing = [...new Set(proposed.map((one) => one.class))].filter((name) => !known.classes.has(name)).sort();
  const classes = Object.fromEntries(missing.map((name) => [name, usualClass(name)]));
  const columns = Object.fromEntries(proposed.map(({ column, class: of }) => [writtenColumn(column), of]));
  return stringify(
    {
      ...(missing.length === 0 ? {} : { classes }),
      columns: [{ connections: [connection], classes: columns }],
    },
    { lineWidth: 0 },
  );
}

/** A class as classification.yaml would define it: what it usually means, or masked whole where nobody knows. */
export const usualClass = (name: string) => USUAL[name] ?? { group: 'pii', masker: 'redact', title: name };

/** As classification.yaml writes a column: `schema.table.column`, in double quotes where a part has a dot or a quote. */
export function writtenColumn({ schema, relation, column }: ColumnName): string {
  const part = (name: string): string => (/^[^".]+$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`);
  return [schema, relation, column].map(part).join('.');
}
