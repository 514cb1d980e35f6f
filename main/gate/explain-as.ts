import { type Principal } from '../identity/principal.ts';
import { type PolicyQuestion } from '../policy/answer.ts';
import { type CompiledPolicy } from '../policy/compiled-policy.ts';
import { judge } from './judge.ts';
import { type GatePorts } from './ports.ts';
import { type GateRequest, type Judgement } from './request.ts';

/** What to suppose; what is left out is as it is. */
export interface AskedAs {
  /** Somebody else: they are supposed to have had no rows in the last hour, and no grants but those named. */
  readonly principal?: Principal;
  readonly policy?: CompiledPolicy;
  readonly now?: Date;
  /** Names of grants that are supposed to be in force, instead of those that are. */
  readonly grants?: readonly string[];
}

export interface ExplainedAs {
  readonly judgement: Judgement;
  /** What the policy was asked, in the order of the text. */
  readonly questions: readonly PolicyQuestion[];
}

/**
 * The verdict that somebody else would get on a statement, or that another policy would give: the same judgement over other
 * circumstances. Nothing runs, nothing is counted or recorded, and the database sees no statement; the catalog is read, and
 * columns are looked at by detectors, with the login of whoever asks.
 */
export async function explainAs(
  ports: GatePorts,
  request: GateRequest,
  { principal, policy, now, grants = principal === undefined ? undefined : [] }: AskedAs,
  signal: AbortSignal,
): Promise<ExplainedAs> {
  const { session } = request;
  const inForce = ports.inForce();
  const supposed: GatePorts = {
    ...ports,
    inForce: () => (policy === undefined ? inForce : { ...inForce, policy }),
    now: () => now ?? ports.now(),
    catalogs: {
      ...ports.catalogs,
      of: (_other, connection, options) => ports.catalogs.of(session, connection, options),
    },
    detections: {
      ...ports.detections,
      of: (_other, connection, catalog, facts, ending) =>
        ports.detections.of(session, connection, catalog, facts, ending),
    },
    ...(grants === undefined
      ? {}
      : { grants: { inForce: async () => grants.map((name) => ({ id: name, name, until: session.expiresAt })) } }),
    ...(principal === undefined ? {} : { usage: { ...ports.usage, rowsLastHour: () => 0 } }),
  };
  const { connections: _own, ...anywhere } = session;
  const asked = principal === undefined ? session : { ...anywhere, principal };
  const { judgement, questions } = await judge(supposed, { ...request, session: asked }, signal);
  return { judgement, questions: questions() };
}
