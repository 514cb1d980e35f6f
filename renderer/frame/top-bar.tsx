import { type ReactElement } from 'react';
import { type AppInfo, type PersonView } from '../../shared/views.ts';
import { commands, shortcutOf } from '../commands/commands.ts';
import { Button, Icon, Menu, type MenuEntry, Shortcut } from '../design/index.ts';
import { useWorkbench } from '../state/workbench.ts';

/** Who is at the window; for a local profile the name is the operating system account's and says so. */
function PersonMenu({ person, info }: { person: PersonView; info: AppInfo }): ReactElement {
  const workbench = useWorkbench();
  const entry = (id: string, icon: string): MenuEntry[] =>
    commands
      .filter((command) => command.id === id && (command.when === undefined || command.when(workbench)))
      .map(({ title, keys, run }) => ({
        id,
        label: title,
        icon,
        ...(keys[0] === undefined ? {} : { shortcut: keys[0] }),
        onAction: () => void run(workbench),
      }));
  const header = (
    <div className="person-card selectable">
      <p className="person-name">{person.name}</p>
      {person.email !== null && <p>{person.email}</p>}
      {person.groups.length > 0 && <p>{person.groups.join(', ')}</p>}
      <p>
        {person.verified
          ? `${info.organisation}, signed in until ${new Date(person.expiresAt).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' })}`
          : 'The account of this computer. Nobody has verified who uses it.'}
      </p>
    </div>
  );
  return (
    <Menu
      label="Person"
      header={header}
      entries={[
        ...entry('view.settings', 'settings-gear'),
        ...entry('palette', 'symbol-event'),
        ...entry('sign-out', 'sign-out'),
      ]}
    >
      <Button variant="quiet" icon="account" aria-label={`${person.name}, menu`}>
        {person.name}
        {person.groups[0] !== undefined && <span className="person-role">{person.groups[0]}</span>}
        <Icon name="chevron-down" />
      </Button>
    </Menu>
  );
}

/** Search and commands in the middle, the person at the end. */
export function TopBar({ person, info }: { person: PersonView; info: AppInfo }): ReactElement {
  const workbench = useWorkbench();
  return (
    <header className="top-bar">
      <span className="top-bar-name">{info.organisation}</span>
      <button
        type="button"
        className="top-bar-search"
        aria-haspopup="dialog"
        onClick={() => {
          workbench.palette.set('relations');
        }}
      >
        <Icon name="search" />
        <span>Open a table or run a command</span>
        <Shortcut keys={shortcutOf('relations')} />
      </button>
      <div className="top-bar-person">
        {!person.verified && <span className="not-verified">identity not verified</span>}
        <PersonMenu person={person} info={info} />
      </div>
    </header>
  );
}
