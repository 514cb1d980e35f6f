import { type ReactElement } from 'react';
import { type AppInfo, type PersonView } from '../../shared/views.ts';
import { shortcutOf } from '../commands/commands.ts';
import { Icon, Shortcut } from '../design/index.ts';
import { useWorkbench } from '../state/workbench.ts';
import { PersonMenu } from './person-menu.tsx';

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
