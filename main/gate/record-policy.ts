import { type AuditEvent } from '../audit/events.ts';
import { type InForce } from './in-force.ts';

/**
 * What the record says of a policy that comes into force: the policy and the classification themselves, sealed, beside the
 * hashes that every decision names. Who may open them can decide again.
 */
export function policyLoadOf({
  policy,
  classificationDocument,
  classificationHash,
}: Pick<InForce, 'policy' | 'classificationDocument' | 'classificationHash'>): AuditEvent {
  const { rulesFor, permits } = policy;
  const rules = new Set([...Object.values(rulesFor).flat(), ...permits].map((rule) => rule.reference.id));
  return {
    k: 'policy.load',
    load: {
      hash: policy.hash,
      source: 'policy.yaml',
      rules: rules.size,
      policy: { text: policy.document },
      classes: classificationHash,
      classification: { text: classificationDocument },
    },
  };
}

/** One name for all that decisions depend on besides who asks for what. */
export const inForceId = ({ policy, classificationHash }: Pick<InForce, 'policy' | 'classificationHash'>): string =>
  `${policy.hash} ${classificationHash}`;
