import { type StatementIntent } from '../main/audit/index.ts';

/** A statement as people run it every day, with masks. */
export const statement: StatementIntent = {
  s: 'bench',
  actor: {
    user: { iss: 'https://idp.example', sub: 'ana', email: 'ana@example.com', groups: ['analysts'], verified: false },
  },
  db: {
    id: 'shop',
    engine: 'postgres',
    host: 'db.example',
    port: 5432,
    database: 'shop',
    role: 'ana',
    env: 'production',
  },
  op: {
    class: 'read',
    title: 'SELECT',
    fingerprint: '50fde20626009aba',
    norm: 'select id, name, email from customers where country = $1 order by created_at limit $2',
    objects: [{ name: 'public.customers', access: 'read' }],
    columns: ['id', 'name', 'email'].map((name) => ({
      name: `public.customers.${name}`,
      place: 'output',
      class: 'pii',
    })),
    text: { text: "select id, name, email from customers where country = 'NL' order by created_at limit 100" },
  },
  pol: { hash: 'ab'.repeat(32), decision: 'allow', rules: ['analysts-read', 'mask-pii'], obligations: ['mask email'] },
};
