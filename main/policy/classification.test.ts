import { describe, expect, it } from 'vitest';
import {
  classifiedColumns,
  classify,
  columnKey,
  commentedClass,
  parseColumn,
  policyClasses,
  readClassification,
  type Classification,
  type Masker,
} from './classification.ts';
import { printProblems } from './yaml-file.ts';

const SOURCE = `version: 1
detect: mask
classes:
  email: { group: pii, masker: email, title: e-mail address }
  national-id: { group: pii, masker: { keep-last: 4 } }
  birth-date: { group: pii, masker: null }
columns:
  - classes:
      public.people.mail: email
      'public."odd.table"."a""b"': national-id
  - connections: shop
    classes: { public.people.mail: national-id, public.people.born: birth-date }
`;

function classification(source: string): Classification {
  const result = readClassification(source, ['shop', 'staging']);
  if (!result.ok) throw new Error(printProblems('classification.yaml', result.problems));
  return result.classification;
}

const mail = { schema: 'public', relation: 'people', column: 'mail' };
const other = { schema: 'public', relation: 'people', column: 'other' };

describe('readClassification', () => {
  it('reads classes with their maskers and the columns that have them', () => {
    const read = classification(SOURCE);
    expect(classify(read, 'staging', mail)).toEqual({
      class: 'email',
      group: 'pii',
      title: 'e-mail address',
      masker: { kind: 'email' },
      source: 'file',
    });
    expect(classify(read, 'shop', { ...mail, column: 'born' })?.masker).toEqual({ kind: 'null' });
  });

  it('reads column names in SQL’s double quotes', () => {
    const column = { schema: 'public', relation: 'odd.table', column: 'a"b' };
    expect(classify(classification(SOURCE), 'staging', column)?.masker).toEqual({ kind: 'keep-last', count: 4 });
  });

  it.each<[string, Masker]>([
    ['redact', { kind: 'redact' }],
    ["'null'", { kind: 'null' }],
    ['{ fixed: hidden }', { kind: 'fixed', text: 'hidden' }],
    ['{ email: shape }', { kind: 'email' }],
    ['{ email: keep-domain }', { kind: 'email-domain' }],
    ['{ card: { bin: true } }', { kind: 'card-bin' }],
    ['{ card: { bin: false } }', { kind: 'card' }],
    ['{ card: { token: random } }', { kind: 'card-token', scope: 'random', bin: false }],
    ['{ card: { token: tenant, bin: true } }', { kind: 'card-token', scope: 'tenant', bin: true }],
    ['{ date: month }', { kind: 'date', unit: 'month' }],
    ['{ bucket: 1000 }', { kind: 'bucket', size: 1000 }],
    ['{ token: session }', { kind: 'token', scope: 'session' }],
  ])('reads the masker %s', (text, masker) => {
    const read = classification(`version: 1\nclasses: { e: { group: pii, masker: ${text} } }\n`);
    expect(read.classes.get('e')?.masker).toEqual(masker);
  });

  it.each([
    '{ bucket: 1 }',
    '{ bucket: 0.5 }',
    '{ bucket: 1e300 }',
    '{ token: forever }',
    '{ token: session, bucket: 5 }',
    "{ fixed: '' }",
    '{ date: day }',
    '{ card: { bin: yes, token: x } }',
    '{ kind: email }',
    '[email]',
    '7',
  ])('refuses the masker %s and names those there are', (text) => {
    const result = readClassification(`version: 1\nclasses: { e: { group: pii, masker: ${text} } }\n`, []);
    expect(result.ok ? 'accepted' : printProblems('f', result.problems)).toMatch(/^f:2:29: a masker is one of email, /);
  });

  it.each([
    [
      'a class nobody defined',
      'version: 1\ncolumns:\n  - classes: { a.b.c: mail }\n',
      'classification.yaml:3:16: no class is called "mail"',
    ],
    [
      'a connection that does not exist',
      'version: 1\ncolumns:\n  - { connections: [prod], classes: {} }\n',
      'classification.yaml:3:21: no connection is called "prod" (choices: shop, staging)',
    ],
    [
      'a column without schema',
      'version: 1\nclasses: { e: { group: pii, masker: email } }\ncolumns:\n  - classes: { people.mail: e }\n',
      'classification.yaml:4:16: "people.mail" is not of the form schema.table.column',
    ],
    [
      'a column classified twice',
      'version: 1\nclasses: { e: { group: pii, masker: email }, f: { group: pii, masker: email } }\ncolumns:\n  - classes: { a.b.c: e }\n  - classes: { a.b.c: f }\n',
      'classification.yaml:5:16: "a.b.c" is classified twice, as e and as f',
    ],
    [
      'a masker that does not exist',
      'version: 1\nclasses: { e: { group: pii, masker: hide } }\n',
      /:2:29: a masker is one of email, phone, card,/,
    ],
    [
      'keep-last without a number',
      'version: 1\nclasses: { e: { group: pii, masker: keep-last } }\n',
      /a masker is one of .*\{ keep-last: 4 \}/,
    ],
    [
      'keep-last of everything',
      'version: 1\nclasses: { e: { group: pii, masker: { keep-last: 99 } } }\n',
      /:2:29: a masker is one of/,
    ],
    [
      'a class that is also a group',
      'version: 1\nclasses: { pii: { group: other, masker: email }, e: { group: pii, masker: email } }\n',
      /"pii" is both a class and a group/,
    ],
    [
      'another mode of detection',
      'version: 1\ndetect: on\n',
      'classification.yaml:2:1: detect is not one of its choices (choices: off, suggest, warn, mask)',
    ],
  ])('refuses %s, with its line', (_sentence, source, line) => {
    const result = readClassification(source, ['shop', 'staging']);
    const printed = result.ok ? ['accepted'] : printProblems('classification.yaml', result.problems).split('\n');
    expect(printed).toContainEqual(typeof line === 'string' ? line : expect.stringMatching(line));
  });
});

describe('classify', () => {
  const detected = new Map([
    [columnKey(mail), 'birth-date'],
    [columnKey(other), 'email'],
    [columnKey({ ...other, column: 'strange' }), 'iban'],
  ]);

  it('prefers what is written for this connection', () => {
    expect(classify(classification(SOURCE), 'shop', mail)?.class).toBe('national-id');
  });

  it('prefers what is written to what was detected', () => {
    expect(classify(classification(SOURCE), 'staging', mail, detected)).toMatchObject({
      class: 'email',
      source: 'file',
    });
  });

  it('takes detected columns as classified under detect: mask', () => {
    expect(classify(classification(SOURCE), 'shop', other, detected)).toMatchObject({
      class: 'email',
      source: 'detected',
    });
  });

  it('masks whole what a detector found and no class describes', () => {
    expect(classify(classification(SOURCE), 'shop', { ...other, column: 'strange' }, detected)).toMatchObject({
      class: 'iban',
      group: 'pii',
      masker: { kind: 'redact' },
    });
  });

  it.each(['warn', 'suggest', 'off'])('leaves detected columns alone under detect: %s', (mode) => {
    const read = classification(SOURCE.replace('detect: mask', `detect: ${mode}`));
    expect(classify(read, 'shop', other, detected)).toBeUndefined();
  });

  it('lists the classified columns of a relation, written and detected', () => {
    const columns = classifiedColumns(classification(SOURCE), 'shop', detected).in('public', 'people');
    expect(columns.map(({ column, class: found }) => `${column.column}: ${found.class}`)).toEqual([
      'born: birth-date',
      'mail: national-id',
      'other: email',
      'strange: iban',
    ]);
  });
});

describe('parseColumn', () => {
  it.each(['', 'a', 'a.b', 'a.b.c.d', 'a..c', '.b.c', 'a.b.', 'a."b.c', '"a"b.c.d'])(
    'does not take %j for a column',
    (text) => {
      expect(parseColumn(text)).toBeUndefined();
    },
  );
});

describe('comments on columns', () => {
  const commented = new Map([[columnKey({ schema: 'public', relation: 'people', column: 'mail' }), 'email']]);
  const mail = { schema: 'public', relation: 'people', column: 'mail' };
  const readOf = (text: string) => {
    const read = readClassification(`version: 1\n${text}`, ['shop']);
    if (!read.ok) throw new Error(read.problems[0]?.message);
    return read.classification;
  };
  const CLASSES = 'classes: { email: { group: contact, masker: email }, phone: { group: contact, masker: phone } }\n';

  it.each([
    ['[class: email]', 'email'],
    ['where we write to [ CLASS:Email ], see wiki', 'email'],
    ['[class: national-id] [class: email]', 'national-id'],
    ['class: email', undefined],
    ['[class: ]', undefined],
    ['[classes: email]', undefined],
  ])('of %j say the class %s', (comment, expected) => {
    expect(commentedClass(comment)).toBe(expected);
  });

  it('classify a column that the file does not mention, with what the file says of the class', () => {
    expect(classify(readOf(CLASSES), 'shop', mail, undefined, commented)).toMatchObject({
      class: 'email',
      group: 'contact',
      source: 'comment',
    });
  });

  it('never take the place of what the file says', () => {
    const classification = readOf(`${CLASSES}columns: [{ classes: { public.people.mail: phone } }]\n`);
    expect(classify(classification, 'shop', mail, undefined, commented)).toMatchObject({
      class: 'phone',
      source: 'file',
    });
  });

  it('with a class that the file does not know mask the column whole, rather than not at all', () => {
    expect(classify(readOf(''), 'shop', mail, undefined, commented)).toMatchObject({
      class: 'email',
      group: 'pii',
      masker: { kind: 'redact' },
    });
  });

  it('count for nothing where the file turns them off', () => {
    expect(classify(readOf('comments: off\n'), 'shop', mail, undefined, commented)).toBeUndefined();
  });
});

describe('the classes that a policy may name', () => {
  const FILE = `classes: { email: { group: contact, masker: email }, card: { group: payment, masker: card } }
columns:
  - { classes: { public.people.mail: email, public.people.other: email } }
  - { connections: shop, classes: { crm.contacts.mail: email } }
`;
  const classesOf = (text: string) => {
    const read = readClassification(`version: 1\n${text}`, ['shop']);
    return read.ok ? policyClasses(read.classification) : read.problems;
  };

  it('have the number of columns that the file names', () => {
    expect(classesOf(FILE)).toEqual([
      { name: 'email', group: 'contact', columns: 3 },
      { name: 'card', group: 'payment', columns: 0 },
    ]);
  });

  it('have no number where what detectors find counts too', () => {
    expect(classesOf(`detect: mask\n${FILE}`)).toEqual([
      { name: 'email', group: 'contact' },
      { name: 'card', group: 'payment' },
    ]);
  });
});
