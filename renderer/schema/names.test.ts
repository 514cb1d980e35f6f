import { expect, it } from 'vitest';
import { shortType } from './names.ts';

it.each([
  ['timestamp with time zone', 'timestamptz'],
  ['timestamp(3) without time zone', 'timestamp(3)'],
  ['character varying(80)', 'varchar(80)'],
  ['character(2)', 'char(2)'],
  ['character varying(80)[]', 'varchar(80)[]'],
  ['double precision', 'float8'],
  ['integer', 'integer'],
  ['character_type', 'character_type'],
])('the type %s is shown as %s', (type, short) => {
  expect(shortType(type)).toBe(short);
});
