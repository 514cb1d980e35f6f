import { createContext, useContext } from 'react';
import { type Desktop } from '../../shared/contract.ts';
import { type Client } from '../../shared/rpc/types.ts';
import {
  type AppInfo,
  type AuditStateView,
  type ConnectionView,
  type PersonView,
  type SpanView,
  type VerdictView,
} from '../../shared/views.ts';
import { type Account } from '../account/account.ts';
import { type Activity } from '../activity/activity.ts';
import { type Policy } from '../policy/policy.ts';
import { type InspectedCell } from '../results/inspector/inspected.ts';
import { type RunModel } from '../results/run-model.ts';
import { type EditorHandle } from '../editor/editor-handle.ts';
import { type Saver } from './saver.ts';
import { type SchemaCache } from './schema-cache.ts';
import { type Asked } from './asked.ts';
import { type Store } from './store.ts';
import { type Loadable, type Trouble } from './trouble.ts';
import { type Workspace } from './workspace.ts';

/** What the shell around the window does for it. */
export interface Host {
  /** Opens the person's own browser at a sign-in address. */
  openExternal(url: string): void;
}

export type ViewName = 'editor' | 'activity' | 'policy' | 'verify' | 'settings';

/** Who is at the window. */
export type Session =
  | { readonly state: 'unknown' }
  /** With the reason when the session ended by itself. */
  | { readonly state: 'signed-out'; readonly trouble: Trouble | null }
  | { readonly state: 'signed-in'; readonly person: PersonView };

/** The verdict on the statement at the cursor, before anything runs. */
export interface LiveVerdict {
  readonly connection: string;
  /** Where the statement stands in the tab, UTF-16 units. */
  readonly statement: SpanView;
  readonly text: string;
  readonly verdict: VerdictView;
}

/** Everything the views share: the stores they read and the client they ask. Made once, in workbench.tsx. */
export interface Workbench {
  readonly client: Client<Desktop>;
  readonly host: Host;
  readonly info: Store<Loadable<AppInfo>>;
  readonly session: Store<Session>;
  /** Whose workspace is in memory; it outlives a session, so that signing in again goes on where it stopped. */
  readonly owner: Store<string | null>;
  readonly connections: Store<Loadable<readonly ConnectionView[]>>;
  readonly audit: Store<Loadable<AuditStateView>>;
  readonly schema: SchemaCache;
  readonly activity: Activity;
  readonly policy: Policy;
  readonly account: Account;
  readonly workspace: Store<Workspace>;
  /** Why text could not be saved, or null. */
  readonly saveTrouble: Store<Trouble | null>;
  readonly saver: Saver;
  readonly view: Store<ViewName>;
  readonly palette: Store<'commands' | 'relations' | null>;
  /** Which tab of the inspector is shown. */
  readonly inspectorTab: Store<string>;
  readonly sidebar: Store<'connections' | 'history'>;
  /** Which part of the settings is shown. */
  readonly settingsSection: Store<string>;
  /** What a tab's statement asks of the person before it runs, and what they have said. */
  readonly asked: Store<ReadonlyMap<string, Asked>>;
  /** The last run of each tab. */
  readonly runs: Store<ReadonlyMap<string, RunModel>>;
  readonly live: Store<LiveVerdict | null>;
  /** The cell the person looks at. */
  readonly inspected: Store<InspectedCell | null>;
  /** The text editor on the screen, once it is there. */
  readonly editor: Store<EditorHandle | null>;
}

export const WorkbenchContext = createContext<Workbench | null>(null);

export function useWorkbench(): Workbench {
  const workbench = useContext(WorkbenchContext);
  if (workbench === null) throw new Error('There is no workbench around this component.');
  return workbench;
}
