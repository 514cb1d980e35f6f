import { type IdTokenClaims } from './id-token.ts';
import { type Principal } from './principal.ts';
import { type GroupSource } from './settings.ts';

/** A source of groups that is the provider's own word. */
export type ProviderSource = Exclude<GroupSource, 'directory'>;

/** More group names than this are taken as unknown: no policy matches against a directory dump. */
const MAX_GROUPS = 2_000;

/** Documents in which a provider may state groups; `unavailable` where one could not be had. */
export interface ProviderDocuments {
  readonly 'id-token': Readonly<Record<string, unknown>>;
  readonly userinfo: Readonly<Record<string, unknown>> | 'unavailable';
}

/**
 * Groups from the first source that states them whole, and which that was. A source that does not speak of groups, or says there
 * are more than it tells, is passed over; where none is left they are unknown, which is never none.
 */
export function groupsFrom(
  sources: readonly GroupSource[],
  documents: ProviderDocuments,
  groupsClaim: string,
): { readonly groups: readonly string[]; readonly source: ProviderSource } | 'unknown' {
  for (const source of sources) {
    if (source === 'directory') continue;
    const document = documents[source];
    const groups = document === 'unavailable' ? 'unknown' : groupsIn(document, groupsClaim);
    if (groups !== undefined && groups !== 'unknown') return { groups, source };
  }
  return 'unknown';
}

/**
 * Groups as the provider states them in one document (ID token or userinfo): a list, `unknown` where it says there are more
 * than it tells (Entra group overage: `_claim_names`, `hasgroups`) or where the claim is malformed, undefined where it does
 * not speak of groups. Unknown is never none.
 */
export function groupsIn(
  claims: Readonly<Record<string, unknown>>,
  groupsClaim: string,
): readonly string[] | 'unknown' | undefined {
  const elsewhere = claims['_claim_names'];
  if (typeof elsewhere === 'object' && elsewhere !== null && Object.hasOwn(elsewhere, groupsClaim)) return 'unknown';
  if (claims['hasgroups'] === true || claims['hasgroups'] === 'true') return 'unknown';
  if (!Object.hasOwn(claims, groupsClaim)) return undefined;
  const value = claims[groupsClaim];
  const list: unknown[] = Array.isArray(value) ? value : [value];
  if (list.length > MAX_GROUPS || !list.every((name) => typeof name === 'string' && name !== '' && name.length <= 500))
    return 'unknown';
  return [...new Set(list as string[])];
}

/** The person of a verified login. `authenticatedAt` is the provider's auth_time where it states one, else the time of issue. */
export function principalOf(
  claims: IdTokenClaims,
  profile: Readonly<Record<string, unknown>>,
  groups: readonly string[] | 'unknown',
  device: string | undefined,
): Principal {
  const text = (name: string): string | undefined => plain(claims[name]) ?? plain(profile[name]);
  const verifiedEmail = (claims['email'] === undefined ? profile : claims)['email_verified'];
  const email = verifiedEmail === false || verifiedEmail === 'false' ? undefined : text('email');
  const authenticated = claims.auth_time !== undefined && claims.auth_time > 0 ? claims.auth_time : claims.iat;
  return {
    issuer: claims.iss,
    subject: claims.sub,
    name: text('name') ?? text('preferred_username') ?? email ?? claims.sub,
    ...(email === undefined ? {} : { email }),
    groups,
    verified: true,
    ...(device === undefined ? {} : { device }),
    authenticatedAt: new Date(authenticated * 1000).toISOString(),
    ...strengthOf(claims),
  };
}

/** How strongly the provider says that the person proved who they are. */
function strengthOf({ acr, amr }: IdTokenClaims): Pick<Principal, 'acr' | 'amr'> {
  const context = plain(acr);
  const methods = amr?.map(plain).filter((method) => method !== undefined);
  return {
    ...(context === undefined ? {} : { acr: context }),
    ...(methods === undefined ? {} : { amr: methods }),
  };
}

/** Text for people on one line: without control, format (bidirectional, zero-width) and separator characters, at most 200 long. */
function plain(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  const text = value
    .replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, '')
    .trim()
    .slice(0, 200);
  return text === '' ? undefined : text;
}
