import { type ReactElement } from 'react';
import { Tab, TabList, TabPanel, Tabs } from 'react-aria-components/Tabs';
import { type AppInfo, type PersonView } from '../../shared/views.ts';
import { Icon } from '../design/index.ts';
import { useStore } from '../state/store.ts';
import { useWorkbench } from '../state/workbench.ts';
import { AboutSection } from './about-section.tsx';
import { AccountSection } from './account-section.tsx';
import { AgentsSection } from './agents-section.tsx';
import { Appearance } from './appearance.tsx';
import { ConnectionsSection } from './connections-section.tsx';
import { GrantsSection } from './grants-section.tsx';
import { OrganisationSection } from './organisation-section.tsx';
import '../verify/verify.css';
import './settings.css';

interface Place {
  readonly id: string;
  readonly label: string;
  readonly icon: string;
  readonly content: (info: AppInfo, person: PersonView) => ReactElement;
}

const places: readonly Place[] = [
  { id: 'appearance', label: 'Appearance', icon: 'color-mode', content: () => <Appearance /> },
  { id: 'account', label: 'Account', icon: 'account', content: (_, person) => <AccountSection person={person} /> },
  { id: 'agents', label: 'Agents', icon: 'hubot', content: () => <AgentsSection /> },
  { id: 'grants', label: 'Grants', icon: 'unlock', content: () => <GrantsSection /> },
  { id: 'connections', label: 'Connections', icon: 'database', content: () => <ConnectionsSection /> },
  { id: 'organisation', label: 'Organisation', icon: 'organization', content: () => <OrganisationSection /> },
  { id: 'about', label: 'About', icon: 'info', content: (info) => <AboutSection info={info} /> },
];

/** What belongs to the person and to the organisation rather than to a statement: parts on the left, one of them beside. */
export function SettingsView({ info, person }: { info: AppInfo; person: PersonView }): ReactElement {
  const workbench = useWorkbench();
  const section = useStore(workbench.settingsSection);
  return (
    <section className="settings" aria-label="Settings">
      <Tabs
        className="settings-tabs"
        orientation="vertical"
        selectedKey={places.some(({ id }) => id === section) ? section : 'appearance'}
        onSelectionChange={(key) => {
          workbench.settingsSection.set(String(key));
        }}
      >
        <div className="settings-side">
          <h1 className="panel-title settings-name">Settings</h1>
          <TabList className="settings-places" aria-label="Parts of the settings">
            {places.map(({ id, label, icon }) => (
              <Tab key={id} id={id} className="settings-place">
                <Icon name={icon} /> {label}
              </Tab>
            ))}
          </TabList>
        </div>
        {places.map(({ id, content }) => (
          <TabPanel key={id} id={id} className="settings-panel">
            <div className="settings-body">{content(info, person)}</div>
          </TabPanel>
        ))}
      </Tabs>
    </section>
  );
}
