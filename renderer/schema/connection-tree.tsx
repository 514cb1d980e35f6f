import { useVirtualizer } from '@tanstack/react-virtual';
import { type KeyboardEvent, type MouseEvent, type ReactElement, useEffect, useId, useRef, useState } from 'react';
import { ContextMenu, type MenuEntry, readToken } from '../design/index.ts';
import { type Workbench } from '../state/workbench.ts';
import { ConnectionDetails } from './connection-details.tsx';
import { writtenName } from './names.ts';
import { rowEntries } from './row-menu.ts';
import { TreeLine } from './tree-line.tsx';
import { labelOf, parentOf, toggled, type TreeRow } from './tree-rows.ts';
import { loadConnections, openRelation } from '../state/actions.ts';

/** What an opened line needs from the gate; asked for when it opens, once. The tree shows a failure in the branch's place. */
function load(workbench: Workbench, row: TreeRow): void {
  const { schema } = workbench;
  if (row.kind === 'connection') {
    // Opening a connection changes its state, for better or worse.
    const shown = (): void => void loadConnections(workbench);
    schema.schemas(row.connection.name).then(shown, shown);
  } else if (row.kind === 'schema') {
    schema.relations(row.connection.name, row.schema.name).catch(() => undefined);
  } else if (row.kind === 'relation') {
    schema.columns(row.connection.name, row.relation.schema, row.relation.name).catch(() => undefined);
  }
}

/**
 * The lines of the tree, of which only the visible ones exist (ARIA tree pattern: the tree has the focus, `aria-activedescendant` names the line).
 */
export function ConnectionTree({
  workbench,
  rows,
  label,
  expanded,
  onExpanded,
}: {
  workbench: Workbench;
  rows: readonly TreeRow[];
  label: string;
  expanded: ReadonlySet<string>;
  onExpanded: (expanded: ReadonlySet<string>) => void;
}): ReactElement {
  const scroller = useRef<HTMLDivElement>(null);
  const [current, setCurrent] = useState<string | null>(null);
  const [menu, setMenu] = useState<{ row: TreeRow; x: number; y: number; element: Element } | null>(null);
  const [details, setDetails] = useState<{ name: string; element: Element } | null>(null);
  const typed = useRef({ text: '', at: 0 });
  const id = useId();
  const at = Math.max(
    0,
    rows.findIndex(({ key }) => key === current),
  );
  const [rowHeight] = useState(() => Number.parseInt(readToken('row'), 10));
  // The rule warns users of the React compiler, which is not used here.
  // eslint-disable-next-line react-hooks/incompatible-library
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 12,
  });

  useEffect(() => {
    if (current !== null && rows.length > 0) virtual.scrollToIndex(at);
    // Only a move of the current line scrolls; new lines below it must not.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [current]);

  const toggle = (row: TreeRow): void => {
    if (row.expanded === null) return;
    if (!row.expanded) load(workbench, row);
    onExpanded(toggled(expanded, row));
  };
  const activate = (row: TreeRow): void => {
    if (row.kind === 'relation') openRelation(workbench, row.connection.name, row.relation.schema, row.relation.name);
    else if (row.kind === 'column') workbench.editor.get()?.insert(writtenName(row));
    else toggle(row);
  };
  const moveTo = (index: number): void => {
    const row = rows[Math.max(0, Math.min(rows.length - 1, index))];
    if (row !== undefined) setCurrent(row.key);
  };
  const typeAhead = (letter: string, now: number): void => {
    typed.current = { text: now - typed.current.at < 800 ? typed.current.text + letter : letter, at: now };
    const from = typed.current.text.length > 1 ? at : at + 1;
    const order = [...rows.slice(from), ...rows.slice(0, from)];
    const found = order.find((row) => labelOf(row).toLowerCase().startsWith(typed.current.text));
    if (found !== undefined) setCurrent(found.key);
  };

  const onKeyDown = (event: KeyboardEvent): void => {
    const row = rows[at];
    if (row === undefined || event.ctrlKey || event.metaKey) return;
    if (event.altKey) {
      if (event.key !== 'Enter' || row.kind !== 'connection') return;
      openDetails(row);
      event.preventDefault();
      return;
    }
    const page = Math.floor((scroller.current?.clientHeight ?? rowHeight) / rowHeight) - 1;
    const moves: Record<string, () => void> = {
      ArrowDown: () => {
        moveTo(at + 1);
      },
      ArrowUp: () => {
        moveTo(at - 1);
      },
      PageDown: () => {
        moveTo(at + page);
      },
      PageUp: () => {
        moveTo(at - page);
      },
      Home: () => {
        moveTo(0);
      },
      End: () => {
        moveTo(rows.length - 1);
      },
      ArrowRight: () => {
        if (row.expanded === false) toggle(row);
        else if (row.expanded === true) moveTo(at + 1);
      },
      ArrowLeft: () => {
        if (row.expanded === true) toggle(row);
        else if (parentOf(rows, at) >= 0) moveTo(parentOf(rows, at));
      },
      Enter: () => {
        activate(row);
      },
      ' ': () => {
        toggle(row);
      },
      ContextMenu: () => {
        openMenu(row, scroller.current?.querySelector('[data-current]') ?? null);
      },
    };
    const move = event.shiftKey && event.key === 'F10' ? moves['ContextMenu'] : moves[event.key];
    if (move !== undefined) move();
    else if (event.key.length === 1) typeAhead(event.key.toLowerCase(), event.timeStamp);
    else return;
    event.preventDefault();
  };

  const entriesOf = (row: TreeRow): MenuEntry[] =>
    rowEntries(workbench, row, () => {
      openDetails(row);
    });
  const openDetails = (row: TreeRow): void => {
    const element = document.getElementById(`${id}-${String(rows.indexOf(row))}`);
    if (row.kind === 'connection' && element !== null) setDetails({ name: row.connection.name, element });
  };
  const detailed = rows.find((row) => row.kind === 'connection' && row.connection.name === details?.name);

  const openMenu = (row: TreeRow, element: Element | null, point?: MouseEvent): void => {
    if (element === null || entriesOf(row).length === 0) return;
    const box = element.getBoundingClientRect();
    setCurrent(row.key);
    setMenu({ row, element, x: point?.clientX ?? box.left + rowHeight, y: point?.clientY ?? box.bottom });
  };

  return (
    <div
      className="tree"
      ref={scroller}
      role="tree"
      aria-label={label}
      tabIndex={0}
      aria-activedescendant={rows[at] === undefined ? undefined : `${id}-${String(at)}`}
      onKeyDown={onKeyDown}
      onFocus={() => {
        if (current === null) moveTo(0);
      }}
    >
      <div className="tree-room" role="presentation" style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map((item) => {
          const row = rows[item.index];
          if (row === undefined) return null;
          return (
            <TreeLine
              key={row.key}
              id={`${id}-${String(item.index)}`}
              row={row}
              top={item.start}
              current={item.index === at && current !== null}
              onPress={() => {
                setCurrent(row.key);
                if (row.kind !== 'relation' && row.kind !== 'column') toggle(row);
              }}
              onToggle={() => {
                toggle(row);
              }}
              onOpen={() => {
                if (row.kind === 'relation' || row.kind === 'column') activate(row);
              }}
              onMenu={(event) => {
                openMenu(row, event.currentTarget, event);
              }}
              onDetails={() => {
                setCurrent(row.key);
                openDetails(row);
              }}
            />
          );
        })}
      </div>
      {details !== null && detailed?.kind === 'connection' && (
        <ConnectionDetails
          workbench={workbench}
          connection={detailed.connection}
          at={details.element}
          onClose={() => {
            setDetails(null);
            scroller.current?.focus();
          }}
        />
      )}
      {menu !== null && (
        <ContextMenu
          label={labelOf(menu.row)}
          entries={entriesOf(menu.row)}
          at={menu}
          onClose={() => {
            setMenu(null);
          }}
        />
      )}
    </div>
  );
}
