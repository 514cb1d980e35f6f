/** What each kind of event is called, and a line that tells it from others of its kind. */
import { copiesLine } from './copies-words.ts';
import { type LeafParts } from './leaf-parts.ts';

type Account = readonly [title: string, line: (leaf: LeafParts) => readonly (string | number | undefined)[]];

const why = ({ why }: LeafParts): readonly (string | undefined)[] => [why?.ticket, why?.reason];
const approval = (leaf: LeafParts): readonly (string | undefined)[] => [
  leaf.approval?.kind,
  leaf.approval?.decision,
  leaf.approval?.id,
  ...why(leaf),
];
/** Seconds of the last moment that a date has (ECMA-262 §21.4.1.1). */
const LAST = 8_640_000_000_000;
const until = (seconds: number | undefined): string | undefined =>
  seconds === undefined || Math.abs(seconds) > LAST ? undefined : `until ${new Date(seconds * 1000).toISOString()}`;
const grant = (leaf: LeafParts): readonly (string | undefined)[] => {
  const { name, connection, until: end, alert = [], id } = leaf.grant ?? {};
  const told = alert.length === 0 ? undefined : `to be told: ${alert.join(', ')}`;
  return [name, connection, leaf.k === 'grant.start' ? until(end) : undefined, ...why(leaf), told, id];
};
const token = (leaf: LeafParts): readonly (string | undefined)[] => {
  const { agent, connections, until: end, id } = leaf.token ?? {};
  return [agent, connections?.join(', '), until(end), ...why(leaf), id];
};
const statement = ({ op, pol }: LeafParts): readonly (string | undefined)[] => [
  op?.norm ?? pol?.reasons?.[0]?.sentence,
];
const rows = (count: number | undefined): string | undefined => (count === undefined ? undefined : `${count} rows`);

/** What somebody did with the record, as it goes on after "Record looked at". */
function reviewWords(review: LeafParts['review']): string | undefined {
  switch (review?.what) {
    case 'search':
      return `searched for ${review.filter ?? 'everything'}`;
    case 'text':
      return `read the text of event ${review.index ?? '?'} of ${review.log ?? 'a log'}`;
    case 'export':
      return `exported ${review.filter ?? 'everything'}`;
    default:
      return review?.what;
  }
}

const ACCOUNTS: Readonly<Record<string, Account>> = {
  'log.open': [
    'Log opened',
    ({ log, dev }) => [
      dev?.app,
      dev?.version,
      log?.after?.reason && `after ${log.after.log ?? ''}: ${log.after.reason}`,
    ],
  ],
  'log.recovered': [
    'Log recovered after a crash',
    ({ rec }) => [rec?.intents === undefined ? undefined : `${rec.intents} statements with unknown end`],
  ],
  'log.close': ['Log closed', () => []],
  heartbeat: ['Heartbeat', () => []],
  'clock.jump': ['Clock was set', ({ clock }) => [clock?.by === undefined ? undefined : `by ${clock.by} ms`]],
  'key.bind': ['Device key bound', ({ bind }) => [bind?.alg, bind?.thumbprint]],
  'key.revoke': ['Device key revoked', (leaf) => [leaf.bind?.thumbprint, ...why(leaf)]],
  'session.start': ['Session began', ({ src, dev }) => [src?.door, dev?.app, dev?.version]],
  'session.end': ['Session ended', why],
  'auth.ok': ['Signed in', ({ auth }) => [auth?.method]],
  'auth.failed': ['Sign-in refused or ended', ({ auth }) => [auth?.method, auth?.code]],
  'auth.refresh': ['Sign-in confirmed', ({ auth }) => [auth?.method]],
  'conn.open': ['Connected', (leaf) => [leaf.db?.id, ...(leaf.role?.weak ?? []), ...why(leaf)]],
  'conn.refused': ['Connection refused', (leaf) => [leaf.db?.id, leaf.out?.code, ...(leaf.role?.weak ?? [])]],
  'conn.close': ['Disconnected', (leaf) => [leaf.db?.id, ...why(leaf)]],
  'stmt.intent': ['Statement', statement],
  'stmt.denied': ['Statement', statement],
  'stmt.outcome': ['Statement ended', ({ out }) => [out?.status, out?.sqlstate, out?.code, rows(out?.rows)]],
  'stmt.closed': ['Statement closed', ({ out }) => [out?.status, out?.code]],
  'tx.begin': ['Transaction began', ({ tx }) => [tx?.mode]],
  'tx.end': ['Transaction ended', ({ tx }) => [tx?.end]],
  'view.result': ['Result shown', ({ view }) => [rows(view?.rows)]],
  'clipboard.copy': [
    'Copied to the clipboard',
    ({ view }) => [view?.cells === undefined ? undefined : `${view.cells} cells`, view?.format],
  ],
  'export.intent': ['Export', (leaf) => [leaf.export?.format, leaf.export?.to, rows(leaf.export?.rows), ...why(leaf)]],
  'export.denied': [
    'Export refused',
    (leaf) => [leaf.export?.format, leaf.export?.to, rows(leaf.export?.rows), leaf.pol?.reasons?.[0]?.sentence],
  ],
  'export.outcome': ['Export ended', ({ out, export: file }) => [out?.status, file?.format, rows(file?.rows)]],
  'agent.call': ['Tool called', ({ call }) => [call?.tool]],
  'agent.result': ['Tool answered', ({ call, out }) => [call?.tool, out?.status, out?.code]],
  'approval.request': ['Approval requested', approval],
  'approval.decision': ['Approval decided', approval],
  'approval.expired': ['Approval expired', approval],
  'breakglass.start': ['Break-glass began', approval],
  'breakglass.end': ['Break-glass ended', approval],
  'grant.start': ['Grant taken', grant],
  'grant.end': ['Grant ended', grant],
  'token.issue': ['Token given to an agent', token],
  'token.end': ['Token of an agent ended', token],
  'review.done': [
    'Record looked at',
    ({ review }) => [reviewWords(review), review?.events === undefined ? undefined : `${review.events} events`],
  ],
  'policy.load': [
    'Policy in force',
    ({ load }) => [load?.source, load?.rules === undefined ? undefined : `${load.rules} rules`, load?.hash],
  ],
  'directory.change': ['Directory changed', ({ change }) => [change?.what, change?.from, change?.to]],
  'config.change': [
    'Configuration changed',
    (leaf) => [leaf.change?.what, leaf.change?.from, leaf.change?.to, ...why(leaf)],
  ],
  'upload.state': ['Copies of the record', copiesLine],
  'witness.conflict': ['A witness knows another log', ({ witness }) => [witness?.name]],
  'verify.report': [
    'Record verified',
    ({ report }) => [
      report?.good === undefined ? undefined : report.good ? 'good' : 'with findings',
      report?.events === undefined ? undefined : `${report.events} events`,
    ],
  ],
  'blob.erased': ['Text erased', (leaf) => [leaf.blob, ...why(leaf)]],
  unreadable: ['Unreadable event', () => ['its bytes are not an event']],
};

/** Title and line of an event; the line may be long. */
export function accountOf(leaf: LeafParts): { readonly title: string; readonly line: string } {
  const [title, line] = (Object.hasOwn(ACCOUNTS, leaf.k) ? ACCOUNTS[leaf.k] : undefined) ?? [leaf.k, () => []];
  return {
    title: leaf.op?.title ?? title,
    line: line(leaf)
      .filter((word) => word !== undefined && word !== '')
      .join(' · '),
  };
}
