/**
 * The part of a policy that allows and denies, as policies of Cedar (docs.cedarpolicy.com): the same rules said in another
 * language, whose evaluation others wrote and proved. What is not known is written out, because Cedar leaves out a policy that
 * it cannot evaluate, a `forbid` too.
 */
import { type Asker, type PolicyQuestion } from '../answer.ts';
import { actionsOf } from '../vocabulary.ts';
import { AGENTS, CONDITIONS, GRANT_FOR, type Rule, SERVICES } from './random-policies.ts';

type Value = boolean | number | string | readonly string[];

interface CedarRequest {
  readonly principal: { readonly type: string; readonly id: string };
  readonly action: { readonly type: string; readonly id: string };
  readonly resource: { readonly type: string; readonly id: string };
  readonly context: Readonly<Record<string, Value>>;
  readonly entities: readonly {
    readonly uid: { readonly type: string; readonly id: string };
    readonly attrs: Readonly<Record<string, string>>;
    readonly parents: readonly { readonly type: string; readonly id: string }[];
  }[];
}

/** Action that asks whether the agent may act for the person, or the policy knows the service. */
export const ACT = 'act';

/** Cedar policies by the id of their rule; those that begin with `known:` say who is known. */
export function asCedar(list: readonly (readonly [id: string, rule: Rule])[]): Readonly<Record<string, string>> {
  const rules = list.flatMap(([id, rule]): readonly (readonly [string, string])[] => {
    const { allow, deny } = rule;
    if (allow !== undefined) return [[id, policy('permit', actions(allow, ['select']), rule)]];
    return deny === undefined ? [] : [[id, policy('forbid', actions(deny, ['select', 'export']), rule)]];
  });
  const agents = Object.entries(AGENTS).map(([name, whom]): readonly [string, string] => [
    `known:${name}`,
    known(`context.agent == "${name}" && context.service == "" && ${any(whom.map((word) => isPerson(word, false)))}`),
  ]);
  const services = Object.keys(SERVICES).map((name): readonly [string, string] => [
    `known:${name}`,
    known(`context.service == "${name}" && context.agent == ""`),
  ]);
  const people = ['known:person', known('context.service == "" && context.agent == ""')] as const;
  return Object.fromEntries([...rules, ...agents, ...services, people]);
}

const known = (condition: string): string =>
  `permit(principal, action == Action::"${ACT}", resource) when { ${condition} };`;

/** `export` is about whatever `like` is about: see docs/policy.md. */
function actions(words: NonNullable<Rule['allow']>, like: readonly string[]): readonly string[] {
  const named = new Set<string>(words.flatMap(actionsOf));
  const leaves = like.some((action) => named.has(action));
  named.delete('export');
  return [...named, ...(leaves ? ['export'] : [])];
}

function policy(effect: 'permit' | 'forbid', list: readonly string[], { scope }: Rule): string {
  const closing = effect === 'forbid';
  const { to = ['everyone'], in: place = {}, when, unless = {} } = scope;
  const exempt = [
    ...(unless.group ?? []).map((name) => isPerson(`group:${name}`, !closing)),
    ...(unless.grant === undefined ? [] : [lifts(unless.grant, closing)]),
  ];
  const parts = [
    any([...to.map((word) => isPerson(word, closing)), ...to.map(isAgent)]),
    ...(place.env === undefined ? [] : [any(place.env.map((env) => `context.env == "${env}"`))]),
    ...(place.schema === undefined && place.table === undefined ? [] : [isThere(place, closing)]),
    ...(when === undefined ? [] : [holds(when, closing)]),
    ...(exempt.length === 0 ? [] : [`!${any(exempt)}`]),
  ];
  const about = list.map((action) => `Action::"${action}"`).join(', ');
  return `${effect}(principal, action in [${about}], resource) when { ${parts.join(' && ')} };`;
}

const any = (parts: readonly string[]): string => `(${parts.length === 0 ? 'false' : parts.join(' || ')})`;

/** Of the person or service; `unknown` is the answer where groups or address are not known. */
function isPerson(word: string, unknown: boolean): string {
  const [kind, name = ''] = word.split(':');
  const isService = 'context.service != ""';
  switch (kind) {
    case 'everyone':
      return 'true';
    case 'service':
      return name === '' ? isService : `context.service == "${name}"`;
    case 'group':
      return `(principal in Group::"${name}"${unknown ? ' || !context.groupsKnown' : ''})`;
    case 'person':
      return `(context.service == "" && (context has email && context.email == "${name}"${unknown ? ' || !(context has email)' : ''}))`;
    default:
      return 'false';
  }
}

function isAgent(word: string): string {
  const [kind, name = ''] = word.split(':');
  if (kind !== 'agent') return 'false';
  return name === '' ? 'context.agent != ""' : `context.agent == "${name}"`;
}

/** What takes away is lifted for an agent only by a grant that names agents; a service has no grants. */
function lifts(grant: string, closing: boolean): string {
  const person = any(GRANT_FOR.map((word) => isPerson(word, !closing)));
  const agent = closing ? `(context.agent == "" || ${any(GRANT_FOR.map(isAgent))})` : 'true';
  return `(context.service == "" && context.grants.contains("${grant}") && ${person} && ${agent})`;
}

function isThere({ schema, table }: NonNullable<Rule['scope']['in']>, closing: boolean): string {
  const like = (of: string, patterns: readonly string[] | undefined): string =>
    patterns === undefined ? 'true' : any(patterns.map((pattern) => `resource.${of} like "${pattern}"`));
  const named = `(resource.kind == "relation" && ${like('schema', schema)} && ${like('name', table)})`;
  return closing ? `(resource.kind == "unknown" || ${named})` : named;
}

function holds(when: string, closing: boolean): string {
  const condition = CONDITIONS[when];
  if (condition === undefined) throw new Error(`no Cedar for ${when}`);
  const { cedar, needs } = condition;
  return closing ? `(!(${needs}) || (${cedar}))` : `((${needs}) && (${cedar}))`;
}

/** The same question, by this asker, as Cedar is asked it. */
export function cedarRequest(question: PolicyQuestion, asker: Asker, action: string): CedarRequest {
  const { connection, relation, grants, now, estimatedRows, rowsLastHour } = question;
  const { agent, service, email, amr, verified } = asker;
  const groups = service === undefined ? asker.groups : (SERVICES[service.name] ?? 'unknown');
  const principal = { type: 'Asker', id: 'asker' };
  const resource = { type: 'Relation', id: 'relation' };
  const attributes =
    typeof relation === 'string'
      ? { kind: relation, ...(relation === 'none' ? { schema: '', name: '' } : {}) }
      : { kind: 'relation', ...relation };
  return {
    principal,
    action: { type: 'Action', id: action },
    resource,
    context: {
      env: connection.environment,
      grants,
      verified,
      groupsKnown: groups !== 'unknown',
      agent: agent?.id ?? '',
      service: service?.name ?? '',
      hour: now.getUTCHours(),
      ...(email === undefined || service !== undefined ? {} : { email }),
      ...(amr === undefined ? {} : { amr }),
      ...(estimatedRows === undefined ? {} : { rows: estimatedRows }),
      ...(rowsLastHour === undefined ? {} : { usage: rowsLastHour }),
    },
    entities: [
      {
        uid: principal,
        attrs: {},
        parents: groups === 'unknown' ? [] : groups.map((id) => ({ type: 'Group', id })),
      },
      { uid: resource, attrs: attributes, parents: [] },
    ],
  };
}
