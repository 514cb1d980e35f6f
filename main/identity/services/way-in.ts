import { type KnownService } from '../context.ts';
import { type ProviderSettings, type ServiceSource } from '../settings.ts';
import { type ClientSource } from './client-credentials.ts';
import { contradictory, noSource, tokenRefused } from './refusals.ts';
import { type ServiceProof } from './proof.ts';
import { type WorkloadSource } from './workload-token.ts';

/** How a service gets in: what policy.yaml says it is known by, and what organisation.yaml says this machine has. */
export type WayIn =
  | { readonly by: 'client'; readonly source: ClientSource; readonly provider: ProviderSettings }
  | { readonly by: 'token'; readonly source: WorkloadSource; readonly issuer: string; readonly audience: string };

/** @throws CountersignError `service-not-set-up`, `service-contradictory` */
export function wayIn(
  { name, known }: KnownService,
  sources: ReadonlyMap<string, ServiceSource>,
  provider: ProviderSettings | undefined,
): WayIn {
  const source = sources.get(name);
  if (source === undefined) throw noSource(name);
  if (known.by === 'client') {
    if (source.kind !== 'client') throw contradictory(name, 'the policy knows it as a client of the provider');
    if (known.clientId !== source.clientId) throw contradictory(name, 'they name two clients');
    if (provider === undefined) throw contradictory(name, 'there is no identity provider to be a client of');
    return { by: 'client', source, provider: { ...provider, clientId: source.clientId } };
  }
  if (source.kind === 'client') throw contradictory(name, 'the policy knows it by a token of its platform');
  return { by: 'token', source, issuer: known.issuer, audience: known.audience };
}

/** Whether the policy takes what was proven for this service. @throws CountersignError `service-token-refused` */
export function accept({ name, known }: KnownService, { issuer, claims }: ServiceProof): void {
  if (known.by === 'client') return;
  if (issuer !== known.issuer) throw tokenRefused(name, 'it is of another issuer than policy.yaml says');
  const { aud } = claims;
  if ((Array.isArray(aud) ? aud[0] : aud) !== known.audience)
    throw tokenRefused(name, 'it is meant for another audience than policy.yaml says');
  const accepted = known.accepts(claims);
  if (accepted === true) return;
  throw tokenRefused(
    name,
    accepted === 'failed'
      ? 'the condition in policy.yaml cannot be evaluated on its claims'
      : 'its claims do not meet the condition in policy.yaml',
  );
}
