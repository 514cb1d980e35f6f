import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { asSuperuser, startTemporary, type TemporaryServer } from '../../../databases/embedded/index.ts';
import { ServerError } from '../../../databases/postgres/server-error.ts';
import { type Installation, openInstallation } from '../../../installation.ts';
import { type Session } from '../../../identity/principal.ts';
import { type GateEvent, type ResultColumn } from '../../request.ts';

/**
 * A database in which every value of a masked column holds a canary, and a person behind the real gate who may read and
 * write it, and see none. Whatever comes out is kept and searched.
 */
export interface CanaryShop {
  readonly home: string;
  readonly server: TemporaryServer;
  readonly installation: Installation;
  readonly session: Session;
  run(text: string, params?: readonly string[]): Promise<Told>;
  /** Files of the profile in which a canary is found in clear. */
  files(): readonly string[];
  close(): Promise<void>;
}

/** Everything that one statement lets a person see. */
export interface Told {
  readonly verdict: 'allow' | 'refuse' | 'ask' | undefined;
  readonly because: readonly string[];
  readonly columns: readonly ResultColumn[];
  readonly rows: readonly (readonly (string | null)[])[];
  readonly notices: readonly string[];
  readonly error: string | undefined;
  readonly tag: string | undefined;
  /** Events, rows, windows and single cells, as one text. */
  readonly everything: string;
}

/** In text, and as what is left of it by case, by pieces, by encoding. */
export const CANARY = /canary|yranac|63616e617279|Y2FuYXJ5|Q0FOQVJ/i;
export const DATABASE = 'shop';
const PASSWORD = 'only for this test';

/** Canaries of types that hold no letters: years, numbers and addresses that stand nowhere else. */
export const YEAR = '1837';
export const PAY = '731193';

const SCHEMA = [
  `CREATE TABLE people (
    id int PRIMARY KEY, name text NOT NULL, ssn text NOT NULL UNIQUE, born date NOT NULL, pay numeric(10,2) NOT NULL,
    mail text NOT NULL, tags text[] NOT NULL, doc jsonb NOT NULL, note text, amount int NOT NULL DEFAULT 1
  )`,
  `INSERT INTO people
   SELECT i, 'person ' || i, 'canary-ssn-' || i, date '${YEAR}-01-01' + i, ${PAY} + i / 100.0, 'canary' || i || '@canary.example',
          ARRAY['canary-tag'], '{"k": "canary-doc"}', 'note ' || i
   FROM generate_series(1, 5) i`,
  `ALTER TABLE people ADD CONSTRAINT positive CHECK (amount > 0)`,
  `CREATE TABLE orders (id int PRIMARY KEY, person_ssn text REFERENCES people (ssn), comment text)`,
  `INSERT INTO orders VALUES (1, 'canary-ssn-1', 'gift')`,
  `CREATE VIEW v_people AS SELECT id, ssn AS ref, mail FROM people`,
  `CREATE VIEW v_one AS SELECT id FROM people WHERE ssn = 'canary-ssn-1'`,
  `CREATE INDEX vip ON people (id) WHERE ssn = 'canary-ssn-1'`,
  `CREATE STATISTICS people_stat (mcv) ON ssn, mail FROM people`,
  `CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
     RAISE NOTICE 'saw %', OLD.ssn USING DETAIL = OLD.mail, HINT = OLD.ssn;
     RAISE WARNING '%', OLD.ssn;
     IF NEW.amount = 99 THEN
       RAISE EXCEPTION 'no: %', OLD.ssn USING DETAIL = OLD.ssn, HINT = OLD.mail, COLUMN = OLD.ssn, CONSTRAINT = OLD.ssn,
         DATATYPE = OLD.ssn, TABLE = OLD.ssn, SCHEMA = OLD.ssn, ERRCODE = '22012';
     END IF;
     IF NEW.amount = 98 THEN EXECUTE 'SELECT ' || quote_literal(OLD.ssn) || '::int'; END IF;
     RETURN NEW; END $$`,
  `CREATE TRIGGER tells BEFORE UPDATE ON people FOR EACH ROW EXECUTE FUNCTION tell()`,
  `CREATE TABLE contacts (id int PRIMARY KEY, free text, doc jsonb, part_no text, code text)`,
  `INSERT INTO contacts
   SELECT i, 'canary' || i || '@canary.example', jsonb_build_object('mail', 'canary' || i || '@canary.example'),
          'x' || i, 'ok' FROM generate_series(1, 400) i`,
  `CREATE TABLE late (id int PRIMARY KEY, free text)`,
  `INSERT INTO late SELECT i, CASE WHEN i > 18000 THEN 'canary' || i || '@canary.example' ELSE 'text ' || i END FROM generate_series(1, 30000) i`,
  `SELECT lo_from_bytea(424242, 'canary')`,
  `GRANT SELECT ON LARGE OBJECT 424242 TO analyst`,
  `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO analyst`,
  `ANALYZE`,
];

const POLICY = `version: 1
rules:
  - { id: everything, allow: [read, write, copy, session, lock] }
  - { id: masked, require: { mask: { pii: partial } } }
  - { id: new-people, permit: conflict, of: pii, budget: { perDay: 1000 } }
functions:
  - { name: public.tell, treat: contained, text: what it says is what notices and errors are tested with }
`;

const classification = (detect: string): string => `version: 1
detect: ${detect}
classes:
  ssn: { group: pii, masker: { token: session }, title: social security number }
  born: { group: pii, masker: redact, title: date of birth }
  pay: { group: pii, masker: { bucket: 1000000 }, title: pay }
  email: { group: pii, masker: email, title: e-mail address }
  doc: { group: pii, masker: redact, title: document }
columns:
  - classes:
      public.people.ssn: ssn
      public.people.born: born
      public.people.pay: pay
      public.people.mail: email
      public.people.tags: doc
      public.people.doc: doc
      public.orders.person_ssn: ssn
`;

/** What a server may say, with the same word in every field. */
export const loudError = (): ServerError =>
  new ServerError({
    sqlstate: '22P02',
    severity: 'ERROR',
    message: 'spilled',
    detail: 'spilled',
    hint: 'spilled',
    where: 'spilled',
    internalQuery: 'spilled',
    schema: 'spilled',
    table: 'spilled',
    column: 'spilled',
    dataType: 'spilled',
    constraint: 'spilled',
  });

export async function startCanaryShop(
  options: { readonly detect?: string; readonly policy?: string } = {},
): Promise<CanaryShop> {
  const home = await mkdtemp(join(tmpdir(), 'countersign-canary-'));
  const server = await startTemporary();
  let installation: Installation | undefined;
  const close = async (): Promise<void> => {
    await installation?.close();
    await server.stop();
    await rm(home, { recursive: true, force: true });
  };
  try {
    await asSuperuser(server, 'postgres', async (query) => {
      await query(`CREATE ROLE analyst LOGIN PASSWORD '${PASSWORD}'`);
      await query(`CREATE DATABASE ${DATABASE}`);
    });
    await asSuperuser(server, DATABASE, async (query) => {
      for (const statement of SCHEMA) await query(statement);
    });
    await writeProfile(home, server, options.detect ?? 'off', options.policy ?? POLICY);
    installation = await openInstallation(home, 'cli');
    const session = await installation.identity.restore({});
    if (session === undefined) throw new Error('a local profile is always signed in');
    const opened = installation;
    return {
      home,
      server,
      installation,
      session,
      run: (text, params = []) => told(opened, session, text, params),
      files: () => holding(home),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function writeProfile(home: string, server: TemporaryServer, detect: string, policy: string): Promise<void> {
  const write = (name: string, text: string): Promise<void> => writeFile(join(home, name), text, { mode: 0o600 });
  await mkdir(join(home, 'secrets'), { mode: 0o700 });
  await write('secrets/analyst', PASSWORD);
  await write('policy.yaml', policy);
  await write('classification.yaml', classification(detect));
  await write(
    'connections.yaml',
    `version: 1\nconnections:\n  shop: { title: Shop, environment: development, host: ${server.host}, port: ${String(server.port)}, database: ${DATABASE}, user: analyst, password: 'file:secrets/analyst', tls: disable, searchPath: [public] }\n`,
  );
  await write('organisation.yaml', 'version: 1\nname: Shop\nidentity: { kind: os-account }\nsecrets: file\n');
}

async function told({ gate }: Installation, session: Session, text: string, params: readonly string[]): Promise<Told> {
  const events: GateEvent[] = [];
  const request = { session, connection: 'shop', text, params, origin: 'cli' } as const;
  for await (const event of gate.run(request, new AbortController().signal)) events.push(event);
  const of = <K extends GateEvent['kind']>(kind: K): Extract<GateEvent, { readonly kind: K }> | undefined =>
    events.find((event): event is Extract<GateEvent, { readonly kind: K }> => event.kind === kind);
  const columns = of('columns');
  const result = columns === undefined ? undefined : gate.result(session, columns.result);
  const rows = [...(result?.textRows() ?? [])];
  const seen = [
    Buffer.from(result?.window({ firstRow: 0, rows: 1_000_000, firstColumn: 0, columns: 100 }) ?? []).toString(
      'latin1',
    ),
    ...rows.flatMap((row, r) => row.map((_, c) => Buffer.from(result?.cell(r, c)?.bytes ?? []).toString())),
  ];
  if (columns !== undefined) gate.releaseResult(session, columns.result);
  const failed = of('failed');
  const verdict = of('verdict')?.judgement.verdict;
  const error =
    failed &&
    [failed.error.code, failed.error.message, failed.error.next, failed.error.stack, String(failed.error.cause)].join(
      '\n',
    );
  return {
    verdict: verdict?.verdict,
    because: verdict === undefined || verdict.verdict === 'allow' ? [] : verdict.reasons.map(({ code }) => code),
    columns: columns?.columns ?? [],
    rows,
    notices: events.flatMap((event) => (event.kind === 'notice' ? [`${event.severity}: ${event.text}`] : [])),
    error,
    tag: of('done')?.tag,
    everything: JSON.stringify([events.filter(({ kind }) => kind !== 'verdict'), rows, seen, error]),
  };
}

function holding(home: string): readonly string[] {
  return readdirSync(home, { withFileTypes: true, recursive: true }).flatMap((entry) => {
    const path = join(entry.parentPath, entry.name);
    return entry.isFile() && CANARY.test(readFileSync(path, 'latin1')) ? [relative(home, path)] : [];
  });
}
