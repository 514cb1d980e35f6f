import { type ReactElement } from 'react';
import { Button as AriaButton } from 'react-aria-components/Button';
import { shortcutOf } from '../commands/commands.ts';
import { Icon, WithTooltip } from '../design/index.ts';
import { useStore } from '../state/store.ts';
import { useWorkbench, type ViewName } from '../state/workbench.ts';

const places: readonly { readonly view: ViewName; readonly icon: string; readonly label: string }[] = [
  { view: 'editor', icon: 'terminal', label: 'Editor' },
  { view: 'activity', icon: 'pulse', label: 'Activity' },
  { view: 'policy', icon: 'law', label: 'Policy' },
  { view: 'verify', icon: 'verified', label: 'Verify the record' },
  { view: 'settings', icon: 'settings-gear', label: 'Settings' },
];

/** The places of the window, settings at the bottom. */
export function ActivityBar(): ReactElement {
  const workbench = useWorkbench();
  const view = useStore(workbench.view);
  return (
    <nav className="activity-bar" aria-label="Places">
      {places.map((place) => (
        <WithTooltip key={place.view} text={place.label} shortcut={shortcutOf(`view.${place.view}`)}>
          <AriaButton
            className={`activity activity-${place.view}`}
            aria-label={place.label}
            {...(view === place.view ? { 'aria-current': 'page' } : {})}
            onPress={() => {
              workbench.view.set(place.view);
            }}
          >
            <Icon name={place.icon} />
          </AriaButton>
        </WithTooltip>
      ))}
    </nav>
  );
}
