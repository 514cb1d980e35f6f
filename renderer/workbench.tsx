import { type ReactElement, StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { type Desktop } from '../shared/contract.ts';
import { type Client } from '../shared/rpc/types.ts';
import { Button, Message, ProgressBar } from './design/index.ts';
import { applyTheme } from './design/theme.ts';
import { Frame } from './frame/frame.tsx';
import { SignIn } from './sign-in/sign-in.tsx';
import { createWorkbench } from './state/create-workbench.ts';
import { useStore } from './state/store.ts';
import { type Host, type Workbench, WorkbenchContext } from './state/workbench.ts';
import './design/base.css';

/** Chooses between waiting, sign-in and the frame by what the gate says of itself and of the person. */
function Window({ workbench, reload }: { workbench: Workbench; reload: () => void }): ReactElement {
  const info = useStore(workbench.info);
  const session = useStore(workbench.session);
  if (info.state === 'failed') {
    return (
      <Message meaning="refused" alert actions={<Button onPress={reload}>Try again</Button>}>
        {info.trouble.message} {info.trouble.next}
      </Message>
    );
  }
  if (info.state === 'loading' || session.state === 'unknown') return <ProgressBar label="Starting" />;
  return session.state === 'signed-in' ? (
    <Frame person={session.person} info={info.value} />
  ) : (
    <SignIn info={info.value} ended={session.trouble} />
  );
}

/**
 * Shows the window in `root` and keeps it until the page ends. `client` is the gate process as this window may call it; `host` is what the shell
 * does for the window.
 */
export function startWorkbench(root: HTMLElement, client: Client<Desktop>, host: Host): void {
  const { workbench, load } = createWorkbench(client, host);
  applyTheme(workbench.workspace.get().theme);
  workbench.workspace.subscribe(() => {
    applyTheme(workbench.workspace.get().theme);
  });
  void load();
  // Monaco is most of the window's code: it comes while the frame is drawn or the person signs in.
  requestIdleCallback(() => void import('./monaco-views.ts'));
  createRoot(root).render(
    <StrictMode>
      <WorkbenchContext value={workbench}>
        <Window workbench={workbench} reload={() => void load()} />
      </WorkbenchContext>
    </StrictMode>,
  );
}
