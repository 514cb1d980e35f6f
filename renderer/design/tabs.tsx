import { type ReactElement, type ReactNode } from 'react';
import { Tab, TabList, TabPanel, Tabs as AriaTabs } from 'react-aria-components/Tabs';
import './tabs.css';

export interface TabItem {
  readonly id: string;
  readonly label: ReactNode;
  readonly content: ReactNode;
}

export interface TabsProps {
  /** What the tabs are about, for screen readers. */
  readonly label: string;
  readonly items: readonly TabItem[];
  readonly selected: string;
  readonly onSelect: (id: string) => void;
  /** Stands at the far end of the tab row. */
  readonly trailing?: ReactNode;
}

/** Tabs of a panel: results, inspector. Editor tabs are their own part (editor/editor-tabs.tsx). */
export function Tabs({ label, items, selected, onSelect, trailing }: TabsProps): ReactElement {
  return (
    <AriaTabs className="tabs" selectedKey={selected} onSelectionChange={(key) => onSelect(String(key))}>
      <div className="tabs-row">
        <TabList className="tabs-list" aria-label={label}>
          {items.map((item) => (
            <Tab key={item.id} id={item.id} className="tabs-tab">
              {item.label}
            </Tab>
          ))}
        </TabList>
        {trailing !== undefined && <div className="tabs-trailing">{trailing}</div>}
      </div>
      {items.map((item) => (
        <TabPanel key={item.id} id={item.id} className="tabs-panel">
          {item.content}
        </TabPanel>
      ))}
    </AriaTabs>
  );
}
