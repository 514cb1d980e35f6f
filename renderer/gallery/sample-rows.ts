import { type MaskView, type ResultColumnView } from '../../shared/views.ts';

/** Made-up rows for the gallery: a function of row and column, so that ten million of them weigh nothing. */

export interface SampleTable {
  readonly columns: readonly ResultColumnView[];
  cell(row: number, column: number): { readonly text: string | null; readonly masked: boolean };
}

const first = ['Ada', 'Noor', 'Émile', 'Björk', 'Chidi', 'Yuki', 'Zoë', 'Ravi', 'Inés', 'Tomasz'];
const last = [
  'Moreau',
  'Haddad',
  'Dubois',
  'Jónsdóttir',
  'Okafor',
  'Yamada',
  'Smith-Jones',
  'Patel',
  'García',
  'Nowak',
];
const city = ['Lyon', 'Beirut', 'Québec', 'Reykjavík', 'Lagos', 'Tōkyō', 'Leeds', 'Pune', 'Bogotá', 'Łódź'];
const states = ['paid', 'shipped', 'open', 'returned'];

const mask = (output: number, column: string, sensitivity: string, masker: string): MaskView => ({
  output,
  name: column.split('.')[1] ?? column,
  column: `public.${column}`,
  class: sensitivity,
  rule: 'analysts-see-masked-pii',
  masker,
  sentence: `masked: ${sensitivity} (pii), rule analysts-see-masked-pii; ask Sam Okafor (security) to see one column for 15 minutes`,
});

const plain = (name: string, type: string, numeric = false): ResultColumnView => ({ name, type, numeric, mask: null });

export const customerColumns: readonly ResultColumnView[] = [
  plain('id', 'int8', true),
  plain('name', 'text'),
  { ...plain('email', 'text'), mask: mask(2, 'customers.email', 'email', 'the domain') },
  { ...plain('phone', 'text'), mask: mask(3, 'customers.phone', 'phone', 'the last two digits') },
  plain('city', 'text'),
  plain('orders', 'int4', true),
  plain('total', 'numeric', true),
  plain('state', 'order_state'),
  plain('note', 'text'),
  plain('created_at', 'timestamptz'),
];

const at = <T>(list: readonly T[], index: number): T => list[index % list.length] as T;
const mix = (row: number, salt: number): number => Math.abs(Math.imul(row + salt * 7919 + 1, 2654435761) >> 5);
const two = (value: number): string => String(value).padStart(2, '0');

function customer(row: number, column: number): { text: string | null; masked: boolean } {
  const value = (text: string | null): { text: string | null; masked: boolean } => ({ text, masked: false });
  switch (column) {
    case 0:
      return value(String(9_007_199_254_740_993n + BigInt(row)));
    case 1:
      return value(`${at(first, mix(row, 1))} ${at(last, mix(row, 2))}`);
    case 2:
      return {
        text:
          mix(row, 3) % 23 === 0
            ? null
            : `${at(['a', 'n', 'e', 'c'], mix(row, 4))}***@${at(['example.org', 'mail.example', 'post.example'], mix(row, 5))}`,
        masked: true,
      };
    case 3:
      return { text: `•••• ••${two(mix(row, 6) % 100)}`, masked: true };
    case 4:
      return value(at(city, mix(row, 2)));
    case 5:
      return value(mix(row, 7) % 9 === 0 ? null : String(mix(row, 8) % 140));
    case 6:
      return value(`${mix(row, 9) % 25_000}.${two(mix(row, 10) % 100)}`);
    case 7:
      return value(at(states, mix(row, 11)));
    case 8:
      return value(note(mix(row, 12)));
    default:
      return value(
        `2026-${two((mix(row, 13) % 9) + 1)}-${two((mix(row, 14) % 28) + 1)} ${two(mix(row, 15) % 24)}:${two(mix(row, 16) % 60)}:09.${mix(row, 17) % 900_000}+00`,
      );
  }
}

function note(seed: number): string | null {
  if (seed % 3 === 0) return null;
  if (seed % 7 === 0) return '';
  if (seed % 11 === 0) return 'Called twice.\nLeave with the neighbour.';
  return seed % 5 === 0
    ? `{"gift": true, "wrap": "red", "order": ${9007199254740993n + BigInt(seed % 9)}}`
    : 'Ships with the next parcel';
}

export const customers: SampleTable = { columns: customerColumns, cell: customer };

/** As many columns as a very wide table has. */
export function wideTable(columns: number): SampleTable {
  return {
    columns: Array.from({ length: columns }, (_, i) =>
      plain(`measure_${i + 1}`, i % 3 === 0 ? 'text' : 'float8', i % 3 !== 0),
    ),
    cell: (row, column) => ({
      text: column % 3 === 0 ? `r${row} c${column}` : `${mix(row, column) % 10_000}.${mix(column, row) % 10}`,
      masked: false,
    }),
  };
}

/** One row for every way a cell can be, the hostile ones included. */
const kinds: readonly (readonly [what: string, text: string | null])[] = [
  ['plain text', 'Ada Moreau'],
  ['NULL', null],
  ['empty text', ''],
  ['only spaces', '   '],
  ['the word NULL', 'NULL'],
  ['line breaks', 'first line\nsecond line\r\nthird'],
  ['tab', 'left\tright'],
  [
    'long text',
    'It was the best of rows, it was the worst of rows, it was the age of indexes, it was the age of sequential scans',
  ],
  ['10 MB', 'x'.repeat(10_000_000)],
  ['markup', '<img src=x onerror=alert(1)><b>not bold</b>'],
  ['right-to-left override', 'invoice-\u202Efdp.exe'],
  ['zero width', 'pay\u200Bpal.example'],
  ['NUL and escape', 'a\0b\u001b[31mred'],
  ['looks like an escape', 'a\\0b'],
  ['Arabic', 'مرحبا بالعالم'],
  ['Devanagari', 'नमस्ते दुनिया'],
  ['wide characters', '日本語のテキスト'],
  ['emoji', '👩‍💻 ships 🚀 ❤️'],
  [
    'stacked marks',
    'Z\u0351\u036b\u0343\u036a\u0302\u0489\u0323\u0300\u034ea\u0300\u0301\u0302\u0303\u0304\u0305\u0306lgo',
  ],
  ['JSON', '{"id": 9007199254740993, "tags": ["a", "b"], "deep": {"n": 1.10}}'],
  ['bytea', '\\x89504e470d0a1a0a0000000d49484452'],
];

export const cellKinds: SampleTable = {
  columns: [
    plain('kind of cell', 'text'),
    plain('text', 'text'),
    plain('number', 'numeric', true),
    { ...plain('masked', 'text'), mask: mask(3, 'customers.email', 'email', 'the domain') },
    plain('<b>hostile</b> \u202Eheader', 'text'),
  ],
  cell: (row, column) => {
    const [what, text] = at(kinds, row);
    if (column === 0) return { text: what, masked: false };
    if (column === 1) return { text, masked: false };
    if (column === 2)
      return { text: at(['9007199254740993', '-129.90', null, '0.10', 'NaN', '1e-7'], row), masked: false };
    if (column === 3) return { text: at(['a***@***.org', '•••• ••42', null, '▇▇▇▇▇▇'], row), masked: true };
    return { text: what.length % 2 === 0 ? '' : null, masked: false };
  },
};
export const CELL_KINDS = kinds.length;
