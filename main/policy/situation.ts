import { type Asker, type PolicyAnswer, type PolicyQuestion } from './answer.ts';
import { type CompiledPolicy } from './compiled-policy.ts';
import { instantOf } from './local-clock.ts';
import { type Need, type TestSource } from './policy-file.ts';
import { type Action } from './vocabulary.ts';
import { whoAsks } from './who.ts';
import { approvers } from './words.ts';

/** Who, what, where and when, in the words of a policy: what tests, the matrix and `explain` ask with. */
export type Situation = Pick<TestSource, 'as' | 'do' | 'on' | 'at' | 'grants' | 'rows' | 'usage'>;

/** 12:00 UTC on a Monday: the time of a situation that names none. */
const NOON_ON_A_MONDAY = '2026-03-02T12:00:00Z';

/** Somebody who is what the words say and nothing else: `group:analysts`, `person:EMAIL`, `agent:scout`, `service:nightly`. */
export function askerAs(policy: CompiledPolicy, words: readonly string[]): Asker {
  const named = (kind: string): readonly string[] =>
    words.flatMap((word) => (word.startsWith(`${kind}:`) ? [word.slice(kind.length + 1)] : []));
  const [email] = named('person');
  const service = words.includes('service')
    ? ([...policy.services.keys()].sort()[0] ?? 'service')
    : named('service')[0];
  const person: Asker = {
    groups: named('group').flatMap((name) => providerName(policy, name)),
    verified: true,
    ...(email === undefined ? {} : { email }),
    ...(service === undefined ? {} : { service: { name: service } }),
  };
  const agent = words.includes('agent') ? someAgent(policy, person) : named('agent')[0];
  return agent === undefined ? person : { ...person, agent: { id: agent } };
}

/** A name of the provider's that puts somebody into the group and, where there is such a one, into no other. */
function providerName(policy: CompiledPolicy, group: string): readonly string[] {
  const names = policy.providerNames.get(group) ?? [];
  const alone = names.find((name) => policy.groupsOf.get(name)?.length === 1) ?? names[0];
  return alone === undefined ? [] : [alone];
}

/** The first agent that is for the person, by name; where the policy names none for them, one that it does not know. */
function someAgent(policy: CompiledPolicy, person: Asker): string {
  const names = [...policy.agents.keys()].sort();
  return names.find((id) => whoAsks(policy, { ...person, agent: { id } }).known) ?? 'agent';
}

export function questionOf(
  policy: CompiledPolicy,
  { as, do: action, on, at = NOON_ON_A_MONDAY, grants, rows, usage }: Situation,
): PolicyQuestion {
  const known = policy.context.connections.find((connection) => connection.name === on.connection);
  const now = instantOf(at, policy.localTime);
  if (now === undefined) throw new Error(`"${at}" is not a time, which whoever asks with it has checked`);
  return {
    action,
    asker: askerAs(policy, as),
    connection: {
      name: known?.name ?? on.connection ?? '',
      environment: on.env ?? known?.environment ?? 'production',
      database: on.database ?? known?.database ?? '',
      ...(known?.team === undefined ? {} : { team: known.team }),
    },
    relation: relationOf(on.table),
    grants: grants ?? [],
    now,
    ...(rows === undefined ? {} : { estimatedRows: rows }),
    ...(usage === undefined ? {} : { rowsLastHour: usage }),
  };
}

function relationOf(table: string | undefined): PolicyQuestion['relation'] {
  if (table === undefined) return 'none';
  const dot = table.indexOf('.');
  return dot < 0 ? { schema: 'public', name: table } : { schema: table.slice(0, dot), name: table.slice(dot + 1) };
}

/** The situation as a sentence, with all that tells it from another: `group:analysts: export on production, 200 rows`. */
export function titleOf({ as, do: action, on, at, grants = [], rows, usage }: Situation): string {
  const where = [on.connection, on.env, on.database, on.table].filter((part) => part !== undefined);
  return [
    `${as.join(', ')}: ${action}${where.length === 0 ? '' : ` on ${where.join(' ')}`}`,
    ...(grants.length === 0 ? [] : [`with ${grants.join(' and ')}`]),
    ...(rows === undefined ? [] : [`${rows} rows`]),
    ...(usage === undefined ? [] : [`${usage} rows in the last hour`]),
    ...(at === undefined ? [] : [`at ${at}`]),
  ].join(', ');
}

/** What an answer comes to, in the words that tests expect it in. */
export interface Outcome {
  readonly effect: 'allow' | 'deny' | 'approval';
  readonly needs: readonly Need[];
  /** As `approvers` of a test, sorted. */
  readonly approvers: readonly string[];
}

/** What keeps rows here (`noExport`) refuses the export of them. */
export function outcomeOf(action: Action, { effect, obligations }: PolicyAnswer): Outcome {
  const { approvals, reason, stepUp, noExport } = obligations;
  const stays = action === 'export' && noExport !== undefined;
  return {
    effect: stays ? 'deny' : effect === 'allow' && approvals.length > 0 ? 'approval' : effect,
    needs: [
      ...(reason === undefined ? [] : (['reason'] as const)),
      ...(stepUp === undefined ? [] : (['step-up'] as const)),
    ],
    approvers: [...new Set(approvals.flatMap(approvers))].sort(),
  };
}
