import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { CountersignError } from '../errors.ts';
import { ensurePrivateDirectory, readPrivateFile, writePrivateFile } from '../credentials/index.ts';
import { asSuperuser, type EmbeddedServer, startEmbedded } from '../databases/embedded/index.ts';
import { PROFILE_FILES } from '../profile/directory.ts';
import { roleScript } from '../profile/role-script.ts';
import { type SecretReference } from '../profile/types.ts';
import { type Person, type RunningIdp } from './idp/index.ts';
import {
  connectionsYaml,
  type DemonstrationRecord,
  organisationYaml,
  WRITTEN_BY_DEMONSTRATION,
} from './organisation/templates.ts';
import { type ShopSize } from './shop/data.ts';
import { type RunningWitness, startWitness } from './witness.ts';

/** A made-up organisation, running: a real PostgreSQL with a shop in it, a real OpenID provider, the files of a profile. */
export interface Demonstration {
  readonly home: string;
  readonly issuer: string;
  readonly people: readonly Person[];
  readonly connections: readonly {
    readonly name: string;
    readonly environment: string;
    readonly host: string;
    readonly port: number;
    readonly database: string;
  }[];
  stop(): Promise<void>;
}

/** Raised when the shop's tables, rows or roles change, so that an older profile is filled anew. */
const SHOP_VERSION = '3';
const SEED = 20_260_101;

const ENVIRONMENTS = ['staging', 'production'] as const;
type DemoEnvironment = (typeof ENVIRONMENTS)[number];

const SIZES: Readonly<Record<DemoEnvironment, ShopSize>> = {
  staging: { customers: 2_000, products: 500, orders: 10_000, events: 20_000 },
  production: { customers: 20_000, products: 500, orders: 120_000, events: 200_000 },
};

/**
 * Starts the demonstration in a profile directory, making what is not there yet. Organisation and connections are
 * written at each start, because ports change; policy and classification only where absent, because people edit them.
 *
 * `sizes` says how many rows the shops get when they are first filled; tests need few.
 *
 * @throws CountersignError `demonstration-elsewhere` before anything is made where the directory is another profile's;
 * `embedded-*`, `demonstration-*`, `file-not-written`, `disk-full`
 */
export async function startDemonstration(
  home: string,
  onProgress: (text: string) => void,
  sizes = SIZES,
): Promise<Demonstration> {
  await ensurePrivateDirectory(home);
  await refuseForeignProfile(home);
  const directory = join(home, 'demonstration');
  await ensurePrivateDirectory(directory);
  const [idp, server] = await startBoth(home, directory, onProgress);
  let witness: RunningWitness | undefined;
  const stop = async (): Promise<void> => {
    await Promise.all([idp.stop(), server.stop(), witness?.stop()]);
  };
  try {
    if (!isFilled(directory)) await fill(home, directory, server, sizes, onProgress);
    witness = await startWitness(join(directory, 'witness'), join(home, 'audit'));
    const store = join(directory, 'record-store');
    await ensurePrivateDirectory(store);
    await writeProfile(home, idp, server, { store, witness });
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    home,
    issuer: idp.issuer,
    people: idp.people,
    connections: ENVIRONMENTS.map((name) => ({
      name,
      environment: name,
      host: server.host,
      port: server.port,
      database: `shop_${name}`,
    })),
    stop,
  };
}

/** Somebody's real profile is never written over. */
async function refuseForeignProfile(home: string): Promise<void> {
  for (const key of ['organisation', 'connections'] as const) {
    const name = PROFILE_FILES[key];
    const text = await readFile(join(home, name), 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (text === undefined || isOurs(key, text)) continue;
    throw new CountersignError(
      'demonstration-elsewhere',
      `${home} holds a profile that is not the demonstration's (${name}), and the demonstration would write over it.`,
      {
        next: 'Run the demonstration in another directory with --home DIR, or open this profile with: npm start -- --local --home DIR',
      },
    );
  }
}

/** A copy that was made into a real profile keeps our first line, but not a provider on this machine. */
function isOurs(key: 'organisation' | 'connections', text: string): boolean {
  const written = text.startsWith(`${WRITTEN_BY_DEMONSTRATION[key]}\n`);
  return written && (key === 'connections' || /^ +issuer: "http:\/\/127\.0\.0\.1:\d+"$/m.test(text));
}

async function startBoth(
  home: string,
  directory: string,
  onProgress: (text: string) => void,
): Promise<[RunningIdp, EmbeddedServer]> {
  const superuserPassword = await secret(home, 'demonstration-superuser');
  const [server, idp] = await Promise.allSettled([
    startEmbedded({ directory: join(directory, 'postgres'), superuserPassword, onProgress }),
    openProvider(join(directory, 'identity-provider')),
  ]);
  if (idp.status === 'fulfilled' && server.status === 'fulfilled') return [idp.value, server.value];
  if (idp.status === 'fulfilled') await idp.value.stop();
  if (server.status === 'fulfilled') await server.value.stop();
  throw idp.status === 'rejected' ? idp.reason : (server as PromiseRejectedResult).reason;
}

/** The server starts in a process of its own: the provider's many modules are loaded when that is on its way. */
async function openProvider(directory: string): Promise<RunningIdp> {
  await turn();
  await turn();
  const { startIdp } = await import('./idp/index.ts');
  return startIdp({ directory });
}

const markerOf = (directory: string): string => join(directory, 'shop-version');

function isFilled(directory: string): boolean {
  const marker = markerOf(directory);
  return existsSync(marker) && readFileSync(marker, 'utf8').trim() === SHOP_VERSION;
}

/** Fills both databases; whatever an interrupted earlier attempt left is dropped first. */
async function fill(
  home: string,
  directory: string,
  server: EmbeddedServer,
  sizes: typeof SIZES,
  onProgress: (text: string) => void,
): Promise<void> {
  rmSync(markerOf(directory), { force: true });
  const [schema, objects, { shopData }] = await Promise.all([sql('schema'), sql('objects'), import('./shop/data.ts')]);
  await asSuperuser(server, 'postgres', async (query) => {
    for (const environment of ENVIRONMENTS) {
      const role = roleOf(environment);
      await query(`DROP DATABASE IF EXISTS shop_${environment}`);
      await query(`DROP ROLE IF EXISTS ${role}`);
      // A password of ours: 43 characters of base64url.
      await query(
        `CREATE ROLE ${role} LOGIN NOINHERIT PASSWORD '${await secret(home, `demonstration-${environment}`)}'`,
      );
      await query(`CREATE DATABASE shop_${environment}`);
      await query(`REVOKE ALL ON DATABASE shop_${environment} FROM PUBLIC`);
      await query(`GRANT CONNECT ON DATABASE shop_${environment} TO ${role}`);
    }
  });
  await Promise.all(
    ENVIRONMENTS.map(async (environment) => {
      onProgress(`Filling the ${environment} shop`);
      const role = roleOf(environment);
      await asSuperuser(server, `shop_${environment}`, async (query) => {
        const reads = roleScript({ user: role, database: `shop_${environment}`, searchPath: ['public'] });
        // In staging the role owns what it works on; in production it reads, and changes rows where policy lets somebody.
        if (environment === 'staging')
          await query(`${reads}GRANT CREATE ON SCHEMA public TO ${role}; SET ROLE ${role}`);
        await query(schema);
        for (const statement of shopData(SEED, sizes[environment])) await query(statement);
        await query(objects);
        if (environment === 'production') await query(`${reads}${changesRows(role)}`);
      });
    }),
  );
  writeFileSync(markerOf(directory), `${SHOP_VERSION}\n`);
}

const roleOf = (environment: DemoEnvironment): string => `workbench_${environment}`;

async function sql(name: 'schema' | 'objects'): Promise<string> {
  return readFile(new URL(`./shop/${name}.sql`, import.meta.url), 'utf8');
}

/**
 * The demonstration keeps its secrets in private files of the profile, so that removing the directory removes all of it.
 * They guard nothing but made-up rows.
 */
const secretFile = (name: string): string => `secrets/${name}`;

async function secret(home: string, name: string): Promise<string> {
  const path = join(home, secretFile(name));
  const known = await readPrivateFile(path);
  if (known !== undefined) return new TextDecoder().decode(known);
  const made = randomBytes(32).toString('base64url');
  await ensurePrivateDirectory(join(home, 'secrets'));
  await writePrivateFile(path, new TextEncoder().encode(made));
  return made;
}

const changesRows = (role: string): string =>
  `GRANT INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ${role}; GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO ${role};`;

async function writeProfile(
  home: string,
  idp: RunningIdp,
  server: EmbeddedServer,
  record: DemonstrationRecord,
): Promise<void> {
  const reference = (environment: DemoEnvironment): SecretReference =>
    `file:${secretFile(`demonstration-${environment}`)}` as SecretReference;
  const write = async (name: string, text: string): Promise<void> =>
    writePrivateFile(join(home, name), new TextEncoder().encode(text));
  for (const name of [PROFILE_FILES.policy, PROFILE_FILES.classification]) {
    if (!existsSync(join(home, name)))
      await write(name, await readFile(new URL(`./organisation/${name}`, import.meta.url), 'utf8'));
  }
  await write(
    PROFILE_FILES.organisation,
    organisationYaml(
      {
        issuer: idp.issuer,
        clientId: idp.clientId,
        scopes: idp.scopes,
        secondFactorAcr: idp.secondFactorAcr,
        service: {
          clientId: idp.service.clientId,
          key: `file:${relative(home, idp.service.privateKeyFile).replaceAll('\\', '/')}` as SecretReference,
        },
        secrets: 'file',
      },
      record,
    ),
  );
  await write(
    PROFILE_FILES.connections,
    connectionsYaml({
      host: server.host,
      port: server.port,
      staging: { user: roleOf('staging'), password: reference('staging') },
      production: { user: roleOf('production'), password: reference('production') },
    }),
  );
}
