import { type ReactElement, useEffect, useRef, useState } from 'react';
import { type AppInfo, type PersonView } from '../../shared/views.ts';
import { Button, Message, ProgressBar } from '../design/index.ts';
import { type Trouble, troubleOf } from '../state/trouble.ts';
import { useWorkbench } from '../state/workbench.ts';
import { BrowserWait } from './browser-wait.tsx';
import { followSignIn } from './follow-sign-in.ts';
import './sign-in.css';

type Step =
  | { readonly kind: 'start' }
  | { readonly kind: 'waiting'; readonly url: string | null }
  | { readonly kind: 'failed'; readonly trouble: Trouble };

/** Goes through the sign-in once. The browser does it; this window only waits and learns who came back. */
function useSignIn(): { step: Step; begin: () => void; cancel: () => void; open: (url: string) => void } {
  const workbench = useWorkbench();
  const [step, setStep] = useState<Step>({ kind: 'start' });
  const going = useRef<AbortController>(null);
  useEffect(() => () => going.current?.abort(), []);

  const follow = (signal: AbortSignal): Promise<PersonView | null> =>
    followSignIn(workbench.client['session.signIn'](undefined, signal), (url) => {
      setStep({ kind: 'waiting', url });
      workbench.host.openExternal(url);
    });
  const begin = (): void => {
    const controller = new AbortController();
    going.current = controller;
    setStep({ kind: 'waiting', url: null });
    follow(controller.signal).then(
      (person) => {
        if (person !== null) workbench.session.set({ state: 'signed-in', person });
        else setStep({ kind: 'start' });
      },
      (error: unknown) => {
        if (!controller.signal.aborted) setStep({ kind: 'failed', trouble: troubleOf(error) });
      },
    );
  };
  const cancel = (): void => {
    going.current?.abort();
    setStep({ kind: 'start' });
  };
  return {
    step,
    begin,
    cancel,
    open: (url) => {
      workbench.host.openExternal(url);
    },
  };
}

/** Who can sign in at the demonstration, and what each of them shows. */
function People({ people }: { people: AppInfo['people'] }): ReactElement {
  return (
    <table className="people selectable">
      <caption>This is the demonstration. In the browser, use one of these:</caption>
      <thead>
        <tr>
          <th scope="col">Person</th>
          <th scope="col">E-mail</th>
          <th scope="col">Password</th>
        </tr>
      </thead>
      <tbody>
        {people.map((person) => (
          <tr key={person.email}>
            <td>
              {person.name}
              <span className="people-role">{person.role}</span>
            </td>
            <td>
              <code>{person.email}</code>
            </td>
            <td>
              <code>{person.password}</code>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** The first thing an organisation's people see: one button. `ended` says why a session that was open is not any more. */
export function SignIn({ info, ended }: { info: AppInfo; ended: Trouble | null }): ReactElement {
  const { step, begin, cancel, open } = useSignIn();
  return (
    <main className="sign-in">
      {step.kind === 'waiting' && <ProgressBar label="Waiting for the browser" />}
      <div className="sign-in-body">
        <h1 className="sign-in-title">Countersign</h1>
        <p className="sign-in-organisation">{info.organisation}</p>
        {step.kind === 'waiting' ? (
          <BrowserWait
            sentence="Finish signing in in your browser. This window goes on by itself."
            url={step.url}
            onCancel={cancel}
            onOpen={open}
          />
        ) : (
          <Button variant="primary" autoFocus className="sign-in-button" onPress={begin}>
            Sign in with your organisation
          </Button>
        )}
        {step.kind === 'failed' && (
          <Message meaning="refused" alert>
            {step.trouble.message} {step.trouble.next}
          </Message>
        )}
        {step.kind === 'start' && ended !== null && (
          <Message meaning="waiting">
            {ended.message} {ended.next}
          </Message>
        )}
        {info.notices.map((notice) => (
          <Message key={notice} meaning="write">
            {notice}
          </Message>
        ))}
        {info.people.length > 0 && <People people={info.people} />}
      </div>
      <p className="sign-in-version">{info.version}</p>
    </main>
  );
}
