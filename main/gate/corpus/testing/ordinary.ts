import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { asSuperuser } from '../../../databases/embedded/index.ts';
import { type ServerAtHand } from '../../../databases/embedded/testing/installed.ts';
import { type Installation, openInstallation } from '../../../installation.ts';
import { type CorpusVerdict } from './attack-corpus.ts';

const row = z.object({
  id: z.string(),
  sql: z.string(),
  verdict: z.enum(['allow', 'masked', 'refuse']),
  why: z.string(),
  params: z.array(z.string()).optional(),
  /** Why a harmless statement is refused all the same. */
  refused: z.string().optional(),
  since: z.int().optional(),
});

const file = z.object({ about: z.string(), masked: z.array(z.string()), rows: z.array(row) });

export type OrdinaryRow = z.infer<typeof row>;

/** A corpus of ordinary work: rows over the database that a .sql file beside it makes. */
export interface OrdinaryCorpus {
  readonly name: string;
  readonly schema: string;
  readonly masked: readonly string[];
  readonly rows: readonly OrdinaryRow[];
}

const folder = new URL('../ordinary/', import.meta.url);

function corpus(name: string, schema = name): OrdinaryCorpus {
  const { masked, rows } = file.parse(JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8')));
  return { name, schema: readFileSync(new URL(`${schema}.sql`, folder), 'utf8'), masked, rows };
}

export const ORDINARY: readonly OrdinaryCorpus[] = [
  corpus('tpch'),
  corpus('retail'),
  corpus('rental'),
  corpus('tools', 'rental'),
];

/** What became of one ordinary statement. */
export interface Ran {
  readonly verdict: CorpusVerdict;
  readonly reasons: readonly string[];
  /** Codes of the reasons. */
  readonly because: readonly string[];
  /** Of the server or of what came after it, where it was permitted and failed all the same. */
  readonly error: string | undefined;
  readonly rows: number;
}

export interface OrdinaryDatabases {
  run(corpus: OrdinaryCorpus, row: OrdinaryRow): Promise<Ran>;
  close(): Promise<void>;
}

const POLICY = `version: 1
rules:
  - { id: read, allow: read }
  - { id: masked, require: { mask: { pii: redact } } }
`;

const PASSWORD = 'reader';

/** One database for each corpus, read by a role that owns nothing, behind one installation. */
export async function startOrdinary({ start }: Pick<ServerAtHand, 'start'>): Promise<OrdinaryDatabases> {
  const home = await mkdtemp(join(tmpdir(), 'countersign-ordinary-'));
  const server = await start();
  let installation: Installation | undefined;
  const close = async (): Promise<void> => {
    await installation?.close();
    await server.stop();
    await rm(home, { recursive: true, force: true });
  };
  try {
    await asSuperuser(server, 'postgres', async (query) => {
      await query(`CREATE ROLE reader LOGIN PASSWORD '${PASSWORD}'`);
      for (const { name } of ORDINARY) await query(`CREATE DATABASE ${name}`);
    });
    for (const { name, schema } of ORDINARY) {
      await asSuperuser(server, name, async (query) => {
        await query(schema);
        await query('GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader');
      });
    }
    await mkdir(join(home, 'secrets'), { mode: 0o700 });
    const write = (name: string, text: string): Promise<void> => writeFile(join(home, name), text, { mode: 0o600 });
    await write('secrets/reader', PASSWORD);
    await write('policy.yaml', POLICY);
    await write('connections.yaml', connections(server.host, server.port));
    await write('classification.yaml', classification());
    await write('organisation.yaml', 'version: 1\nname: Ordinary\nidentity: { kind: os-account }\nsecrets: file\n');
    installation = await openInstallation(home, 'cli');
    const session = await installation.identity.restore({});
    if (session === undefined) throw new Error('a local profile is always signed in');
    const { gate } = installation;
    return {
      close,
      async run({ name }, { sql, params = [] }) {
        const request = { session, connection: name, text: sql, params, origin: 'cli' } as const;
        const ran = { verdict: 'refuse' as CorpusVerdict, reasons: [''], because: [''], rows: 0 };
        let error: string | undefined;
        for await (const event of gate.run(request, new AbortController().signal)) {
          if (event.kind === 'verdict') {
            const { verdict } = event.judgement;
            const reasons = verdict.verdict === 'allow' ? [] : verdict.reasons;
            ran.verdict = verdict.verdict !== 'allow' ? 'refuse' : verdict.masks.length > 0 ? 'masked' : 'allow';
            ran.reasons = reasons.map(({ sentence }) => sentence);
            ran.because = reasons.map(({ code }) => code);
          } else if (event.kind === 'columns') gate.releaseResult(session, event.result);
          else if (event.kind === 'done') ran.rows = event.rows;
          else if (event.kind === 'failed') error = `${event.error.code}: ${event.error.message}`;
        }
        return { ...ran, error };
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function connections(host: string, port: number): string {
  const connection = ({ name }: OrdinaryCorpus): string =>
    `  ${name}: { title: ${name}, environment: development, host: ${host}, port: ${String(port)}, database: ${name}, ` +
    'user: reader, password: file:secrets/reader, tls: disable, searchPath: [public] }\n';
  return `version: 1\nconnections:\n${ORDINARY.map(connection).join('')}`;
}

function classification(): string {
  const columns = ({ name, masked }: OrdinaryCorpus): string =>
    `  - connections: [${name}]\n    classes: { ${masked.map((column) => `${column}: person`).join(', ')} }\n`;
  return (
    'version: 1\ndetect: off\nclasses:\n  person: { group: pii, masker: redact, title: personal data }\n' +
    `columns:\n${ORDINARY.map(columns).join('')}`
  );
}
