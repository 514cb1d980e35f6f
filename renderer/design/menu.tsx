import { type ReactElement, type ReactNode } from 'react';
import { Menu as AriaMenu, MenuItem, MenuTrigger, Separator } from 'react-aria-components/Menu';
import { Popover } from 'react-aria-components/Popover';
import { Icon } from './icon.tsx';
import { Shortcut } from './shortcut.tsx';
import './menu.css';

export type MenuEntry =
  | 'line'
  | {
      readonly id: string;
      readonly label: string;
      /** A second, quieter text. */
      readonly detail?: string;
      readonly icon?: string;
      readonly shortcut?: string;
      readonly disabled?: boolean;
      readonly onAction: () => void;
    };

function Entries({
  label,
  entries,
  onClose,
}: {
  label: string;
  entries: readonly MenuEntry[];
  onClose?: () => void;
}): ReactElement {
  const disabled = entries.flatMap((entry) => (entry !== 'line' && entry.disabled === true ? [entry.id] : []));
  return (
    <AriaMenu
      className="menu"
      aria-label={label}
      disabledKeys={disabled}
      {...(onClose === undefined ? {} : { onClose })}
    >
      {entries.map((entry, index) =>
        entry === 'line' ? (
          <Separator key={`line-${String(index)}`} className="menu-line" />
        ) : (
          <MenuItem
            key={entry.id}
            id={entry.id}
            textValue={entry.label}
            className="menu-item"
            onAction={entry.onAction}
          >
            <span className="menu-sign">{entry.icon !== undefined && <Icon name={entry.icon} />}</span>
            <span className="menu-words">
              {entry.label}
              {entry.detail !== undefined && <span className="menu-detail">{entry.detail}</span>}
            </span>
            {entry.shortcut !== undefined && <Shortcut keys={entry.shortcut} />}
          </MenuItem>
        ),
      )}
    </AriaMenu>
  );
}

/** A button (the child) that opens a menu. `header` stands above the entries and is not one of them. */
export function Menu({
  label,
  entries,
  header,
  children,
}: {
  label: string;
  entries: readonly MenuEntry[];
  header?: ReactNode;
  children: ReactElement;
}): ReactElement {
  return (
    <MenuTrigger>
      {children}
      <Popover className="menu-popover" placement="bottom end" offset={2}>
        {header}
        <Entries label={label} entries={entries} />
      </Popover>
    </MenuTrigger>
  );
}

/** A menu at a point of the window: what a right click or the menu key opens. */
export function ContextMenu({
  label,
  entries,
  at,
  onClose,
}: {
  label: string;
  entries: readonly MenuEntry[];
  at: { readonly x: number; readonly y: number; readonly element: Element };
  onClose: () => void;
}): ReactElement {
  const box = at.element.getBoundingClientRect();
  return (
    <Popover
      className="menu-popover"
      isOpen
      onOpenChange={(open) => {
        if (!open) onClose();
      }}
      triggerRef={{ current: at.element }}
      placement="bottom start"
      offset={at.y - box.bottom}
      crossOffset={at.x - box.left}
    >
      <Entries label={label} entries={entries} onClose={onClose} />
    </Popover>
  );
}
