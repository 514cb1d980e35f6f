import '../link/without-eval.ts';
import { type Theme } from '../design/theme.ts';
import { startWorkbench } from '../workbench.tsx';
import { fakeClient } from './fake-client.ts';

/** The window over plain data: `npx vite` and then /testing/preview.html?theme=dark&signed-in=no&profile=local&relations=20000. */
const asked = new URLSearchParams(location.search);
const text = `-- customers who ordered this month, newest first
SELECT c.name, c.email, o.total, o.created_at
FROM customers c
JOIN orders o ON o.customer_id = c.id
WHERE o.created_at >= date_trunc('month', now())
ORDER BY o.created_at DESC;

DELETE FROM orders
WHERE status = 'returned';

SELECT status, count(*) AS orders, sum(total)
FROM orders
GROUP BY status;
`;
const root = document.getElementById('root');
if (root !== null) {
  const client = fakeClient({
    signedIn: asked.get('signed-in') !== 'no',
    identity: asked.get('profile') === 'local' ? 'os-account' : 'oidc',
    relations: Number(asked.get('relations') ?? 6),
    workspace: {
      tabs: [
        { id: 'a', title: 'monthly orders', connection: 'shop-production', text, cursor: 120 },
        {
          id: 'b',
          title: 'customers',
          connection: 'shop-staging',
          text: 'SELECT * FROM customers LIMIT 500;\n',
          cursor: 8,
        },
        { id: 'c', title: 'query 3', connection: 'sandbox', text: 'select 1', cursor: 0 },
      ],
      active: 'a',
      layout: {},
      theme: (asked.get('theme') ?? 'system') as Theme,
    },
  });
  startWorkbench(root, client, { openExternal: () => undefined });
}
