/** Commands that put a policy to statements: one that somebody names, or those that the record has. */
import { type SimulationView } from '../../../shared/policy-views.ts';
import { CountersignError } from '../../errors.ts';
import { explainPolicy } from '../policy/explain-policy.ts';
import { simulatePolicy } from '../policy/simulate.ts';
import { instantOf } from '../instant.ts';
import { type CliIo, DONE, type ExitCode, REFUSED, write } from './io.ts';
import { policyText, readText } from './policy-files.ts';
import { explanationText, simulationText } from './policy-text.ts';
import { statementText } from './query.ts';
import { askerOf, withInstallation } from './signed-in.ts';

export interface ExplainOptions {
  readonly sql?: string;
  readonly file?: string;
  readonly as?: readonly string[];
  readonly at?: string;
  readonly grant?: readonly string[];
  readonly policy?: string;
  readonly login?: string;
  readonly json?: boolean;
}

/** `countersign policy explain`: 0 where it would be allowed. Nothing runs, and nothing is recorded as a statement. */
export async function policyExplain(
  io: CliIo,
  home: string,
  connection: string,
  from: string | undefined,
  { sql, file, as = [], at, grant, policy, login, json }: ExplainOptions,
): Promise<ExitCode> {
  return withInstallation(home, async (installation) => {
    const session = await askerOf(installation, login === undefined ? {} : { as: login }, io);
    const statement = await statementText(io, from, {
      ...(sql === undefined ? {} : { sql }),
      ...(file === undefined ? {} : { file }),
    });
    const request = {
      text: policy === undefined ? null : await readText(policy),
      as,
      connection,
      sql: statement,
      origin: 'cli' as const,
      ...(at === undefined ? {} : { at: instantOf(at, '--at', Date.now()) }),
      ...(grant === undefined ? {} : { grants: grant }),
    };
    const view = await explainPolicy(installation, session, request, io.signal);
    await write(io.stdout, json === true ? `${JSON.stringify(view)}\n` : explanationText(view, statement));
    return view.verdict.verdict === 'allow' ? DONE : REFUSED;
  });
}

export interface SimulateOptions {
  readonly since: string;
}

/** `countersign policy simulate`: 0 where every statement comes out as before. */
export async function policySimulate(
  io: CliIo,
  home: string,
  file: string | undefined,
  { since, as, json }: SimulateOptions & { readonly as?: string; readonly json?: boolean },
): Promise<ExitCode> {
  const from = instantOf(since, '--since', Date.now());
  return withInstallation(home, async (installation) => {
    const session = await installation.identity.ensureLive(
      await askerOf(installation, as === undefined ? {} : { as }, io),
    );
    const { text } = await policyText(home, file);
    let view: SimulationView | undefined;
    for await (const next of simulatePolicy(installation, session, { text, since: from }, io.signal)) view = next;
    if (view?.done !== true)
      throw new CountersignError('cancelled', 'Cancelled before every statement was looked at.', {
        next: 'Look at fewer: --since 24h',
      });
    await write(io.stdout, json === true ? `${JSON.stringify(view)}\n` : simulationText(view));
    return view.examined === view.same ? DONE : REFUSED;
  });
}
