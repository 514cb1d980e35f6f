import { z } from 'zod';
import { stream, unary } from './rpc/types.ts';
import {
  type AgentView,
  type ClassificationProposalView,
  type ClassifiedColumnView,
  type GrantsView,
  type GrantView,
  type IssuedTokenView,
  type LoginView,
  type MatrixView,
  type PolicyCheckView,
  type PolicyCompletionView,
  type PolicyDiffView,
  type PolicyExplanationView,
  type PolicyStateView,
  type SettingsView,
  type SimulationView,
  type ActivityChartView,
  type ActivityEventView,
  type ActivityFacetsView,
  type ActivityPageView,
  type ActivityProgressView,
  type AppInfo,
  type AuditStateView,
  type ColumnView,
  type ConnectionView,
  type ExaminationView,
  type HistoryEntry,
  type PersonView,
  type RelationView,
  type RunEvent,
  type SchemaView,
  type SignInStep,
  type VerdictView,
  type VerifyView,
  type WorkspaceState,
} from './views.ts';

/** Largest statement the window may send, UTF-16 units; the gate has a smaller bound of its own and says so. */
const MAX_TEXT = 8 * 1024 * 1024;

const none = z.void();
const name = z.string().min(1).max(200);
const statement = z.strictObject({ connection: name, text: z.string().max(MAX_TEXT) });
const relation = z.strictObject({ connection: name, schema: name, relation: name });
const span = z.strictObject({ start: z.int().min(0), end: z.int().min(0) });

const tab = z.strictObject({
  id: name,
  title: z.string().max(200),
  connection: name.nullable(),
  text: z.string().max(MAX_TEXT),
  cursor: z.int().min(0),
});

/** UTF-16 units; the file itself may have a million bytes. */
const MAX_POLICY = 1024 * 1024;
const policyText = z.strictObject({ text: z.string().max(MAX_POLICY) });

const word = z.string().max(400).optional();
const instant = z.number().min(0).max(8_640_000_000_000_000);

/** What the Activity view looks for: shared/views.ts `ActivityQuery`. */
const activityQuery = z.strictObject({
  person: word,
  agent: word,
  connection: word,
  environment: word,
  table: word,
  column: word,
  columnClass: word,
  verdict: z.enum(['allow', 'refuse', 'ask']).optional(),
  status: z.enum(['done', 'failed', 'cancelled', 'refused', 'unknown', 'not_started', 'running']).optional(),
  kinds: z.array(z.string().max(60)).max(60).readonly().optional(),
  from: instant.optional(),
  to: instant.optional(),
  text: word,
});

/** The filter without its times, and the times: a span counted back from now, or exact. Kept between starts. */
const activityCriteria = z.strictObject({
  filter: activityQuery.omit({ from: true, to: true }),
  range: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('last'), span: z.enum(['hour', 'day', 'week', 'month', 'quarter', 'all']) }),
    z.strictObject({ kind: z.literal('exact'), from: instant, to: instant }),
  ]),
});

export const workspaceState = z.strictObject({
  tabs: z.array(tab).max(500),
  active: name.nullable(),
  layout: z.record(z.string().max(60), z.number()),
  theme: z.enum(['system', 'light', 'dark', 'high-contrast']),
  activity: activityCriteria.optional(),
  policy: z.strictObject({ text: z.string().max(MAX_POLICY), revision: name }).optional(),
});

const rectangle = z.strictObject({
  result: name,
  firstRow: z.int().min(0),
  rows: z.int().min(1).max(4096),
  firstColumn: z.int().min(0),
  columns: z.int().min(1).max(4096),
});

/** Everything the window can ask of the gate process. */
export const desktop = {
  'app.info': unary<AppInfo>()(none),
  'session.current': unary<PersonView | null>()(none),
  'session.signIn': stream<SignInStep>()(none),
  'session.signOut': unary<null>()(none),
  /** The person proves again who they are; `done` when what asks for it may be run. */
  'session.stepUp': stream<SignInStep>()(none),
  /** This person's logins on this profile. */
  'session.list': unary<readonly LoginView[]>()(none),
  'session.end': unary<null>()(z.strictObject({ id: name })),
  'agents.list': unary<readonly AgentView[]>()(none),
  'agents.issue': unary<IssuedTokenView>()(
    z.strictObject({
      agent: name,
      minutes: z.int().min(1).max(1440),
      connections: z.array(name).min(1).max(100).optional(),
    }),
  ),
  /** Ends one token, or all of this person's for one agent; what runs with it is cancelled. */
  'agents.stop': unary<null>()(z.union([z.strictObject({ token: name }), z.strictObject({ agent: name })])),
  'grants.list': unary<GrantsView>()(none),
  'grants.take': unary<GrantView>()(
    z.strictObject({
      grant: name,
      connection: name,
      minutes: z.int().min(1).max(1440).optional(),
      reason: z.string().max(2000).optional(),
    }),
  ),
  'grants.end': unary<null>()(z.strictObject({ id: name, why: z.string().min(1).max(500) })),
  'settings.state': unary<SettingsView>()(none),
  /** Now and whenever the file or what is in force changes. */
  'policy.state': stream<PolicyStateView>()(none),
  'policy.check': unary<PolicyCheckView>()(policyText),
  'policy.complete': unary<readonly PolicyCompletionView[]>()(
    z.strictObject({ ...policyText.shape, offset: z.int().min(0) }),
  ),
  /** What the key or word there means, in Markdown without links; null where there is nothing to say. */
  'policy.hover': unary<{ readonly text: string; readonly from: number; readonly to: number } | null>()(
    z.strictObject({ ...policyText.shape, offset: z.int().min(0) }),
  ),
  'policy.matrix': unary<MatrixView>()(policyText),
  /** What the text would change of the policy in force. */
  'policy.diff': unary<PolicyDiffView>()(policyText),
  /** `as` as in a policy test: `group:analysts`, `person:EMAIL`, `agent`, ...; empty for oneself. `text` null: the policy in force. */
  'policy.explain': unary<PolicyExplanationView>()(
    z.strictObject({
      text: z.string().max(MAX_POLICY).nullable(),
      as: z.array(name).max(20),
      connection: name,
      sql: z.string().max(MAX_TEXT),
      at: z.string().max(40).optional(),
      grants: z.array(name).max(20).optional(),
    }),
  ),
  /** What the text would have done to recorded statements since then; progress, then `done`. For reviewers; recorded. */
  'policy.simulate': stream<SimulationView>()(z.strictObject({ ...policyText.shape, since: instant })),
  /** Refused where the file is no longer `revision`, or the text is not good. For administrators; recorded. */
  'policy.save': unary<PolicyStateView>()(z.strictObject({ ...policyText.shape, revision: name })),
  'classification.columns': unary<readonly ClassifiedColumnView[]>()(z.strictObject({ connection: name })),
  'classification.suggest': stream<ClassificationProposalView>()(z.strictObject({ connection: name })),
  /** Writes what a person has confirmed into classification.yaml. For administrators; recorded. */
  'classification.accept': unary<null>()(
    z.strictObject({
      connection: name,
      columns: z
        .array(z.strictObject({ column: z.string().min(1).max(400), class: name }))
        .min(1)
        .max(500),
    }),
  ),
  'connections.list': unary<readonly ConnectionView[]>()(none),
  /** Local profile only. The password in the URL goes to the key store, never to a file. */
  'connections.add': unary<ConnectionView>()(
    z.strictObject({
      url: z.string().min(1).max(4096),
      title: z.string().max(200),
      environment: z.enum(['development', 'staging', 'production']),
    }),
  ),
  'connections.remove': unary<null>()(z.strictObject({ connection: name })),
  /** Connects beside everything else and looks whether the connection is as it should be. */
  'connections.examine': unary<ExaminationView>()(z.strictObject({ connection: name })),
  'schema.schemas': unary<readonly SchemaView[]>()(z.strictObject({ connection: name, refresh: z.boolean() })),
  'schema.relations': unary<readonly RelationView[]>()(z.strictObject({ connection: name, schema: name })),
  'schema.columns': unary<readonly ColumnView[]>()(relation),
  /** Best matches first, at most 100: tables and views whose name contains the letters in order. */
  'schema.search': unary<readonly RelationView[]>()(z.strictObject({ connection: name, text: z.string().max(200) })),
  /** Where each statement of an editor's text begins and ends, by the database's own scanner. */
  'query.split': unary<readonly { readonly start: number; readonly end: number }[]>()(
    z.strictObject({ text: z.string().max(MAX_TEXT) }),
  ),
  'query.explain': unary<VerdictView>()(statement),
  /** Runs one statement. Ending the stream cancels it on the server. `offset` is where the text stands in the tab. */
  'query.run': stream<RunEvent>()(
    z.strictObject({
      connection: name,
      text: z.string().max(MAX_TEXT),
      offset: z.int().min(0),
      reason: z.string().max(2000).optional(),
      ticket: z.string().max(200).optional(),
    }),
  ),
  /** A packed window of cells: shared/result-window.ts. */
  'result.window': unary<Uint8Array>()(rectangle),
  /** The whole text of one cell, as far as it may be seen; null for NULL. */
  'result.cell': unary<{ readonly text: string | null; readonly masked: boolean; readonly bytes: number }>()(
    z.strictObject({ result: name, row: z.int().min(0), column: z.int().min(0) }),
  ),
  'result.copy': unary<{ readonly text: string; readonly cut: boolean }>()(
    z.strictObject({
      ...rectangle.shape,
      rows: z.int().min(1),
      format: z.enum(['tsv', 'csv', 'json', 'markdown', 'insert', 'in-list']),
      headers: z.boolean(),
    }),
  ),
  'result.release': unary<null>()(z.strictObject({ result: name })),
  'workspace.load': unary<WorkspaceState>()(none),
  'workspace.save': unary<null>()(workspaceState),
  'history.list': unary<readonly HistoryEntry[]>()(
    z.strictObject({ text: z.string().max(200), limit: z.int().min(1).max(500) }),
  ),
  'audit.state': stream<AuditStateView>()(none),
  /** `here`: the logs of this profile; `store`: the copies outside this machine. */
  'audit.verify': unary<VerifyView>()(z.strictObject({ where: z.enum(['here', 'store']) })),
  /** Newest first. `before` is the `next` of the page before. */
  'activity.events': unary<ActivityPageView>()(
    z.strictObject({ query: activityQuery, before: z.string().max(200).nullable(), limit: z.int().min(1).max(500) }),
  ),
  'activity.chart': unary<ActivityChartView>()(
    z.strictObject({ query: activityQuery, from: instant, to: instant, bucket: z.enum(['hour', 'day']) }),
  ),
  'activity.facets': unary<ActivityFacetsView>()(z.strictObject({ query: activityQuery })),
  'activity.event': unary<ActivityEventView>()(z.strictObject({ log: name, index: z.int().min(0) })),
  /** Now and whenever the index has taken in more. */
  'activity.progress': stream<ActivityProgressView>()(none),
  /** The selection as text, in pieces; recorded. At most 100,000 events. */
  'activity.export': stream<string>()(z.strictObject({ query: activityQuery, format: z.enum(['csv', 'jsonl']) })),
  /** Copied cells are part of the record: the window says what went to the clipboard, never the cells themselves. */
  'clipboard.copied': unary<null>()(z.strictObject({ result: name, cells: z.int().min(1), span: span.optional() })),
} as const;

export type Desktop = typeof desktop;
