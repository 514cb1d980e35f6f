import { type ReactElement } from 'react';
import { clockTime, remaining } from '../account/clock-words.ts';
import { ownGrants } from '../account/grants.ts';
import { groupWords, stepUpWords } from '../account/person-words.ts';
import { type AgentView, type AppInfo, type PersonView } from '../../shared/views.ts';
import { commands } from '../commands/commands.ts';
import { Button, Icon, Menu, type MenuEntry } from '../design/index.ts';
import { plural } from '../results/words.ts';
import { showSettings } from '../state/actions.ts';
import { useStore } from '../state/store.ts';
import { type Loadable } from '../state/trouble.ts';
import { useWorkbench } from '../state/workbench.ts';

/** Agents that hold a token of this person at `now`, ms since 1970 UTC. */
function activeAgents(agents: Loadable<readonly AgentView[]>, now: number): readonly AgentView[] {
  if (agents.state !== 'ready') return [];
  return agents.value.filter(({ tokens }) => tokens.some(({ expiresAt }) => Date.parse(expiresAt) > now));
}

/** Who is at the window, what acts and lasts in their name, and the way out. A local profile's name is the operating system account's. */
export function PersonMenu({ person, info }: { person: PersonView; info: AppInfo }): ReactElement {
  const workbench = useWorkbench();
  const { account } = workbench;
  const now = useStore(account.now);
  const grants = ownGrants(useStore(account.grants), now);
  const agents = activeAgents(useStore(account.agents), now);
  const command = (id: string, icon: string): MenuEntry[] =>
    commands
      .filter((one) => one.id === id && (one.when === undefined || one.when(workbench)))
      .map(({ title, keys, run }) => ({
        id,
        label: title,
        icon,
        ...(keys[0] === undefined ? {} : { shortcut: keys[0] }),
        onAction: () => void run(workbench),
      }));
  const to = (section: string) => () => {
    showSettings(workbench, section);
  };
  const lasting: MenuEntry[] = [
    ...grants.map(({ id, name, connection, until }): MenuEntry => ({
      id: `grant ${id}`,
      label: `${name} on ${connection}`,
      detail: remaining(until, now),
      icon: 'unlock',
      onAction: to('grants'),
    })),
    ...agents.map(({ name, title, tokens }): MenuEntry => ({
      id: `agent ${name}`,
      label: `${title} acts for you`,
      detail: plural(tokens.length, 'token'),
      icon: 'hubot',
      onAction: to('agents'),
    })),
  ];
  const header = (
    <div className="person-card selectable">
      <p className="person-name">{person.name}</p>
      {person.email !== null && <p>{person.email}</p>}
      {person.verified ? (
        <>
          <p>Groups: {groupWords(person)}</p>
          <p>
            {info.organisation}, signed in until {clockTime(person.expiresAt, now)}
          </p>
          <p>Step-up: {stepUpWords(person, now)}</p>
        </>
      ) : (
        <p>The account of this computer. Nobody has verified who uses it.</p>
      )}
    </div>
  );
  return (
    <Menu
      label="Person"
      header={header}
      entries={[
        ...lasting,
        ...(lasting.length > 0 ? (['line'] as const) : []),
        { id: 'account', label: 'Account and logins', icon: 'account', onAction: to('account') },
        ...command('view.settings', 'settings-gear'),
        ...command('palette', 'symbol-event'),
        ...command('sign-out', 'sign-out'),
      ]}
    >
      <Button variant="quiet" icon="account" aria-label={`${person.name}, menu`}>
        {person.name}
        {person.groups[0] !== undefined && <span className="person-role">{person.groups[0]}</span>}
        {agents.length > 0 && <Icon name="hubot" label={`${plural(agents.length, 'agent')} may act for you`} />}
        <Icon name="chevron-down" />
      </Button>
    </Menu>
  );
}
