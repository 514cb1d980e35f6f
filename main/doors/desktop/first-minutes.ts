import { type WorkspaceState } from '../../../shared/views.ts';

/** What a person finds in the demonstration's window the first time: statements to run one by one, each showing one thing. */
const TEXT = `-- The first five minutes. Put the cursor into a statement and press Ctrl+Enter.

-- 1. Personal data comes back masked. The lock in the header says which rule masks it.
SELECT id, name, email, phone, country FROM customers ORDER BY id LIMIT 200;

-- 2. Masked columns may be shown, not used: a filter would tell their values. This is refused.
SELECT name FROM customers WHERE email LIKE 'ada%';

-- 3. Everything else is ordinary SQL.
SELECT c.country, count(*) AS orders, sum(o.total) AS revenue
FROM customers c JOIN orders o ON o.customer_id = c.id
WHERE o.placed_at >= date '2026-01-01'
GROUP BY c.country ORDER BY revenue DESC;

-- 4. Views are looked through: the e-mail address stays masked.
SELECT * FROM customer_orders ORDER BY placed_at DESC LIMIT 100;

-- 5. A million rows scroll like ten. Ctrl+End goes to the last one.
SELECT i AS row, md5(i::text) AS hash, i * 1.5 AS value FROM generate_series(1, 1000000) AS i;

-- 6. Writing to production is refused, with the reason.
DELETE FROM orders WHERE status = 'returned';

-- 7. Each of these is in the record now, refusals too. Open Verify on the left and check it.
`;

/** The starting workspace, with one tab on production. */
export function firstMinutes(empty: WorkspaceState): WorkspaceState {
  const tab = {
    id: 'first-minutes',
    title: 'first five minutes',
    connection: 'production',
    text: TEXT,
    cursor: TEXT.indexOf('SELECT'),
  };
  return { ...empty, tabs: [tab], active: tab.id };
}
