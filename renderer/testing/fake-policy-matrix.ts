import { type MatrixCellView, type MatrixView, type PolicyDiffView } from '../../shared/views.ts';
import { connections } from './fake-organisation.ts';

/** Who may do what by the sample policy; it follows from a few of its words. */

const who = [
  { id: 'group:analysts', title: 'analysts' },
  { id: 'group:engineers', title: 'engineers' },
  { id: 'group:dba', title: 'dba' },
  { id: 'group:oncall', title: 'oncall' },
  { id: 'group:security', title: 'security' },
  { id: 'agent:scout', title: 'Scout, for analysts' },
  { id: 'service:nightly', title: 'Nightly report' },
];
const actions = ['select', 'export', 'insert', 'update', 'delete', 'truncate', 'create', 'alter', 'drop', 'grant'];
const reads = ['select', 'export'];
const writes = ['insert', 'update', 'delete', 'truncate'];

const cell = (
  effect: MatrixCellView['effect'],
  rules: readonly string[],
  obligations: readonly string[] = [],
  conditions: readonly string[] = [],
): MatrixCellView => ({ effect, summary: obligations.join('; '), obligations, rules, conditions });

function cellOf(text: string, asker: string, environment: string, action: string): MatrixCellView {
  const production = environment === 'production';
  const masks = production && !/pii: (clear|none)/.test(text) ? ['masks pii: partial, secret: redact'] : [];
  const rows = /rows: (\d+)/.exec(text)?.[1] ?? '0';
  const bound = [...masks, `at most ${Number(rows).toLocaleString('en')} rows, 120 s`];
  const limits = ['limits', ...(masks.length > 0 ? ['pii-masked'] : [])];
  const drops = text.includes('id: no-drop') && production && ['drop', 'truncate'].includes(action);
  const analyst = ['group:analysts', 'agent:scout', 'service:nightly'].includes(asker);
  if (reads.includes(action)) {
    if (analyst && environment === 'development') return cell('deny', []);
    if (analyst && production)
      return cell('depends', ['analysts-read', 'working-hours', ...limits], bound, [
        'now.weekday > 5 || now.hour < 7 || now.hour >= 19',
      ]);
    if (analyst) return cell('allow', ['analysts-read', 'limits'], bound);
    if (['group:engineers', 'group:dba'].includes(asker)) return cell('allow', [asker.slice(6), ...limits], bound);
    return cell('deny', []);
  }
  if (drops) return cell('deny', ['no-drop']);
  if (asker === 'group:dba' || (asker === 'group:engineers' && action !== 'grant')) {
    if (production) return cell('approval', ['production-writes'], ['approval of the owning team', 'a reason']);
    if (['update', 'delete'].includes(action))
      return cell('depends', [asker.slice(6), 'bulk-needs-dba'], ['approval of group:dba'], ['rows.estimate > 1000']);
    return cell('allow', [asker.slice(6)], writes.includes(action) ? ['at most 120 s'] : []);
  }
  return cell('deny', asker === 'agent:scout' ? ['agents-read-only'] : []);
}

export function matrixOf(text: string, many: boolean): MatrixView {
  const askers = many
    ? [...who, ...Array.from({ length: 60 }, (_, n) => ({ id: `group:team-${String(n)}`, title: `team-${String(n)}` }))]
    : who;
  const extra = Array.from({ length: 12 }, (_, n) => ({
    connection: `warehouse-${String(n)}`,
    title: `warehouse ${String(n)}`,
    environment: 'staging',
  }));
  const places = [
    ...connections.map(({ name, title, environment }) => ({ connection: name, title, environment })),
    ...(many ? extra : []),
  ];
  return {
    who: askers,
    places,
    actions,
    cells: askers.flatMap((one) =>
      places.flatMap(({ environment }) => actions.map((action) => cellOf(text, one.id, environment, action))),
    ),
  };
}

const ids = (text: string): Map<string, string> =>
  new Map(
    text.split(/^ {2}- /m).flatMap((part) => {
      const id = /^(?:\{ )?id: ([\w-]+)/.exec(part)?.[1];
      return id === undefined ? [] : [[id, part.trim()] as const];
    }),
  );

const strength = { deny: 0, approval: 1, depends: 2, allow: 3 } as const;

export function diffOf(before: string, after: string, many: boolean): PolicyDiffView {
  const [old, next] = [ids(before), ids(after)];
  const [one, other] = [matrixOf(before, many), matrixOf(after, many)];
  const rules = {
    added: [...next.keys()].filter((id) => !old.has(id)),
    removed: [...old.keys()].filter((id) => !next.has(id)),
    changed: [...next].filter(([id, text]) => old.has(id) && old.get(id) !== text).map(([id]) => id),
  };
  const changes = one.cells.flatMap((was, at) => {
    const is = other.cells[at] ?? was;
    if (JSON.stringify({ ...was, rules: [] }) === JSON.stringify({ ...is, rules: [] })) return [];
    const wider =
      strength[is.effect] > strength[was.effect] ||
      (is.effect === was.effect && is.obligations.length < was.obligations.length);
    const asker = one.who[Math.floor(at / (one.places.length * one.actions.length))];
    const place = one.places[Math.floor(at / one.actions.length) % one.places.length];
    return [
      {
        who: asker?.id ?? '',
        connection: place?.connection ?? '',
        action: one.actions[at % one.actions.length] ?? '',
        direction: wider ? ('wider' as const) : ('narrower' as const),
        before: was,
        after: is,
      },
    ];
  });
  const same = changes.length === 0 && Object.values(rules).every((list) => list.length === 0);
  return { same, rules, changes };
}
