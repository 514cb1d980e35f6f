import { type Desktop } from '../../shared/contract.ts';
import { type Client } from '../../shared/rpc/types.ts';

/** The Policy view's part of a gate made of plain data. */

export interface FakePolicyOptions {
  /** Whether the person may save. */
  readonly administrator?: boolean;
}

type PolicyCalls = Pick<Client<Desktop>, Extract<keyof Desktop, `policy.${string}` | `classification.${string}`>>;

const refuse = async (): Promise<never> => {
  throw Object.assign(new Error('This gate holds no policy.'), { code: 'no-policy', next: null });
};

// eslint-disable-next-line require-yield -- a stream that ends before it begins
async function* refuseStream(): AsyncGenerator<never> {
  await refuse();
}

export function fakePolicy(_options: FakePolicyOptions): PolicyCalls {
  return {
    'policy.state': refuseStream,
    'policy.check': refuse,
    'policy.complete': refuse,
    'policy.hover': refuse,
    'policy.matrix': refuse,
    'policy.diff': refuse,
    'policy.explain': refuse,
    'policy.simulate': refuseStream,
    'policy.save': refuse,
    'classification.columns': refuse,
    'classification.suggest': refuseStream,
    'classification.accept': refuse,
  };
}
