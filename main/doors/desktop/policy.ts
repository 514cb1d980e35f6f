import { type Desktop } from '../../../shared/contract.ts';
import { type Handlers } from '../../../shared/rpc/index.ts';
import { type Session } from '../../identity/principal.ts';
import { type Installation } from '../../installation.ts';
import { checkPolicy } from '../../policy/tools/check.ts';
import { completionsAt, hoverAt } from '../../policy/tools/completion.ts';
import { diffPolicies } from '../../policy/tools/diff.ts';
import { matrixOf } from '../../policy/tools/matrix.ts';
import { instantOf } from '../instant.ts';
import { explainPolicy } from '../policy/explain-policy.ts';
import { policyState, policyStates } from '../policy/policy-state.ts';
import { readPolicy } from '../policy/read-policy.ts';
import { savePolicy } from '../policy/save-policy.ts';
import { simulatePolicy } from '../policy/simulate.ts';

type Methods = Extract<keyof Desktop, `policy.${string}`>;

/**
 * What a window asks of policy as code. A text that it sends is a proposal: it is read and tried, and in force only once
 * an administrator has saved it.
 * @param seated the person at the window, whose login still counts
 */
export function policyHandlers(
  installation: Installation,
  seated: () => Promise<{ readonly session: Session }>,
): Pick<Handlers<Desktop>, Methods> {
  /** What a proposal may refer to. */
  const context = () => installation.inForce().policy.context;
  const titles = () => new Map(installation.profile().connections.map(({ name, title }) => [name, title]));
  return {
    async *'policy.state'(_, signal) {
      yield* policyStates(installation, seated, signal);
    },
    async 'policy.check'({ text }) {
      await seated();
      return checkPolicy(text, context());
    },
    async 'policy.complete'({ text, offset }) {
      await seated();
      return completionsAt(text, offset, context());
    },
    async 'policy.hover'({ text, offset }) {
      await seated();
      return hoverAt(text, offset, context());
    },
    async 'policy.matrix'({ text }) {
      await seated();
      return matrixOf(readPolicy(text, context()), titles());
    },
    async 'policy.diff'({ text }) {
      await seated();
      return diffPolicies(installation.inForce().policy, readPolicy(text, context()));
    },
    async 'policy.explain'({ at, grants, ...asked }, signal) {
      const { session } = await seated();
      const request = {
        ...asked,
        ...(at === undefined ? {} : { at: instantOf(at, 'The time', Date.now()) }),
        ...(grants === undefined ? {} : { grants }),
        origin: 'desktop' as const,
      };
      return explainPolicy(installation, session, request, signal);
    },
    async *'policy.simulate'(input, signal) {
      const { session } = await seated();
      yield* simulatePolicy(installation, session, input, signal);
    },
    async 'policy.save'(input) {
      const { session } = await seated();
      await savePolicy(installation, session, input);
      return policyState(installation, session);
    },
  };
}
