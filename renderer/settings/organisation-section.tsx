import { type ReactElement, useEffect } from 'react';
import { clockTime, remaining } from '../account/clock-words.ts';
import { type SettingsView } from '../../shared/views.ts';
import { Message } from '../design/index.ts';
import { agoInWords } from '../history/ago.ts';
import { plural } from '../results/words.ts';
import { useStore } from '../state/store.ts';
import { useWorkbench } from '../state/workbench.ts';
import { Fact, Loaded, Section } from './section.tsx';

const SOURCES: Readonly<Record<string, string>> = {
  'id-token': 'the ID token',
  userinfo: 'the provider’s userinfo',
  directory: 'the signed directory',
};

/** What the organisation has said of itself: how people are known, how long they stay, where secrets are kept. */
export function OrganisationSection(): ReactElement {
  const { account } = useWorkbench();
  const settings = useStore(account.settings);
  useEffect(() => {
    void account.read('settings');
  }, [account]);
  return (
    <Section
      title="Organisation"
      note="From organisation.yaml, policy.yaml and revocations.yaml of the profile. Whoever administers them changes it there."
    >
      <Loaded value={settings} label="Reading the settings" onRetry={() => void account.read('settings')}>
        {(value) => <Organisation value={value} />}
      </Loaded>
    </Section>
  );
}

function Organisation({ value }: { value: SettingsView }): ReactElement {
  const { account } = useWorkbench();
  const now = useStore(account.now);
  const { organisation, profile, identity, session, secrets, services, revoked, administrator } = value;
  return (
    <>
      <dl>
        <Fact name="Name">{organisation}</Fact>
        <Fact name="Profile">
          <code>{profile}</code>
        </Fact>
        {identity.kind === 'os-account' ? (
          <Fact name="People">Accounts of this computer; nobody verifies who uses them.</Fact>
        ) : (
          <>
            <Fact name="Issuer">
              <code>{identity.issuer}</code>
            </Fact>
            <Fact name="Client">
              <code>{identity.clientId}</code>
            </Fact>
            <Fact name="Groups from">
              {identity.groupsFrom.map((source) => SOURCES[source] ?? source).join(', then ') || 'nowhere'}
            </Fact>
            <Fact name="Directory">
              {identity.directory === null
                ? 'none'
                : `${plural(identity.directory.people, 'person', 'people')}, signed ${agoInWords(identity.directory.issuedAt, now)}, ${directoryEnd(identity.directory.expiresAt, now)}`}
            </Fact>
            <Fact name="Logins">
              At most {session.maxHours} hours; over after {session.idleMinutes} minutes without use; asked of the
              provider every {session.revalidateMinutes} minutes; revocations looked at every {session.checkSeconds}{' '}
              seconds.
            </Fact>
          </>
        )}
        <Fact name="You">{administrator ? 'You administer it.' : 'You do not administer it.'}</Fact>
      </dl>
      <Message meaning={secrets.weak ? 'write' : 'approved'}>
        <b>Secrets.</b> {secrets.sentence}
      </Message>
      {services.length > 0 && (
        <table className="facts settings-table">
          <caption>Services</caption>
          <thead>
            <tr>
              <th scope="col">Service</th>
              <th scope="col">Known by</th>
            </tr>
          </thead>
          <tbody>
            {services.map(({ name, title, from }) => (
              <tr key={name}>
                <th scope="row">
                  {title} <code className="settings-quiet">{name}</code>
                </th>
                <td className="selectable">{from}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <p className="settings-note">
        {revoked.length === 0
          ? 'Nothing is revoked.'
          : `Revoked: ${revoked.map(({ kind, count }) => plural(count, kind, kind === 'person' ? 'people' : `${kind}s`)).join(', ')}.`}
      </p>
    </>
  );
}

/** A directory that counts no more says nothing of anybody's groups. */
const directoryEnd = (expiresAt: string, now: number): string =>
  Date.parse(expiresAt) <= now
    ? `over since ${clockTime(expiresAt, now)}: it says nothing of groups any more`
    : `counts for ${remaining(expiresAt, now)} more`;
