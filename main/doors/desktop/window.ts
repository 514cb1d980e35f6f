import { type Desktop } from '../../../shared/contract.ts';
import { type Handlers } from '../../../shared/rpc/index.ts';
import { type AppInfo, type SignInStep } from '../../../shared/views.ts';
import { type Demonstration } from '../../demonstration/demonstration.ts';
import { CountersignError } from '../../errors.ts';
import { split } from '../../gate/understand/postgres/split.ts';
import { type Session } from '../../identity/principal.ts';
import { type Installation } from '../../installation.ts';
import { addConnection, removeConnection } from '../../profile/edit-connections.ts';
import { VERSION } from '../../version.ts';
import { examineConnection, secondLineageOf, visibleConnections } from '../connections.ts';
import { describing, type Describing } from '../describing.ts';
import { verifyRecord } from '../verify-record.ts';
import { verdictView } from '../views.ts';
import { accountHandlers, personView, stepOf } from './account.ts';
import { activityHandlers } from './activity.ts';
import { auditStates } from './audit-state.ts';
import { classificationHandlers } from './classification.ts';
import { firstMinutes } from './first-minutes.ts';
import { grantHandlers } from './grants.ts';
import { openHistory } from './history.ts';
import { policyHandlers } from './policy.ts';
import { createRuns } from './runs.ts';
import { type Seat } from './seats.ts';
import { type Search } from './search.ts';
import { columnViews, relationViews, schemaViews, searchRelations } from './schema.ts';
import { openWorkspace, personalDirectory } from './workspace.ts';

/** What one person keeps on this machine, open while they are signed in to a window. */
interface Desk {
  readonly session: Session;
  readonly workspace: ReturnType<typeof openWorkspace>;
  readonly history: ReturnType<typeof openHistory>;
  /** Aborted, with the reason, when the login has ended by itself. */
  readonly ended: AbortController;
}

/** How often a window's login is looked at, ms; the provider is asked when revalidation is due. */
const WATCH_LOGIN_MS = 15_000;

/** The answers to everything one window may ask. Translates between the contract and the gate, and decides nothing. */
export function createWindow(
  installation: Installation,
  search: Search,
  demonstration: Demonstration | undefined,
  seat: Seat,
): { readonly handlers: Handlers<Desktop>; readonly close: () => void } {
  const { gate, identity, audit, home } = installation;
  let desk: Desk | undefined;

  function sitDown(session: Session): Desk {
    desk?.history.close();
    seat.take(session.id);
    const directory = personalDirectory(home, session.principal);
    desk = {
      session,
      workspace: openWorkspace(directory),
      history: openHistory(directory),
      ended: new AbortController(),
    };
    return desk;
  }

  /** The person at this window. @throws CountersignError signed-out, or why the login no longer counts */
  async function seated(): Promise<Desk> {
    if (desk === undefined)
      throw new CountersignError('signed-out', 'You are not signed in.', { next: 'Sign in first.' });
    try {
      const session = await identity.ensureLive(desk.session);
      return { ...desk, session };
    } catch (error) {
      desk.ended.abort(error);
      await gate.endSession(desk.session);
      throw error;
    }
  }

  const runs = createRuns(gate);

  // A login that has ended is noticed while nobody types, too: what it runs is cancelled, its connections are closed.
  const watch = setInterval(
    () => void (desk === undefined ? undefined : seated().catch(() => undefined)),
    WATCH_LOGIN_MS,
  );
  watch.unref();

  const describe = async (connection: string, refresh: boolean): Promise<Describing> =>
    describing(installation, (await seated()).session, connection, { refresh });

  const handlers: Handlers<Desktop> = {
    'app.info': () => appInfo(installation, demonstration),

    async 'session.current'() {
      const last = seat.last();
      const session = last === 'unknown' ? await identity.restore() : last && { id: last };
      if (session === undefined) return null;
      try {
        return personView(sitDown(await identity.ensureLive(session)).session);
      } catch (error) {
        // An old login that ended is not news: the window shows the sign-in view.
        if (error instanceof CountersignError && error.code.startsWith('session-')) return null;
        throw error;
      }
    },
    async *'session.signIn'(_, signal): AsyncGenerator<SignInStep> {
      for await (const step of identity.signIn('browser', signal)) {
        if (step.kind === 'done') sitDown(step.session);
        yield* stepOf(step);
      }
    },
    async 'session.signOut'() {
      if (desk !== undefined) {
        await gate.endSession(desk.session);
        await identity.signOut(desk.session);
        desk.history.close();
        desk = undefined;
        seat.take(undefined);
      }
      return null;
    },

    'connections.list': async () => visibleConnections(installation, (await seated()).session),
    async 'connections.add'({ url, title, environment }) {
      const { session } = await seated();
      onlyLocal(installation);
      const connection = await addConnection(home, url, title, environment, installation.secrets);
      await installation.reload();
      await audit.append({ k: 'config.change', change: { what: `connection ${connection.name} added` } });
      const view = (await visibleConnections(installation, session)).find(({ name }) => name === connection.name);
      if (view !== undefined) return view;
      throw new CountersignError(
        'connection-hidden',
        `${connection.name} was added, but the policy gives you nothing on it.`,
        {
          next: 'Change policy.yaml so that it allows you to read there.',
        },
      );
    },
    async 'connections.remove'({ connection }) {
      await seated();
      onlyLocal(installation);
      await removeConnection(home, connection, installation.secrets);
      await installation.reload();
      await audit.append({ k: 'config.change', change: { what: `connection ${connection} removed` } });
      return null;
    },

    'connections.examine': async ({ connection }, signal) =>
      examineConnection(installation, (await seated()).session, connection, signal),

    async 'schema.schemas'({ connection, refresh }) {
      const { input, index } = await describe(connection, refresh);
      return schemaViews(input, index);
    },
    async 'schema.relations'({ connection, schema }) {
      const { input, index } = await describe(connection, false);
      return relationViews(input, index, schema);
    },
    async 'schema.columns'({ connection, schema, relation }) {
      const { input, index } = await describe(connection, false);
      return columnViews(input, index, schema, relation);
    },
    async 'schema.search'({ connection, text }) {
      const { input, index } = await describe(connection, false);
      return searchRelations(input, index, text);
    },

    'query.split': ({ text }) => split(text),
    async 'query.explain'({ connection, text }, signal) {
      const { session } = await seated();
      const request = { session, connection, text, params: [], origin: 'desktop' } as const;
      const judgement = await gate.explain(request, signal);
      return verdictView(judgement, secondLineageOf(installation, connection));
    },
    async *'query.run'({ connection, text, offset, reason, ticket }, signal) {
      const { session, history } = await seated();
      const request = {
        ...{ session, connection, text, params: [], origin: 'desktop' as const },
        ...(reason === undefined ? {} : { reason }),
        ...(ticket === undefined ? {} : { ticket }),
      };
      for await (const event of runs.run(request, offset, history, signal)) {
        if (event.kind !== 'verdict') yield event;
        else
          yield { ...event, verdict: { ...event.verdict, secondLineage: secondLineageOf(installation, connection) } };
      }
    },

    'result.window': async ({ result, ...area }) => gate.result((await seated()).session, result).window(area),
    'result.cell': async ({ result, row, column }) => runs.cell((await seated()).session, result, row, column),
    'result.copy': async (request) => runs.copy((await seated()).session, request),
    'clipboard.copied': async ({ result, cells }) => runs.copied((await seated()).session, result, cells),
    async 'result.release'({ result }) {
      runs.release((await seated()).session, result);
      return null;
    },

    async 'workspace.load'() {
      const state = (await seated()).workspace.load();
      return demonstration !== undefined && state.tabs.length === 0 ? firstMinutes(state) : state;
    },
    async 'workspace.save'(state) {
      // Somebody whose login has just ended still keeps what they typed.
      if (desk === undefined)
        throw new CountersignError('signed-out', 'You are not signed in.', { next: 'Sign in first.' });
      desk.workspace.save(state);
      return null;
    },
    'history.list': async ({ text, limit }) => (await seated()).history.list(text, limit),

    async *'audit.state'(_, signal) {
      const login = desk?.ended.signal;
      yield* auditStates(installation, login === undefined ? signal : AbortSignal.any([signal, login]));
      // The one stream that is always open: it tells a window that asks nothing that its login has ended.
      login?.throwIfAborted();
    },
    async 'audit.verify'({ where }) {
      return verifyRecord(installation, (await seated()).session, where);
    },
    ...activityHandlers(search.activity, seated),
    ...accountHandlers(installation, seated),
    ...classificationHandlers(installation, seated),
    ...grantHandlers(installation, seated),
    ...policyHandlers(installation, seated),
  };

  return {
    handlers,
    close() {
      clearInterval(watch);
      runs.close();
      desk?.history.close();
      desk = undefined;
    },
  };
}

function appInfo(installation: Installation, demonstration: Demonstration | undefined): AppInfo {
  const { organisation } = installation.profile();
  return {
    version: VERSION,
    organisation: organisation.name,
    demonstration: demonstration !== undefined,
    identity: organisation.identity.kind,
    people: (demonstration?.people ?? []).map(({ name, email, password, role }) => ({ name, email, password, role })),
    notices: [installation.trouble() ?? []].flat(),
  };
}

/** An organisation's connections are the administrator's. */
function onlyLocal(installation: Installation): void {
  if (installation.profile().organisation.identity.kind === 'os-account') return;
  throw new CountersignError(
    'connections-managed',
    "Your organisation's administrator manages the connections of this profile.",
    {
      next: 'Ask for the connection, or use a local profile: npm start -- --local --home DIR',
    },
  );
}
