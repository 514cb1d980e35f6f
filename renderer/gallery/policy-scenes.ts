import { type PolicyTab } from '../policy/policy.ts';
import { type Workbench } from '../state/workbench.ts';
import { type WindowScene } from './windows.tsx';

/** The Policy view in its states. */

const on =
  (tab: PolicyTab) =>
  ({ policy }: Workbench): void => {
    policy.tab.set(tab);
  };

/** Changes the text as soon as it is there, as somebody would by typing. */
const edited =
  (tab: PolicyTab, change: (text: string) => string) =>
  ({ policy }: Workbench): void => {
    policy.tab.set(tab);
    const leave = policy.draft.subscribe(() => {
      const text = policy.draft.get()?.text;
      if (text === undefined) return;
      leave();
      policy.edit(change(text));
    });
  };

const wider = (text: string): string =>
  text
    .replace(/ {2}- id: no-drop[\s\S]*?in production\n/, '')
    .replace('pii: partial, secret: redact', 'pii: clear')
    .replace('rows: 100000', 'rows: 50000')
    .replace('rules:\n', 'rules:\n  - { id: oncall-reads, allow: select, to: group:oncall }\n');

/** The same with tests that expect it. */
const meant = (text: string): string =>
  wider(text).replace('expect: deny, by: no-drop', 'expect: approval').replace(', mask: { email: partial }', '');

const wrong = (text: string): string =>
  text.replace('allow: read, to: group:analysts', 'alow: read, to: group:analyst');

export const policyScenes: Readonly<Record<string, WindowScene>> = {
  policy: { view: 'policy', policy: {}, prepare: on('matrix') },
  'policy-tests': { view: 'policy', policy: {} },
  'policy-failing-tests': { view: 'policy', policy: {}, prepare: edited('tests', wider) },
  'policy-no-tests': { view: 'policy', policy: { state: 'no-tests' } },
  'policy-wrong': { view: 'policy', policy: {}, prepare: edited('tests', wrong) },
  'policy-malformed': { view: 'policy', policy: { state: 'malformed' }, prepare: on('matrix') },
  'policy-many': { view: 'policy', policy: { state: 'many' }, prepare: on('matrix') },
  'policy-changes': { view: 'policy', policy: {}, prepare: edited('changes', meant) },
  'policy-behind': {
    view: 'policy',
    policy: { changedAfter: 400 },
    prepare: edited('changes', (text) => text.replace('seconds: 120', 'seconds: 300')),
  },
  'policy-locked': { view: 'policy', policy: { administrator: false }, prepare: on('matrix') },
  'policy-explain': {
    view: 'policy',
    policy: {},
    prepare: ({ policy }) => {
      policy.tab.set('explain');
      policy.question.update((question) => ({
        ...question,
        as: 'group:engineers',
        connection: 'shop-production',
        sql: 'DROP TABLE orders',
      }));
    },
  },
  'policy-simulate': { view: 'policy', policy: {}, prepare: on('simulate') },
  'policy-classification': { view: 'policy', policy: {}, prepare: on('classification') },
  'policy-loading': { view: 'policy', policy: { state: 'loading' } },
  'policy-failing': { view: 'policy', policy: { state: 'failing' } },
};
