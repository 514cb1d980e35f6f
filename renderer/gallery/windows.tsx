import { type ReactElement, useEffect, useState } from 'react';
import { type ActivityCriteria } from '../../shared/views.ts';
import { Frame } from '../frame/frame.tsx';
import { createWorkbench } from '../state/create-workbench.ts';
import { useStore } from '../state/store.ts';
import { type ViewName, type Workbench, WorkbenchContext } from '../state/workbench.ts';
import { type FakeActivityOptions } from '../testing/fake-activity.ts';
import { type FakeAccountOptions } from '../testing/fake-account.ts';
import { type FakeAudit } from '../testing/fake-audit.ts';
import { fakeClient } from '../testing/fake-client.ts';
import { type FakePolicyOptions } from '../testing/fake-policy.ts';
import { accountScenes } from './account-scenes.ts';
import { policyScenes } from './policy-scenes.ts';

/** The whole window on a view in one state, over plain data: what the view's areas do to each other is part of the picture. */
export interface WindowScene {
  readonly view: ViewName;
  readonly activity?: Partial<FakeActivityOptions>;
  readonly criteria?: ActivityCriteria;
  readonly audit?: FakeAudit;
  readonly policy?: FakePolicyOptions;
  readonly account?: FakeAccountOptions;
  readonly identity?: 'oidc' | 'os-account';
  /** The text of the open tab, and where it runs. */
  readonly tab?: { readonly connection: string; readonly text: string };
  /** What the person has done before. */
  readonly prepare?: (workbench: Workbench) => void;
  /** The event that is open. */
  readonly opened?: number;
}

const week: ActivityCriteria = { filter: {}, range: { kind: 'last', span: 'week' } };
const many: ActivityCriteria = {
  filter: {
    text: 'select',
    person: 'https://id.harbor.example ana',
    environment: 'production',
    column: 'public.customers.email',
    kinds: ['stmt.intent', 'stmt.denied'],
  },
  range: { kind: 'last', span: 'quarter' },
};
const EVENTS = 50_000;

export const windowScenes: Readonly<Record<string, WindowScene>> = {
  activity: { view: 'activity', criteria: week, audit: 'copied' },
  /** A new event four times a second. */
  'activity-live': { view: 'activity', activity: { events: 3000, every: 250 } },
  'activity-event': { view: 'activity', criteria: week, audit: 'copied', opened: EVENTS - 22 },
  'activity-refused': { view: 'activity', criteria: week, audit: 'copied', opened: EVENTS - 21 },
  'activity-filtered': { view: 'activity', criteria: many },
  'activity-all': { view: 'activity', criteria: { filter: {}, range: { kind: 'last', span: 'all' } } },
  'activity-empty': { view: 'activity', criteria: week, activity: { events: 0 } },
  'activity-nothing': {
    view: 'activity',
    criteria: { filter: { table: 'public.nowhere' }, range: { kind: 'last', span: 'day' } },
  },
  'activity-loading': { view: 'activity', criteria: week, activity: { state: 'loading' } },
  'activity-failing': { view: 'activity', criteria: week, activity: { state: 'failing' } },
  'activity-indexing': { view: 'activity', criteria: week, activity: { state: 'indexing' }, audit: 'behind' },
  'activity-own': { view: 'activity', criteria: week, activity: { state: 'own' }, audit: 'held' },
  editor: { view: 'editor' },
  ...accountScenes,
  ...policyScenes,
  'verify-good': { view: 'verify', audit: 'copied' },
  'verify-alone': { view: 'verify', audit: 'alone' },
  'verify-damaged': { view: 'verify', audit: 'damaged' },
  'verify-verifying': { view: 'verify', audit: 'verifying' },
  'verify-held': { view: 'verify', audit: 'held' },
  'status-stopped': { view: 'verify', audit: 'stopped' },
  'status-broken': { view: 'verify', audit: 'broken' },
};

const host = { openExternal: (): void => undefined };

function open(scene: WindowScene): { readonly workbench: Workbench; readonly load: () => Promise<void> } {
  const { account, activity = {}, audit, criteria, identity = 'oidc', policy } = scene;
  const { connection, text } = scene.tab ?? { connection: 'shop-production', text: 'SELECT 1' };
  const client = fakeClient({
    signedIn: true,
    identity,
    relations: 6,
    activity: { events: EVENTS, until: Date.now() - 5000, every: null, ...activity },
    ...(audit === undefined ? {} : { audit }),
    ...(policy === undefined ? {} : { policy }),
    ...(account === undefined ? {} : { account }),
    workspace: {
      tabs: [{ id: 'a', title: 'orders', connection, text, cursor: 0 }],
      active: 'a',
      layout: {},
      theme: 'system',
      ...(criteria === undefined ? {} : { activity: criteria }),
    },
  });
  const made = createWorkbench(client, host);
  made.workbench.view.set(scene.view);
  return made;
}

export function WindowPage({ scene }: { scene: WindowScene }): ReactElement {
  const [{ workbench, load }] = useState(() => open(scene));
  const info = useStore(workbench.info);
  const session = useStore(workbench.session);
  useEffect(() => {
    void load();
  }, [load]);
  const owned = useStore(workbench.owner, (owner) => owner !== null);
  useEffect(() => {
    // What was done before the workspace was somebody's would have been let go of.
    if (owned) scene.prepare?.(workbench);
  }, [owned, scene, workbench]);
  const rows = useStore(workbench.activity.feed.state, (state) => state.rows);
  useEffect(() => {
    const row = rows.find(({ index }) => index === scene.opened);
    if (row !== undefined && workbench.activity.opened.get() === null) workbench.activity.opened.set(row);
  }, [rows, scene, workbench]);
  if (info.state !== 'ready' || session.state !== 'signed-in') return <></>;
  return (
    <WorkbenchContext value={workbench}>
      <Frame person={session.person} info={info.value} />
    </WorkbenchContext>
  );
}
