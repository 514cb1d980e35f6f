import { z } from 'zod';
import { recordSection, recordSettings } from './record-settings.ts';
import { type Organisation } from './types.ts';
import { readYaml, type Problem } from '../policy/yaml-file.ts';

const oidc = z.strictObject({
  kind: z.literal('oidc'),
  issuer: z.string().max(2000),
  clientId: z.string().min(1).max(500),
  scopes: z.array(z.string().min(1).max(100)).max(50).default(['openid', 'profile', 'email']),
  redirect: z
    .strictObject({
      host: z.enum(['127.0.0.1', '[::1]', 'localhost']).default('127.0.0.1'),
      ports: z
        .preprocess((value) => (value === 'any' ? [] : value), z.array(z.int().min(1024).max(65535)).max(100))
        .default([]),
      path: z
        .string()
        .regex(/^\/[\w/.-]*$/, 'must begin with / and hold letters, digits and /._-')
        .default('/callback'),
    })
    .default({ host: '127.0.0.1', ports: [], path: '/callback' }),
  groupsClaim: z.string().min(1).max(200).default('groups'),
});

const organisationFile = z.strictObject({
  version: z.literal(1),
  name: z.string().min(1).max(200),
  identity: z.discriminatedUnion('kind', [oidc, z.strictObject({ kind: z.literal('os-account') })]),
  session: z
    .strictObject({
      maxHours: z.number().positive().max(168).default(12),
      idleMinutes: z.number().positive().max(1440).default(60),
      revalidateMinutes: z.number().positive().max(1440).default(15),
    })
    .default({ maxHours: 12, idleMinutes: 60, revalidateMinutes: 15 }),
  secrets: z.enum(['keyring', 'file']).default('keyring'),
  record: recordSection.prefault({}),
});

export type OrganisationResult =
  | { readonly ok: true; readonly organisation: Organisation }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Reads organisation.yaml. */
export function readOrganisation(text: string): OrganisationResult {
  const read = readYaml(text, organisationFile);
  if (!read.ok) return read;
  const { name, identity, session, secrets } = read.file.value;
  const record = recordSettings(read.file.value.record);
  if (record.witnesses.length > 0 && record.quorum > record.witnesses.length) {
    const message = `quorum is ${record.quorum}, and there are only ${record.witnesses.length} witnesses`;
    return { ok: false, problems: [read.file.problem(['record', 'quorum'], message)] };
  }
  if (identity.kind === 'os-account') return { ok: true, organisation: { name, identity, session, secrets, record } };
  const { issuer, clientId, scopes, redirect, groupsClaim } = identity;
  if (!isIssuer(issuer)) {
    const message =
      'the issuer must be an https: address without query or fragment (http: only for 127.0.0.1, [::1] and localhost)';
    return { ok: false, problems: [read.file.problem(['identity', 'issuer'], message)] };
  }
  if (!scopes.includes('openid')) {
    return { ok: false, problems: [read.file.problem(['identity', 'scopes'], 'the scopes must hold openid')] };
  }
  const provider = {
    issuer,
    clientId,
    scopes,
    groupsClaim,
    redirect: { ...redirect, ports: redirect.ports.length === 0 ? ('any' as const) : redirect.ports },
  };
  return { ok: true, organisation: { name, identity: { kind: 'oidc', provider }, session, secrets, record } };
}

/** OpenID Connect Core 1.0 section 2: scheme, host, optional port and path; no query or fragment. */
function isIssuer(text: string): boolean {
  if (!URL.canParse(text) || /[?#\s]/.test(text)) return false;
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') return false;
  const loopback = ['127.0.0.1', '[::1]', 'localhost'].includes(url.hostname);
  return url.protocol === 'https:' || (url.protocol === 'http:' && loopback);
}
