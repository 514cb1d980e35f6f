import { z } from 'zod';
import { ENVIRONMENTS } from '../policy/vocabulary.ts';
import { readYaml, type Problem } from '../policy/yaml-file.ts';
import { secretReference } from './secret-field.ts';
import { ACCEPTABLE_WEAKNESSES, type Connection, SECOND_LINEAGE } from './types.ts';

const CONNECTION_NAME = /^[a-z0-9][a-z0-9-]{0,62}$/;
const TLS_MODES = ['disable', 'prefer', 'require', 'verify-full'] as const;

/** A DNS name or an address; IPv6 without brackets. Directories of Unix sockets are not hosts here. */
const HOST = /^[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,252})$|^[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*$/;

// eslint-disable-next-line no-control-regex -- control characters are exactly what must not be in a name
const NO_CONTROLS = /^[^\u0000-\u001f\u007f]+$/;
const text = (max: number) => z.string().max(max).regex(NO_CONTROLS, 'must be text without control characters');

const connection = z.strictObject({
  title: text(200).optional(),
  engine: z.literal('postgres').default('postgres'),
  environment: z.enum(ENVIRONMENTS),
  host: z.string().regex(HOST, 'must be a host name or an address'),
  port: z.int().min(1).max(65535).default(5432),
  database: text(63),
  user: text(63),
  password: secretReference.optional(),
  tls: z.enum(TLS_MODES).default('verify-full'),
  ca: z
    .string()
    .max(300)
    .refine(
      (path) => !/^[/\\]|^[A-Za-z]:|(^|[/\\])\.\.([/\\]|$)|\0/.test(path),
      'ca is the path of a PEM file inside the profile',
    )
    .optional(),
  searchPath: z.array(text(63)).max(50).default(['public']),
  team: text(100).optional(),
  secondLineage: z.enum(SECOND_LINEAGE).optional(),
  accept: z.array(z.enum(ACCEPTABLE_WEAKNESSES)).min(1).max(ACCEPTABLE_WEAKNESSES.length).optional(),
  because: text(1000).optional(),
});

const connectionsFile = z.strictObject({
  version: z.literal(1),
  connections: z.record(z.string(), connection).default({}),
});

export type ConnectionsResult =
  | { readonly ok: true; readonly connections: readonly Connection[] }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Reads connections.yaml; connections come in the order of the file. */
export function readConnections(source: string): ConnectionsResult {
  const read = readYaml(source, connectionsFile);
  if (!read.ok) return read;
  const problems: Problem[] = [];
  const connections = Object.entries(read.file.value.connections).map(([name, entry]): Connection => {
    if (!CONNECTION_NAME.test(name)) {
      const message = `the connection name "${name}" must be lower case letters, digits and dashes, at most 63`;
      problems.push(read.file.problem(['connections', name], message));
    }
    if (entry.ca !== undefined && entry.tls !== 'verify-full') {
      problems.push(read.file.problem(['connections', name, 'ca'], 'ca is only used with tls: verify-full'));
    }
    if (entry.accept !== undefined && (entry.because ?? '').trim() === '') {
      const message = 'accept needs because: the reason why this connection may have a role that can do so much';
      problems.push(read.file.problem(['connections', name, 'accept'], message));
    }
    if (entry.because !== undefined && entry.accept === undefined) {
      problems.push(read.file.problem(['connections', name, 'because'], 'because is only used with accept'));
    }
    const { title, password, ca, team, secondLineage, accept, because, ...rest } = entry;
    return {
      name,
      title: title ?? name,
      ...rest,
      ...(password === undefined ? {} : { password }),
      ...(ca === undefined ? {} : { ca }),
      ...(team === undefined ? {} : { team }),
      ...(secondLineage === undefined ? {} : { secondLineage }),
      ...(accept === undefined ? {} : { accept: { weaknesses: accept, because: because ?? '' } }),
    };
  });
  return problems.length > 0 ? { ok: false, problems } : { ok: true, connections };
}
