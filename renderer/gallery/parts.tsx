import { type ReactElement, useState } from 'react';
import {
  Button,
  EmptyState,
  EnvironmentBadge,
  environmentEdge,
  IconButton,
  type Meaning,
  Menu,
  Message,
  Panel,
  Shortcut,
  Tabs,
  TextField,
} from '../design/index.ts';

const meanings: readonly Meaning[] = ['read', 'write', 'refused', 'masked', 'approved', 'waiting'];
const nothing = (): void => undefined;

/** The wrapped parts of design/ beside each other. */
export function Parts(): ReactElement {
  const [tab, setTab] = useState('one');
  const [text, setText] = useState('orders');
  return (
    <div className="gallery-parts">
      <Panel title="Buttons">
        <div className="gallery-line">
          <Button variant="primary" icon="play" shortcut="Mod+Enter">
            Run
          </Button>
          <Button>Explain</Button>
          <Button variant="quiet">Format</Button>
          <Button variant="danger">Revoke</Button>
          <Button isDisabled>Off</Button>
          <IconButton icon="add" label="Add a connection" />
          <IconButton icon="refresh" label="Refresh" isDisabled />
        </div>
      </Panel>
      <Panel title="Messages">
        <div className="gallery-stack">
          {meanings.map((meaning) => (
            <Message
              key={meaning}
              meaning={meaning}
              actions={meaning === 'refused' ? <Button>Try again</Button> : undefined}
            >
              {meaning}: what happened, to what, what to do next.
            </Message>
          ))}
        </div>
      </Panel>
      <Panel title="Fields, tabs, menus">
        <div className="gallery-stack">
          <div className="gallery-line">
            <TextField label="Search" value={text} onChange={setText} />
            <Menu
              label="More"
              entries={[
                { id: 'a', label: 'Copy as CSV', shortcut: 'Mod+C', onAction: nothing },
                'line',
                { id: 'b', label: 'Off', disabled: true, onAction: nothing },
              ]}
            >
              <Button>Menu</Button>
            </Menu>
            <Shortcut keys="Mod+Shift+P" />
          </div>
          <div className="gallery-tabs">
            <Tabs
              label="Parts"
              selected={tab}
              onSelect={setTab}
              trailing="100,214 rows · 41 ms"
              items={[
                {
                  id: 'one',
                  label: 'Results',
                  content: <EmptyState title="What would be here, and the one next step." />,
                },
                { id: 'two', label: 'Messages 2', content: <EmptyState title="Nothing yet." /> },
              ]}
            />
          </div>
        </div>
      </Panel>
      <Panel title="Environments">
        <div className="gallery-line">
          {(['development', 'staging', 'production'] as const).map((environment) => (
            <span key={environment} className={environmentEdge(environment)}>
              <EnvironmentBadge environment={environment} />
            </span>
          ))}
        </div>
      </Panel>
    </div>
  );
}
