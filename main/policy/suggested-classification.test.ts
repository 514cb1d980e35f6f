import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { columnKey, readClassification } from './classification.ts';
import { suggestedClassification } from './suggested-classification.ts';

const none = { classes: new Map() };
const mail = { schema: 'public', relation: 'people', column: 'mail' };

describe('suggested lines of classification.yaml', () => {
  it('define the classes that are missing, and name the columns', () => {
    const lines = suggestedClassification('shop', [{ column: mail, class: 'email' }], none);
    expect(lines).toBe(
      'classes:\n  email:\n    group: pii\n    masker: email\n    title: e-mail address\ncolumns:\n  - connections:\n      - shop\n    classes:\n      public.people.mail: email\n',
    );
  });

  it('leave out a class that the profile defines', () => {
    const known = { classes: new Map([['email', {} as never]]) };
    expect(suggestedClassification('shop', [{ column: mail, class: 'email' }], known)).not.toContain('masker');
  });

  it('are none where nothing is suggested', () => {
    expect(suggestedClassification('shop', [], none)).toBe('');
  });

  it('are read back as what was suggested, whatever the columns are called', () => {
    // Catalog names hold any character but NUL.
    const name = fc.string({ minLength: 1, maxLength: 12, unit: 'grapheme' }).filter((text) => !text.includes('\0'));
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.record({ schema: name, relation: name, column: name }), {
          minLength: 1,
          maxLength: 5,
          selector: columnKey,
        }),
        fc.constantFrom('email', 'phone', 'card', 'secret', 'birth-date', 'of-its-own'),
        (columns, of) => {
          const lines = suggestedClassification(
            'shop',
            columns.map((column) => ({ column, class: of })),
            none,
          );
          const read = readClassification(`version: 1\n${lines}`, ['shop']);
          expect(read.ok && read.classification.columns.get('shop')).toEqual(
            new Map(columns.map((column) => [columnKey(column), of])),
          );
        },
      ),
    );
  });
});
