import { type StatementIntent } from '../events.ts';

const actor = { user: { iss: 'https://idp.example', sub: 'ana', verified: false } };

/** A statement of one person, for tests of what is recorded. */
export function statement(s: string, text: string): StatementIntent {
  return {
    s,
    actor,
    db: { id: 'shop', engine: 'postgres', host: 'db', port: 5432, database: 'shop', role: 'ana', env: 'staging' },
    op: { class: 'read', title: 'SELECT', objects: [], columns: [], text: { text } },
    pol: { hash: '00', decision: 'allow', rules: ['all'] },
  };
}
