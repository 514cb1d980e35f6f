import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { explainSections } from '../../../shared/explain.ts';
import { type ExaminationView, type VerdictView } from '../../../shared/views.ts';
import { startWorkplace, type Workplace } from '../testing/workplace.ts';
import { run, signIn } from './testing/terminal.ts';

const REFUSED = `SELECT lower(c.name), c.id::text, count(*)
FROM customers c JOIN orders o ON o.customer_id = c.id
WHERE c.email LIKE 'a%'
GROUP BY 1, 2`;

describe('the demonstration on the command line', () => {
  let workplace: Workplace;
  let home: string;
  beforeAll(async () => {
    workplace = await startWorkplace();
    ({ home } = workplace);
    await signIn(home, 'ana');
  });
  afterAll(() => workplace.stop());

  async function explain(sql: string): Promise<{ readonly text: string; readonly view: VerdictView }> {
    const text = await run(['explain', 'production', '--sql', sql, '--home', home]);
    const json = await run(['explain', 'production', '--sql', sql, '--json', '--home', home]);
    return { text: text.stdout, view: JSON.parse(json.stdout) as VerdictView };
  }

  it('explains a refusal with the place marked, and everything that the statement names', async () => {
    const { text, view } = await explain(REFUSED);
    expect(text).toMatch(/^Refused: SELECT\nWhy:\n/);
    const lines = text.split('\n');
    const marked = lines.findIndex((line) => line.includes("line 3: WHERE c.email LIKE 'a%'"));
    const caret = lines[marked + 1] ?? '';
    expect(lines[marked]?.slice(caret.indexOf('^'), caret.lastIndexOf('^') + 1)).toBe('c.email');
    expect(view.functions.map(({ name }) => name)).toEqual(['lower', 'count']);
    expect(view.operators.map(({ name }) => name).sort()).toEqual(['=', '~~']);
    expect(view.casts.map(({ name, span }) => [name, span && REFUSED.slice(span.start, span.end)])).toEqual([
      ['text', 'text'],
    ]);
    expect(text).toContain('  public.customers.email in a condition\n');
    expect(text).toContain('  public.orders.customer_id as a join key\n');
    expect(view.secondLineage).toEqual({ on: true, sentence: 'On, and the server’s log stays quiet.', mend: [] });
  });

  it('prints every line that the window shows, and nothing else but marks', async () => {
    for (const sql of [
      REFUSED,
      'SELECT email, id FROM customer_orders ORDER BY placed_at',
      'SELECT FROM',
      'DROP TABLE x',
    ]) {
      const { text, view } = await explain(sql);
      const shown = explainSections(view).flatMap(({ title, lines }) => [
        `${title}:`,
        ...lines.flatMap(({ text: words, note }) => [`  ${words}`, ...(note === null ? [] : [`    ${note}`])]),
      ]);
      const printed = text.trimEnd().split('\n').slice(1);
      expect(printed.filter((line) => !/^ +(line \d+: .*|\^+)$/.test(line))).toEqual(shown);
    }
  });

  it('says which output is masked in the words of its tooltip', async () => {
    const { text, view } = await explain('SELECT email FROM customers');
    expect(view.masks[0]?.sentence).toMatch(/^masked: /);
    expect(text).toContain(`  1 email = public.customers.email\n    ${view.masks[0]?.sentence ?? ''}\n`);
  });

  it('names columns as they are written where the text alone is refused', async () => {
    const { view } = await explain('COPY (SELECT email FROM customers WHERE id > 1) TO STDOUT');
    expect(view.verdict).toBe('refuse');
    expect(view.columns.map(({ column, place }) => `${column} ${place}`)).toEqual(['email output', 'id predicate']);
  });

  it('says that it lists no more than five hundred of anything', async () => {
    const { view } = await explain(
      `SELECT ${Array.from({ length: 600 }, () => 'lower(country)').join(', ')} FROM customers`,
    );
    expect(view.functions).toHaveLength(500);
    expect(view.cut).toBe(true);
  });

  it('reads production through a role that can do nothing more, and says what the one of staging can', async () => {
    const doctor = async (connection: string) => {
      const { code, stdout } = await run(['connections', 'doctor', connection, '--json', '--home', home]);
      const { findings } = JSON.parse(stdout) as ExaminationView;
      return { code, weak: findings.filter(({ level }) => level !== 'good').map((finding) => finding.code) };
    };
    expect(await doctor('production')).toEqual({ code: 0, weak: [] });
    expect(await doctor('staging')).toEqual({ code: 0, weak: ['owns-relations', 'create-on-search-path'] });
  });
});
