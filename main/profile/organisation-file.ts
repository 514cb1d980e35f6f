import { z } from 'zod';
import { oidcProvider, oidcSection, serviceSettings, servicesSection } from './identity-settings.ts';
import { recordSection, recordSettings } from './record-settings.ts';
import { type Organisation } from './types.ts';
import { readYaml, type Problem } from '../policy/yaml-file.ts';

const organisationFile = z.strictObject({
  version: z.literal(1),
  name: z.string().min(1).max(200),
  identity: z.discriminatedUnion('kind', [oidcSection, z.strictObject({ kind: z.literal('os-account') })]),
  session: z
    .strictObject({
      maxHours: z.number().positive().max(168).default(12),
      idleMinutes: z.number().positive().max(1440).default(60),
      revalidateMinutes: z.number().positive().max(1440).default(15),
      checkSeconds: z.number().min(1).max(3600).default(15),
    })
    .prefault({}),
  administrators: z.array(z.string().min(1).max(300)).max(100).default([]),
  services: servicesSection,
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
  const { name, identity, session, secrets, administrators } = read.file.value;
  const record = recordSettings(read.file.value.record);
  if (record.witnesses.length > 0 && record.quorum > record.witnesses.length) {
    const message = `quorum is ${record.quorum}, and there are only ${record.witnesses.length} witnesses`;
    return { ok: false, problems: [read.file.problem(['record', 'quorum'], message)] };
  }
  const services = serviceSettings(read.file.value.services);
  const rest = { name, session, secrets, record, administrators, services };
  if (identity.kind === 'os-account') return { ok: true, organisation: { ...rest, identity } };
  const provider = oidcProvider(identity, (...about) => read.file.problem(...about));
  if ('message' in provider) return { ok: false, problems: [provider] };
  return { ok: true, organisation: { ...rest, identity: { kind: 'oidc', provider } } };
}
