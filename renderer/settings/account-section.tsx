import { type ReactElement, useEffect } from 'react';
import { clockTime, remaining } from '../account/clock-words.ts';
import { groupWords, stepUpWords } from '../account/person-words.ts';
import { type LoginView, type PersonView, type SettingsView } from '../../shared/views.ts';
import { Button, Message } from '../design/index.ts';
import { agoInWords } from '../history/ago.ts';
import { Copyable } from '../results/copyable.tsx';
import { BrowserWait } from '../sign-in/browser-wait.tsx';
import { signOut } from '../state/actions.ts';
import { useStore } from '../state/store.ts';
import { type Loadable } from '../state/trouble.ts';
import { useWorkbench } from '../state/workbench.ts';
import { Fact, Loaded, Section } from './section.tsx';
import { useAct } from './use-act.ts';

/** Who is at the window, how the organisation knows it, and their logins on this machine. */
export function AccountSection({ person }: { person: PersonView }): ReactElement {
  const { account } = useWorkbench();
  const settings = useStore(account.settings);
  useEffect(() => {
    void account.read('logins', 'settings');
  }, [account]);
  return person.verified ? (
    <Verified person={person} settings={settings} />
  ) : (
    <Section
      title="Account"
      note="The account of this computer. Nobody has verified who uses it, and the record says so."
    >
      <dl>
        <Fact name="Name">{person.name}</Fact>
        <Fact name="Known from">{person.issuer}</Fact>
      </dl>
    </Section>
  );
}

function Verified({ person, settings }: { person: PersonView; settings: Loadable<SettingsView> }): ReactElement {
  const workbench = useWorkbench();
  const { account } = workbench;
  const now = useStore(account.now);
  const session = settings.state === 'ready' ? settings.value.session : null;
  return (
    <>
      <Section
        title="Account"
        actions={
          <Button icon="sign-out" onPress={() => void signOut(workbench)}>
            Sign out
          </Button>
        }
      >
        <dl>
          <Fact name="Name">{person.name}</Fact>
          {person.email !== null && <Fact name="E-mail">{person.email}</Fact>}
          <Fact name="Groups">{groupWords(person)}</Fact>
          <Fact name="Issuer">
            <code>{person.issuer}</code>
          </Fact>
          <Fact name="Login ends">
            {clockTime(person.expiresAt, now)}, {remaining(person.expiresAt, now)} left
            {session !== null && `; sooner when nothing runs for ${String(session.idleMinutes)} minutes`}
          </Fact>
          <Fact name="Step-up">{stepUpWords(person, now)}</Fact>
        </dl>
        <StepUp />
      </Section>
      <Logins />
    </>
  );
}

/** Some statements and grants ask for it; it can be done before. */
function StepUp(): ReactElement {
  const workbench = useWorkbench();
  const { stepUp } = workbench.account;
  const state = useStore(stepUp.state);
  if (state.kind === 'waiting')
    return (
      <BrowserWait
        sentence="Confirm in your browser that it is you."
        url={state.url}
        onCancel={() => {
          stepUp.cancel();
        }}
        onOpen={(url) => {
          workbench.host.openExternal(url);
        }}
      />
    );
  return (
    <>
      {state.kind === 'failed' && (
        <Message meaning="refused" alert>
          {state.trouble.message} {state.trouble.next}
        </Message>
      )}
      <div>
        <Button icon="account" onPress={() => void stepUp.begin()}>
          Confirm it’s you
        </Button>
      </div>
    </>
  );
}

function Logins(): ReactElement {
  const workbench = useWorkbench();
  const { account } = workbench;
  const logins = useStore(account.logins);
  return (
    <Section
      title="Your logins on this machine"
      note="Each has a device key of its own. Ending one ends what runs with it and the tokens of its agents."
    >
      <Loaded value={logins} label="Reading your logins" onRetry={() => void account.read('logins')}>
        {(list) => <LoginTable list={list} />}
      </Loaded>
    </Section>
  );
}

function LoginTable({ list }: { list: readonly LoginView[] }): ReactElement {
  const { account } = useWorkbench();
  const now = useStore(account.now);
  const { busy, trouble, act } = useAct();
  return (
    <>
      {trouble !== null && (
        <Message meaning="refused" alert>
          {trouble.message} {trouble.next}
        </Message>
      )}
      <table className="facts settings-table">
        <thead>
          <tr>
            <th scope="col">Device key</th>
            <th scope="col">Began</th>
            <th scope="col">Last used</th>
            <th scope="col">Ends in</th>
            <th scope="col">
              <span className="visually-hidden">End</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {list.map(({ id, current, device, createdAt, lastUsedAt, expiresAt }) => (
            <tr key={id}>
              <th scope="row" className="facts-id">
                {device === null ? 'none bound' : <Copyable label="device key" text={device} />}
              </th>
              <td title={new Date(createdAt).toLocaleString()}>{clockTime(createdAt, now)}</td>
              <td title={new Date(lastUsedAt).toLocaleString()}>{agoInWords(lastUsedAt, now)}</td>
              <td title={new Date(expiresAt).toLocaleString()}>{remaining(expiresAt, now)}</td>
              <td className="settings-act">
                {current ? (
                  <span className="facts-quiet">this window</span>
                ) : (
                  <Button
                    isDisabled={busy}
                    aria-label={`End the login of ${clockTime(createdAt, now)}`}
                    onPress={() => {
                      act(() => account.endLogin(id));
                    }}
                  >
                    End
                  </Button>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}
