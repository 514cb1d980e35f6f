import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type AuditEvent } from '../../audit/index.ts';
import { asSuperuser, startTemporary, type TemporaryServer } from '../../databases/embedded/index.ts';
import { connectPostgres } from '../../databases/postgres/session.ts';
import { session } from '../testing/session.ts';
import { type Connection } from '../../profile/types.ts';
import { type Admission, createAdmission } from './admission.ts';
import { createRoles, type Roles } from './roles.ts';
import { targetOf, type Upstreams } from '../upstreams.ts';

describe('who is let onto a connection that was just made', () => {
  let server: TemporaryServer;
  let recorded: AuditEvent[];
  let roles: Roles;
  let admission: Admission;
  beforeAll(async () => {
    server = await startTemporary();
    await asSuperuser(server, 'postgres', (query) => query("CREATE ROLE reader LOGIN PASSWORD 'pass'"));
  });
  afterAll(() => server.stop());
  beforeEach(async () => {
    await asSuperuser(server, 'postgres', (query) => query('ALTER ROLE reader NOSUPERUSER'));
    recorded = [];
    roles = createRoles();
    const append = (event: AuditEvent) => {
      recorded.push(event);
      return Promise.resolve({ index: recorded.length, hash: '' });
    };
    admission = createAdmission({ append } as unknown as Parameters<typeof createAdmission>[0], roles, () =>
      Promise.resolve('s1'),
    );
  });

  const connection = (user: string, change: Partial<Connection> = {}): Connection => ({
    name: 'shop',
    title: 'Shop',
    engine: 'postgres',
    environment: 'production',
    host: server.host,
    port: server.port,
    database: 'postgres',
    user,
    tls: 'disable',
    searchPath: ['public'],
    ...change,
  });

  async function onConnection<T>(to: Connection, work: (upstream: Parameters<Admission['opened']>[2]) => Promise<T>) {
    const password = to.user === 'reader' ? 'pass' : server.password;
    const upstream = await connectPostgres(targetOf(to, session, password, undefined), AbortSignal.timeout(20_000));
    try {
      return await work(upstream);
    } finally {
      await upstream.close();
    }
  }

  const open = (to: Connection) => onConnection(to, (upstream) => admission.opened(session, to, upstream));

  it('is everybody where the role only reads, and the record says how weak it is', async () => {
    const to = connection('reader');
    await open(to);
    expect(recorded).toMatchObject([{ k: 'conn.open', s: 's1', role: { weak: ['temporary-tables'], accepted: [] } }]);
    expect(roles.known(to)?.weaknesses.map(({ code }) => code)).toEqual(['temporary-tables']);
  });

  it('is nobody where the role is a superuser, and the record says that too', async () => {
    const to = connection(server.user);
    await expect(open(to)).rejects.toMatchObject({ code: 'role-too-powerful' });
    expect(recorded).toMatchObject([
      { k: 'conn.refused', s: 's1', out: { code: 'role-too-powerful' }, role: { weak: ['superuser'], accepted: [] } },
    ]);
  });

  it('is everybody where the connection says why, and the words are in the record', async () => {
    const because = 'one role until March';
    await open(connection(server.user, { accept: { weaknesses: ['superuser'], because } }));
    expect(recorded).toMatchObject([
      { k: 'conn.open', role: { weak: ['superuser'], accepted: ['superuser'] }, why: { reason: because } },
    ]);
  });

  it('is not known of a connection that was changed since', async () => {
    const to = connection('reader');
    await open(to);
    expect(roles.known(connection('reader', { searchPath: ['sales'] }))).toBeUndefined();
  });

  it('is nobody any more at the next catalog when the role was made a superuser meanwhile', async () => {
    const to = connection('reader');
    await onConnection(to, async (upstream) => {
      await admission.opened(session, to, upstream);
      const upstreams = {
        use: (...[, , , work]: Parameters<Upstreams['use']>) => work(upstream),
      } as unknown as Upstreams;
      const read = () =>
        admission.watched(upstreams).use(session, to, AbortSignal.timeout(20_000), () => Promise.resolve('a catalog'));
      await expect(read()).resolves.toBe('a catalog');
      await asSuperuser(server, 'postgres', (query) => query('ALTER ROLE reader SUPERUSER'));
      await expect(read()).rejects.toMatchObject({ code: 'role-too-powerful' });
    });
  });
});
