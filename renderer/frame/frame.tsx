import { type ReactElement, useEffect } from 'react';
import { type AppInfo, type PersonView } from '../../shared/views.ts';
import { followRights } from '../account/follow-rights.ts';
import { ActivityView } from '../activity/activity-view.tsx';
import { Palette } from '../commands/palette.tsx';
import { useCommandKeys } from '../commands/use-command-keys.ts';
import { Message } from '../design/index.ts';
import { EditorView } from '../editor/editor-view.tsx';
import { PolicyView } from '../policy/policy-view.tsx';
import { SettingsView } from '../settings/settings-view.tsx';
import { followAudit, openWorkspace, ownerOf } from '../state/open-workspace.ts';
import { loadConnections } from '../state/actions.ts';
import { useStore } from '../state/store.ts';
import { useWorkbench } from '../state/workbench.ts';
import { VerifyView } from '../verify/verify-view.tsx';
import { ActivityBar } from './activity-bar.tsx';
import { StatusLine } from './status-line.tsx';
import { TopBar } from './top-bar.tsx';
import { useWindowTitle } from './window-title.ts';
import './frame.css';

/** The window of a person who is signed in. The editor stays alive behind the other places: text, results and scroll are kept. */
export function Frame({ person, info }: { person: PersonView; info: AppInfo }): ReactElement {
  const workbench = useWorkbench();
  const view = useStore(workbench.view);
  // Until the workspace is this person's, the views beside the editor would ask for what the last one looked at.
  const owner = ownerOf(person);
  const own = useStore(workbench.owner, (current) => current === owner);
  useCommandKeys(workbench);
  useEffect(() => openWorkspace(workbench, owner), [workbench, owner]);
  useEffect(() => workbench.account.follow(), [workbench, owner]);
  // What a grant lifts is masked in the tree no more, and a connection may be written to.
  useEffect(
    () =>
      followRights(workbench, () => {
        workbench.schema.reread();
        void loadConnections(workbench);
      }),
    [workbench],
  );
  useEffect(() => followAudit(workbench), [workbench]);
  useWindowTitle(workbench);
  return (
    <div className="frame">
      <TopBar person={person} info={info} />
      {info.notices.map((notice) => (
        <Message key={notice} meaning="write">
          {notice}
        </Message>
      ))}
      <div className="frame-middle">
        <ActivityBar />
        <main className="frame-place">
          <div className="place" hidden={view !== 'editor'}>
            <EditorView />
          </div>
          {own && view === 'activity' && <ActivityView />}
          {own && view === 'policy' && <PolicyView />}
          {own && view === 'verify' && <VerifyView />}
          {own && view === 'settings' && <SettingsView info={info} person={person} />}
        </main>
      </div>
      <StatusLine person={person} />
      <Palette />
    </div>
  );
}
