/**
 * What the gate adds to a read of one row whose text, catalog and connection it knows: CPU beside the same statement
 * through plain pg, in the same process and in turns. The disk's sync is not in it: it is the journal thread's, and only
 * the main thread's CPU is counted where nothing else is said.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { openSecretStore } from '../main/credentials/index.ts';
import { asSuperuser, startTemporary, type TemporaryServer } from '../main/databases/embedded/index.ts';
import { loadMarks } from '../main/databases/postgres/marks.ts';
import { connectPostgres } from '../main/databases/postgres/session.ts';
import { decide } from '../main/gate/decide.ts';
import { confirm, questionsOf } from '../main/gate/enforce/confirm.ts';
import { type Judged } from '../main/gate/judge.ts';
import { judgeAccess, policyQuestion } from '../main/gate/decide-access.ts';
import { decisionInput } from '../main/gate/record-decision.ts';
import { trace } from '../main/gate/lineage/trace.ts';
import { type GateRequest } from '../main/gate/request.ts';
import { actorOf, intentOf } from '../main/gate/record.ts';
import { understand } from '../main/gate/understand/postgres/understand.ts';
import { type Installation, openInstallation } from '../main/installation.ts';
import { addConnection } from '../main/profile/edit-connections.ts';
import { createLocalProfile } from '../main/profile/local.ts';
import { type Bench, median, type Measurement } from './bench.ts';
import { countedWay } from './round-trips.ts';

const STATEMENT = 'SELECT id, name, email FROM customers WHERE id = 1';
const TABLE = `CREATE TABLE customers AS
  SELECT g AS id, 'Person ' || g AS name, 'user' || g || '@example.org' AS email FROM generate_series(1, 20000) g;
  ALTER TABLE customers ADD PRIMARY KEY (id)`;
/** Nobody works through the gate as a superuser; of the role whose log is quiet, the server's trees are read as well. */
const ROLES = ['bench', 'quiet'] as const;
const rolesSql = (password: string): string =>
  [
    ...ROLES.map((name) => `CREATE ROLE ${name} LOGIN PASSWORD '${password}'; GRANT SELECT ON customers TO ${name}`),
    'ALTER ROLE quiet SET log_min_messages = fatal',
  ].join('; ');
const WARM_UP = 300;
/** The clock of a thread's CPU is exact only over many statements: medians are of rounds. */
const ROUNDS = 30;
const STATEMENTS = 100;
/** Milliseconds. */
const OVERHEAD = 0.8;

/** Per statement, microseconds. */
interface Cost {
  readonly cpu: number;
  readonly wall: number;
}

type Work = () => unknown;

const microseconds = ({ user, system }: NodeJS.CpuUsage): number => user + system;

async function round(work: Work): Promise<Cost> {
  const walls: number[] = [];
  const before = process.threadCpuUsage();
  for (let i = 0; i < STATEMENTS; i++) {
    const begun = performance.now();
    await work();
    walls.push((performance.now() - begun) * 1000);
  }
  return { cpu: microseconds(process.threadCpuUsage(before)) / STATEMENTS, wall: median(walls) };
}

/** Each way in turn, so that all meet the same neighbours and the same garbage collector. */
async function inTurns<Way extends string>(ways: Readonly<Record<Way, Work>>): Promise<Readonly<Record<Way, Cost>>> {
  const names = Object.keys(ways) as Way[];
  const costs = new Map<Way, Cost[]>(names.map((name) => [name, []]));
  for (let i = 0; i < ROUNDS; i++) for (const [name, list] of costs) list.push(await round(ways[name]));
  const middle = (list: readonly Cost[]): Cost => ({
    cpu: median(list.map(({ cpu }) => cpu)),
    wall: median(list.map(({ wall }) => wall)),
  });
  return Object.fromEntries([...costs].map(([name, list]) => [name, middle(list)])) as Record<Way, Cost>;
}

/** CPU of every thread of the process per statement, microseconds: the journal's thread and its sync are in it. */
async function allThreads(work: Work): Promise<number> {
  const before = process.cpuUsage();
  for (let i = 0; i < ROUNDS * STATEMENTS; i++) await work();
  return microseconds(process.cpuUsage(before)) / (ROUNDS * STATEMENTS);
}

/** A local profile with a connection for each role, and the same on the way that is counted; this account is the asker. */
async function openProfile(home: string, { password, host, port }: TemporaryServer, counted: number) {
  await createLocalProfile(home, { secrets: 'file' });
  const secrets = await openSecretStore('file', home);
  const ways = [
    ['', host, port],
    ['-counted', '127.0.0.1', counted],
  ] as const;
  for (const name of ROLES) {
    for (const [suffix, ...place] of ways) {
      const url = `postgres://${name}:${encodeURIComponent(password)}@${place.join(':')}/postgres?sslmode=disable`;
      await addConnection(home, url, `${name}${suffix}`, 'development', secrets);
    }
  }
  return openInstallation(home, 'cli');
}

async function requestOn(installation: Installation, connection: string): Promise<GateRequest> {
  const session = await installation.identity.restore();
  if (session === undefined) throw new Error('A local profile always has somebody signed in.');
  return { session, connection, text: STATEMENT, params: [], origin: 'cli' };
}

async function throughGate({ gate }: Installation, request: GateRequest): Promise<void> {
  let end: string | undefined;
  let result: string | undefined;
  for await (const event of gate.run(request, new AbortController().signal)) {
    end = event.kind;
    if (event.kind === 'columns') ({ result } = event);
  }
  if (end !== 'done' || result === undefined) throw new Error(`The statement ended as ${String(end)}.`);
  const [row] = gate.result(request.session, result).textRows();
  if (row?.length !== 3) throw new Error('The row is missing.');
  gate.releaseResult(request.session, result);
}

/** The steps of the road by themselves, on what they are given on the road. */
async function steps(installation: Installation, request: GateRequest, server: TemporaryServer, user: string) {
  const { signal } = new AbortController();
  const settings = { standardConformingStrings: true, clientEncoding: 'UTF8' } as const;
  const inForce = installation.inForce();
  const connection = inForce.connection(request.connection);
  const { tree, facts: textFacts } = await understand(STATEMENT, settings);
  if (tree === undefined) throw new Error('The statement was not understood.');
  const index = await installation.gate.catalog(request.session, request.connection, { refresh: false });
  const lineage = trace(tree, index);
  const facts = { ...textFacts, relations: lineage.relations };
  const classification = inForce.columnsOf(connection, undefined);
  const { principal } = request.session;
  const { policy } = inForce;
  const input = { facts, lineage, principal, connection, policy, classification, now: new Date(), grants: [] };
  const verdictNow = () => decide(input);
  const judgement = { facts, lineage, verdict: verdictNow() };
  const classOf = () => undefined;
  await installation.audit.append({ k: 'session.start', s: 'bench', actor: actorOf(request.session) });

  const { host, port, password } = server;
  const upstream = await connectPostgres(
    {
      host,
      port,
      user,
      password,
      database: 'postgres',
      tls: 'disable',
      searchPath: connection.searchPath,
      applicationName: 'bench',
    },
    signal,
  );
  try {
    const catalog = { index, marks: await loadMarks(upstream) };
    const judged: Judged = {
      judgement,
      counted: [],
      connection,
      policyHash: policy.hash,
      found: { detected: undefined, commented: undefined },
      again: () => undefined,
      questions: () => judgeAccess(input).map(({ action, relation }) => policyQuestion(input, action, relation)),
      decidedFrom: () => decisionInput(input, judgeAccess(input), judgement.verdict, inForce.classificationHash),
      tree,
      catalog,
      classOf,
      net: undefined,
      masks: 'elsewhere',
    };
    const questions = await questionsOf(judged);
    const prepared = await upstream.begin(
      {
        mode: 'read only',
        statementTimeout: 0,
        lockTimeout: 0,
        text: STATEMENT,
        params: [],
        treeOf: questions.treeOf,
        ...(questions.marks === undefined ? {} : { marks: questions.marks }),
      },
      signal,
    );
    return await inTurns({
      understand: () => understand(STATEMENT, settings),
      trace: () => trace(tree, index),
      decide: verdictNow,
      record: async () => {
        const intent = intentOf({ id: 'bench' }, request, judged, () => '');
        await (await installation.audit.recordIntent(intent)).end({ status: 'done', rows: 1, bytes: 30, ms: 1 });
      },
      confirm: async () => confirm(prepared, upstream, judged, await questionsOf(judged)),
    });
  } finally {
    await upstream.close();
  }
}

export const gateBench: Bench = {
  name: 'gate',
  async run() {
    const server = await startTemporary();
    const home = mkdtempSync(join(tmpdir(), 'countersign-bench-'));
    const { host, port, user, password } = server;
    const way = await countedWay(host, port);
    const client = new Client({ host, port, user, password, database: 'postgres', ssl: false });
    const counted = new Client({ host: '127.0.0.1', port: way.port, user, password, database: 'postgres', ssl: false });
    let installation: Installation | undefined;
    try {
      await asSuperuser(server, 'postgres', (query) => query(`${TABLE}; ANALYZE customers; ${rolesSql(password)}`));
      await Promise.all([client.connect(), counted.connect()]);
      const opened = await openProfile(home, server, way.port);
      installation = opened;
      const through = async (name: string): Promise<Work> => {
        const request = await requestOn(opened, name);
        return () => throughGate(opened, request);
      };
      const ways = {
        text: await through('bench'),
        trees: await through('quiet'),
        pg: async () => void (await client.query(STATEMENT)),
      };
      for (let i = 0; i < WARM_UP; i++) await Promise.all([ways.pg(), ways.text(), ways.trees()]);
      const { text, trees, pg } = await inTurns(ways);
      const all = { trees: await allThreads(ways.trees), pg: await allThreads(ways.pg) };
      const parts = await steps(opened, await requestOn(opened, 'quiet'), server, 'quiet');
      const trips = async (work: Work): Promise<number> => {
        await work();
        return way.of(async () => work());
      };
      const ms = (metric: string, value: number, goal?: number): Measurement => ({
        metric,
        value: value / 1000,
        unit: 'ms',
        ...(goal === undefined ? {} : { goal }),
      });
      return [
        ms('gate overhead of a cached read, CPU, p50', trees.cpu - pg.cpu, OVERHEAD),
        ms("the same without the server's trees, CPU, p50", text.cpu - pg.cpu, OVERHEAD),
        { metric: 'gate against pg, CPU, p50', value: trees.cpu / pg.cpu, unit: 'x' },
        { metric: 'gate against pg, wall, p50', value: trees.wall / pg.wall, unit: 'x' },
        { metric: 'gate, round trips', value: await trips(await through('quiet-counted')), unit: 'trips', goal: 3 },
        { metric: 'pg, round trips', value: await trips(() => counted.query(STATEMENT)), unit: 'trips' },
        ms('gate, CPU, p50', trees.cpu),
        ms('pg, CPU, p50', pg.cpu),
        ms('gate, wall with the sync, p50', trees.wall),
        ms('pg, wall, p50', pg.wall),
        ms('gate, CPU of all threads, mean', all.trees),
        ms('pg, CPU of all threads, mean', all.pg),
        ...Object.entries(parts).flatMap(([step, { cpu, wall }]) => [
          ms(`${step}, CPU, p50`, cpu),
          ms(`${step}, wall, p50`, wall),
        ]),
      ];
    } finally {
      await installation?.close();
      await Promise.all([client.end(), counted.end()]);
      way.close();
      await server.stop();
      rmSync(home, { recursive: true, force: true });
    }
  },
};
