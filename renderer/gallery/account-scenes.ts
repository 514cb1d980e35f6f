import { type FakeAccountOptions } from '../testing/fake-account.ts';
import { type WindowScene } from './windows.tsx';

/** Settings in every state, and what obligations look like where people work. */

const settings = (section: string, account: FakeAccountOptions = {}): WindowScene => ({
  view: 'settings',
  account,
  prepare: (workbench) => {
    workbench.settingsSection.set(section);
  },
});

const statement = (connection: string, text: string): WindowScene => ({
  view: 'editor',
  tab: { connection, text },
});

export const accountScenes: Readonly<Record<string, WindowScene>> = {
  'settings-appearance': settings('appearance'),
  'settings-account': settings('account'),
  'settings-agents': settings('agents'),
  'settings-agents-empty': settings('agents', { state: 'empty' }),
  'settings-grants': settings('grants'),
  'settings-grants-all': settings('grants', { state: 'administrator' }),
  'settings-grants-empty': settings('grants', { state: 'empty' }),
  'settings-failing': settings('grants', { state: 'failing' }),
  'settings-loading': settings('account', { state: 'loading' }),
  'settings-connections': settings('connections'),
  'settings-organisation': settings('organisation'),
  'settings-weak': settings('organisation', { state: 'weak' }),
  'settings-about': settings('about'),
  'settings-local': { ...settings('account'), identity: 'os-account' },
  reason: statement('shop-production', 'SELECT * FROM payments'),
  'reason-and-step-up': statement('shop-staging', "UPDATE orders SET status = 'open' WHERE id = 4"),
  masked: statement('shop-production', 'SELECT id, name, email, phone, country FROM customers'),
};
