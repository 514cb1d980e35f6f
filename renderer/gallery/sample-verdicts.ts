import { type RunEvent, type SpanView, type VerdictView } from '../../shared/views.ts';
import { customerColumns } from './sample-rows.ts';

/** Verdicts as the gate gives them, for the gallery. */

export const selectText = `SELECT c.id, c.name, c.email, c.phone, c.city,
       o.orders, o.total, o.state, c.note, c.created_at
FROM customers c JOIN order_totals o ON o.customer_id = c.id
WHERE c.created_at >= '2026-01-01'`;

export const deleteText = `DELETE FROM customers
WHERE created_at < '2020-01-01'`;

/** Where some words of the statement stand. */
function span(words: string): SpanView {
  const start = selectText.indexOf(words);
  return { start, end: start + words.trimEnd().length };
}

export const allowed: VerdictView = {
  verdict: 'allow',
  action: 'select',
  title: 'Read customers, order_totals',
  effects: ['reads'],
  objects: [
    { name: 'public.customers', access: 'read', via: null },
    { name: 'public.orders', access: 'read', via: 'public.order_totals' },
  ],
  columns: [
    { column: 'public.customers.email', place: 'output', span: span('c.email') },
    { column: 'public.customers.created_at', place: 'predicate', span: span('c.created_at >=') },
    { column: 'public.customers.id', place: 'join-key', span: span('c.id\n') },
  ],
  functions: [],
  operators: [
    { name: '=', span: span('= c.id') },
    { name: '>=', span: span('>=') },
  ],
  casts: [],
  types: [],
  outputs: [
    { name: 'id', from: ['public.customers.id'], made: 'plain', span: span('c.id') },
    { name: 'name', from: ['public.customers.name'], made: 'plain', span: span('c.name') },
    { name: 'email', from: ['public.customers.email'], made: 'plain', span: span('c.email') },
    { name: 'phone', from: ['public.customers.phone'], made: 'plain', span: span('c.phone') },
    { name: 'total', from: ['public.orders.total'], made: 'computed', span: span('o.total') },
  ],
  masks: customerColumns.flatMap((column) => (column.mask === null ? [] : [column.mask])),
  rules: [
    { id: 'analysts-read-shop', effect: 'allow', text: 'Analysts read the shop.' },
    { id: 'analysts-see-masked-pii', effect: 'mask', text: 'Personal data is masked for analysts.' },
  ],
  reasons: [],
  limits: { rows: 1_000_000, bytes: 256 * 1024 * 1024, statementTimeout: 30_000 },
  groupSize: null,
  permitted: [],
  unordered: false,
  approvers: [],
  needs: [],
  grants: [],
  leaving: { kind: 'yes', sentence: null },
  watermark: null,
  secondLineage: { on: true, sentence: 'On, and the server’s log stays quiet.', mend: [] },
  cut: false,
};

export const refused: VerdictView = {
  ...allowed,
  verdict: 'refuse',
  action: 'delete',
  title: 'Delete from customers on production',
  effects: ['writes'],
  objects: [{ name: 'public.customers', access: 'write', via: null }],
  masks: [],
  outputs: [],
  rules: [
    { id: 'production-is-read-only', effect: 'deny', text: 'Nobody writes to production without an approved change.' },
  ],
  reasons: [
    {
      code: 'write-not-allowed',
      sentence: 'DELETE changes public.customers, and production is read-only for analysts.',
      next: 'Run it on staging, or ask for a change: an engineer of the shop team can approve it.',
      span: { start: 0, end: 21 },
    },
    {
      code: 'no-row-bound',
      sentence: 'The number of rows it deletes is not bounded.',
      next: 'Select the rows first to see how many there are.',
      span: { start: 22, end: 54 },
    },
  ],
  limits: null,
  unordered: false,
  approvers: ['Eli Novak (engineer)', 'Sam Okafor (security)'],
};

export const asked: VerdictView = {
  ...refused,
  verdict: 'ask',
  reasons: refused.reasons.slice(0, 1),
  rules: [
    {
      id: 'production-writes-need-two',
      effect: 'require',
      text: 'A write to production is approved by a second person.',
    },
  ],
};

export const judged = (verdict: VerdictView, end: number): RunEvent => ({
  kind: 'verdict',
  statement: { start: 0, end },
  verdict,
});
