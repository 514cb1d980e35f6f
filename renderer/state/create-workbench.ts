import { type Desktop } from '../../shared/contract.ts';
import { type Client } from '../../shared/rpc/types.ts';
import { createAccount } from '../account/account.ts';
import { createActivity } from '../activity/activity.ts';
import { createPolicy } from '../policy/policy.ts';
import { createSaver, systemClock } from './saver.ts';
import { createSchemaCache } from './schema-cache.ts';
import { createStore } from './store.ts';
import { loading, type Trouble, troubleOf } from './trouble.ts';
import { watchSession } from './watch-session.ts';
import { type Host, type Session, type Workbench } from './workbench.ts';
import { emptyWorkspace, savedForm } from './workspace.ts';

/** ms from the first keystroke to the disk. */
const SAVE_DELAY = 400;
const SAVE_RETRY = 3000;

/** Makes the stores the views share. `load` asks the gate who it is and who is at the window; it may be called again after a failure. */
export function createWorkbench(
  gate: Client<Desktop>,
  host: Host,
): { readonly workbench: Workbench; readonly load: () => Promise<void> } {
  const session = createStore<Session>({ state: 'unknown' });
  const client = watchSession(gate, (trouble) => {
    session.set({ state: 'signed-out', trouble });
  });
  const workspace = createStore(emptyWorkspace);
  const saveTrouble = createStore<Trouble | null>(null);
  const workbench: Workbench = {
    client,
    host,
    info: createStore<ReturnType<Workbench['info']['get']>>(loading),
    session,
    owner: createStore<string | null>(null),
    connections: createStore<ReturnType<Workbench['connections']['get']>>(loading),
    audit: createStore<ReturnType<Workbench['audit']['get']>>(loading),
    schema: createSchemaCache(client),
    activity: createActivity(client),
    policy: createPolicy(client),
    account: createAccount(client, {
      open: (url) => {
        host.openExternal(url);
      },
      onPerson: (person) => {
        // Whoever has signed out meanwhile is not signed in again by it.
        if (session.get().state === 'signed-in') session.set({ state: 'signed-in', person });
      },
    }),
    workspace,
    saveTrouble,
    saver: createSaver({
      clock: systemClock,
      delay: SAVE_DELAY,
      retry: SAVE_RETRY,
      current: () => savedForm(workspace.get()),
      save: (state) => client['workspace.save']({ ...state, tabs: [...state.tabs] }),
      onTrouble: (error) => {
        saveTrouble.set(error === null ? null : troubleOf(error));
      },
    }),
    view: createStore<ReturnType<Workbench['view']['get']>>('editor'),
    palette: createStore<ReturnType<Workbench['palette']['get']>>(null),
    inspectorTab: createStore('cell'),
    sidebar: createStore<ReturnType<Workbench['sidebar']['get']>>('connections'),
    settingsSection: createStore('appearance'),
    asked: createStore<ReturnType<Workbench['asked']['get']>>(new Map()),
    runs: createStore<ReturnType<Workbench['runs']['get']>>(new Map()),
    live: createStore<ReturnType<Workbench['live']['get']>>(null),
    inspected: createStore<ReturnType<Workbench['inspected']['get']>>(null),
    editor: createStore<ReturnType<Workbench['editor']['get']>>(null),
  };

  const load = async (): Promise<void> => {
    workbench.info.set(loading);
    try {
      const [info, person] = await Promise.all([client['app.info'](), client['session.current']()]);
      workbench.info.set({ state: 'ready', value: info });
      workbench.session.set(person === null ? { state: 'signed-out', trouble: null } : { state: 'signed-in', person });
    } catch (error) {
      workbench.info.set({ state: 'failed', trouble: troubleOf(error) });
    }
  };

  return { workbench, load };
}
