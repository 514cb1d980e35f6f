import { type ReactElement, useEffect, useLayoutEffect, useRef, useState } from 'react';
import { type Desktop } from '../../shared/contract.ts';
import { type Client } from '../../shared/rpc/types.ts';
import { Button, ContextMenu, Message } from '../design/index.ts';
import { type CopyFormat } from './copy.ts';
import { gridMenu } from './grid-menu.ts';
import { type ResultSheet } from './result-sheet.ts';
import { type RunSnapshot, staysHere } from './run-model.ts';
import { SheetFooter } from './sheet-footer.tsx';
import { useCopy } from './use-copy.ts';
import { useSnapshot } from './use-snapshot.ts';

interface MenuPlace {
  readonly x: number;
  readonly y: number;
  readonly column: number | null;
}

/** A result: its grid, what stands under it, and its menu. */
export function SheetView({
  client,
  sheet,
  run,
  onOpen,
  stale,
  onRunAgain,
}: {
  client: Client<Desktop>;
  sheet: ResultSheet;
  run: RunSnapshot;
  onOpen: () => void;
  /** What the rows relied on and is over, in a sentence. */
  stale: string | null;
  onRunAgain: (() => void) | undefined;
}): ReactElement {
  const place = useRef<HTMLDivElement>(null);
  const state = useSnapshot(sheet);
  const [menu, setMenu] = useState<MenuPlace | null>(null);
  const stays = staysHere(run);
  const { message, copy } = useCopy(client, run.result, sheet, stays);

  // The sheet's own element moves in and out: React neither makes nor forgets what is in it.
  useLayoutEffect(() => (place.current === null ? undefined : sheet.attach(place.current)), [sheet]);

  useEffect(
    () =>
      sheet.answer({
        open: onOpen,
        copy: (headers) => copy('tsv', headers),
        menu: (at, column) => setMenu({ ...at, column }),
      }),
    [sheet, onOpen, copy],
  );

  const onCopyAs = (format: CopyFormat): void => copy(format, format === 'csv' || format === 'markdown');

  return (
    <div className="sheet">
      <div className="sheet-grid" ref={place} />
      {state?.failure != null && (
        <Message meaning="refused" alert actions={<Button onPress={() => sheet.retry()}>Read again</Button>}>
          Some rows could not be read. {state.failure}
        </Message>
      )}
      <SheetFooter run={run} state={state} message={message} stale={stale} onRunAgain={onRunAgain} />
      {menu !== null && (
        <ContextMenu
          label="Cells"
          at={{ x: menu.x, y: menu.y, element: sheet.host }}
          entries={gridMenu(sheet.grid, menu.column, stays, { copy, copyAs: onCopyAs, open: onOpen })}
          onClose={() => {
            setMenu(null);
            sheet.grid.focus();
          }}
        />
      )}
    </div>
  );
}
