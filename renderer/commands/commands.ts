import {
  closeActiveTab,
  explainCurrent,
  formatText,
  inspectorShown,
  newTab,
  reopenClosedTab,
  showInspector,
  showSettings,
  signOut,
} from '../state/actions.ts';
import { cancelRun, runCurrent } from '../state/run.ts';
import { type Theme } from '../design/theme.ts';
import { openSave } from '../policy/saving.ts';
import { stepArea } from './areas.ts';
import { type Workbench } from '../state/workbench.ts';
import { activeTab, stepTab } from '../state/workspace.ts';

export interface Command {
  readonly id: string;
  readonly title: string;
  /** Combinations; the first is the one that is shown. A browser keeps a few to itself, so those have a second one. */
  readonly keys: readonly string[];
  /** Left out of the palette and of the keys while false. */
  readonly when?: (workbench: Workbench) => boolean;
  readonly run: (workbench: Workbench) => unknown;
}

const hasTab = (workbench: Workbench): boolean =>
  workbench.view.get() === 'editor' && activeTab(workbench.workspace.get()) !== null;

function running(workbench: Workbench): boolean {
  const { active } = workbench.workspace.get();
  return active !== null && workbench.runs.get().get(active)?.snapshot().state === 'running';
}

/** People sign in, so they can sign out, confirm who they are, and let agents act for them. */
function isOrganisation({ info }: Workbench): boolean {
  const app = info.get();
  return app.state === 'ready' && app.value.identity === 'oidc';
}

export function setTheme(workbench: Workbench, theme: Theme): void {
  workbench.workspace.update((workspace) => ({ ...workspace, theme }));
}

const themes = [
  ['system', 'Theme: as the system'],
  ['light', 'Theme: light'],
  ['dark', 'Theme: dark'],
  ['high-contrast', 'Theme: high contrast'],
] as const;

/** Everything a person can do from the keyboard, in the order of the palette and of the list in the settings. */
export const commands: readonly Command[] = [
  {
    id: 'run',
    title: 'Run the statement at the cursor, or the selection',
    keys: ['Mod+Enter'],
    when: hasTab,
    run: runCurrent,
  },
  { id: 'cancel', title: 'Cancel what is running', keys: ['Escape'], when: running, run: cancelRun },
  {
    id: 'explain',
    title: 'Explain the verdict on the statement',
    keys: ['Mod+Shift+E'],
    when: hasTab,
    run: explainCurrent,
  },
  { id: 'format', title: 'Format', keys: ['Shift+Alt+F'], when: hasTab, run: formatText },
  {
    id: 'tab.new',
    title: 'New tab',
    keys: ['Alt+N', 'Mod+T'],
    run: (workbench) => {
      newTab(workbench);
    },
  },
  { id: 'tab.close', title: 'Close tab', keys: ['Alt+W', 'Mod+W'], when: hasTab, run: closeActiveTab },
  {
    id: 'tab.reopen',
    title: 'Reopen closed tab',
    keys: ['Mod+Shift+T', 'Alt+Shift+T'],
    when: (workbench) => workbench.workspace.get().closed.length > 0,
    run: reopenClosedTab,
  },
  {
    id: 'tab.next',
    title: 'Next tab',
    keys: ['Mod+PageDown'],
    when: hasTab,
    run: (workbench) => {
      workbench.workspace.update((workspace) => stepTab(workspace, 1));
    },
  },
  {
    id: 'tab.previous',
    title: 'Previous tab',
    keys: ['Mod+PageUp'],
    when: hasTab,
    run: (workbench) => {
      workbench.workspace.update((workspace) => stepTab(workspace, -1));
    },
  },
  {
    id: 'palette',
    title: 'Show all commands',
    keys: ['Mod+Shift+P', 'F1'],
    run: (workbench) => {
      workbench.palette.set('commands');
    },
  },
  {
    id: 'relations',
    title: 'Open a table or view',
    keys: ['Mod+P'],
    run: (workbench) => {
      workbench.palette.set('relations');
    },
  },
  {
    id: 'area.next',
    title: 'Move to the next area',
    keys: ['F6'],
    run: () => {
      stepArea(1);
    },
  },
  {
    id: 'area.previous',
    title: 'Move to the previous area',
    keys: ['Shift+F6'],
    run: () => {
      stepArea(-1);
    },
  },
  {
    id: 'history',
    title: 'History',
    keys: ['Mod+H'],
    run: (workbench) => {
      showSidebar(workbench, workbench.sidebar.get() === 'history' ? 'connections' : 'history');
    },
  },
  {
    id: 'connections',
    title: 'Connections',
    keys: ['Mod+B'],
    run: (workbench) => {
      showSidebar(workbench, 'connections');
    },
  },
  {
    id: 'inspector',
    title: 'Show or hide the inspector',
    keys: ['Mod+I'],
    run: (workbench) => {
      showInspector(workbench, !inspectorShown(workbench.workspace.get()));
    },
  },
  {
    id: 'view.editor',
    title: 'Go to the editor',
    keys: ['Alt+1'],
    run: (workbench) => {
      workbench.view.set('editor');
    },
  },
  {
    id: 'view.activity',
    title: 'Activity: who did what',
    keys: ['Alt+2'],
    run: (workbench) => {
      workbench.view.set('activity');
    },
  },
  {
    id: 'activity.export',
    title: 'Export the events that are shown',
    keys: [],
    when: (workbench) => workbench.view.get() === 'activity',
    run: (workbench) => {
      workbench.activity.exporting.set(true);
    },
  },
  {
    id: 'view.policy',
    title: 'Policy: who may do what',
    keys: ['Alt+3'],
    run: (workbench) => {
      workbench.view.set('policy');
    },
  },
  {
    id: 'policy.save',
    title: 'Put the policy in the editor in force',
    keys: ['Mod+S'],
    when: (workbench) => workbench.view.get() === 'policy',
    run: ({ policy }) => {
      openSave(policy);
    },
  },
  {
    id: 'view.verify',
    title: 'Verify the record',
    keys: ['Alt+4'],
    run: (workbench) => {
      workbench.view.set('verify');
    },
  },
  {
    id: 'view.settings',
    title: 'Settings',
    keys: ['Mod+,'],
    run: (workbench) => {
      workbench.view.set('settings');
    },
  },
  {
    id: 'account.confirm',
    title: 'Confirm it’s you',
    keys: [],
    when: isOrganisation,
    run: (workbench) => {
      showSettings(workbench, 'account');
      void workbench.account.stepUp.begin();
    },
  },
  {
    id: 'grants',
    title: 'Grants: take one, or end one',
    keys: [],
    run: (workbench) => {
      showSettings(workbench, 'grants');
    },
  },
  {
    id: 'agents',
    title: 'Agents: issue a token, or stop one',
    keys: [],
    when: isOrganisation,
    run: (workbench) => {
      showSettings(workbench, 'agents');
    },
  },
  ...themes.map(([theme, title]): Command => ({
    id: `theme.${theme}`,
    title,
    keys: [],
    run: (workbench) => {
      setTheme(workbench, theme);
    },
  })),
  {
    id: 'sign-out',
    title: 'Sign out',
    keys: [],
    when: isOrganisation,
    run: signOut,
  },
];

function showSidebar(workbench: Workbench, sidebar: 'connections' | 'history'): void {
  workbench.view.set('editor');
  workbench.sidebar.set(sidebar);
}

export const shortcutOf = (id: string): string => commands.find((command) => command.id === id)?.keys[0] ?? '';
