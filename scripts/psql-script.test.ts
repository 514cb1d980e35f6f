import { describe, expect, it } from 'vitest';
import { readPsqlScript } from './psql-script.ts';

const statements = (text: string): readonly unknown[] =>
  readPsqlScript(text, { HOME_OF_DATA: '/data' }).steps.map((step) =>
    'statement' in step ? step.statement : 'new session',
  );

describe('a script written for psql', () => {
  it('is its statements, without commands of psql', () => {
    expect(statements('\\d t\nselect 1; select 2;\n\\echo x\nselect\n3;')).toEqual([
      'select 1',
      'select 2',
      'select\n3',
    ]);
  });

  it('leaves out what COPY reads from it', () => {
    expect(statements('copy t from stdin;\n1;\n2;\n\\.\nselect 1;')).toEqual(['copy t from stdin', 'select 1']);
  });

  it('ends statements where psql does', () => {
    expect(statements('select 1 \\gset\nselect 2 \\gx\nselect 3\n\\gexec\nselect 4\\; select 5;')).toEqual([
      ...['select 1', 'select 2', 'select 3', 'select 4', 'select 5'],
    ]);
  });

  it('finds files by the variables that the script sets', () => {
    const text = "\\getenv dir HOME_OF_DATA\n\\set file :dir '/x.data'\ncopy t from :'file';\nselect a[1:2], b::int;";
    expect(statements(text)).toEqual(["copy t from '/data/x.data'", 'select a[1:2], b::int']);
  });

  it('counts statements whose variables are not known', () => {
    expect(readPsqlScript("select :'x'; select 1;", {})).toEqual({ steps: [{ statement: 'select 1' }], leftOut: 1 });
  });

  it('says where a new session begins', () => {
    expect(statements('select 1;\n\\c -\nselect 2;')).toEqual(['select 1', 'new session', 'select 2']);
  });
});
