import {
  type KeyboardEvent,
  type ReactElement,
  useDeferredValue,
  useEffect,
  useId,
  useMemo,
  useRef,
  useState,
} from 'react';
import { Dialog as AriaDialog } from 'react-aria-components/Dialog';
import { Modal, ModalOverlay } from 'react-aria-components/Modal';
import { Icon, Shortcut } from '../design/index.ts';
import { openRelation } from '../state/actions.ts';
import { useStore } from '../state/store.ts';
import { useWorkbench, type Workbench } from '../state/workbench.ts';
import { activeTab } from '../state/workspace.ts';
import { commands } from './commands.ts';
import { matchRank } from '../editor/completion.ts';
import './palette.css';

interface Choice {
  readonly id: string;
  readonly icon: string;
  readonly label: string;
  readonly detail: string;
  readonly shortcut: string | null;
  readonly choose: () => unknown;
}

const MOST_CHOICES = 100;

function commandChoices(workbench: Workbench, text: string): Choice[] {
  return commands
    .filter(({ id, when }) => id !== 'palette' && (when === undefined || when(workbench)))
    .flatMap((command) => {
      const words = text.trim().toLowerCase().split(/\s+/);
      return words.every((word) => command.title.toLowerCase().includes(word))
        ? [
            {
              id: command.id,
              icon: 'symbol-event',
              label: command.title,
              detail: '',
              shortcut: command.keys[0] ?? null,
              choose: () => command.run(workbench),
            },
          ]
        : [];
    });
}

/** The tables of the active tab's connection, best matches first, as the gate finds them. */
function useRelationChoices(workbench: Workbench, text: string, wanted: boolean): { choices: Choice[]; hint: string } {
  const tab = useStore(workbench.workspace, activeTab);
  const connections = useStore(workbench.connections);
  const list = connections.state === 'ready' ? connections.value : [];
  const connection =
    tab?.connection ?? list.find(({ environment }) => environment !== 'production')?.name ?? list[0]?.name ?? null;
  const [found, setFound] = useState<{ choices: Choice[]; hint: string }>({ choices: [], hint: '' });
  useEffect(() => {
    if (!wanted || connection === null) return;
    const asked = new AbortController();
    workbench.client['schema.search']({ connection, text: text.slice(0, 200) }, asked.signal).then(
      (relations) => {
        const choices = relations.slice(0, MOST_CHOICES).map(({ schema, name, kind }) => ({
          id: `${schema}.${name}`,
          icon: kind === 'table' ? 'table' : 'eye',
          label: name,
          detail: `${schema} \u00b7 ${kind}`,
          shortcut: null,
          choose: () => {
            openRelation(workbench, connection, schema, name);
          },
        }));
        setFound({ choices, hint: choices.length === 0 ? `No table or view in ${connection} has these letters.` : '' });
      },
      () => {
        if (!asked.signal.aborted) setFound({ choices: [], hint: `The tables of ${connection} could not be read.` });
      },
    );
    return () => {
      asked.abort();
    };
  }, [workbench, connection, text, wanted]);
  return connection === null ? { choices: [], hint: 'There is no connection yet.' } : found;
}

/** After the palette the focus is in the editor when something was chosen, else where it was before. */
function useReturningFocus(workbench: Workbench): () => void {
  const target = useRef<'editor' | 'before'>('before');
  const [before] = useState(() => document.activeElement);
  useEffect(
    () => () => {
      // The dialog holds the focus until it is gone.
      requestAnimationFrame(() => {
        if (document.activeElement !== document.body) return;
        if (target.current === 'before' && before instanceof HTMLElement && before.isConnected) before.focus();
        else workbench.editor.get()?.focus();
      });
    },
    [workbench, before],
  );
  return () => {
    target.current = 'editor';
  };
}

/** One line to type in, and what it finds: commands after `>`, tables and views otherwise. */
function PaletteBody({
  workbench,
  onClose,
  initial,
}: {
  workbench: Workbench;
  onClose: () => void;
  initial: string;
}): ReactElement {
  const [text, setText] = useState(initial);
  const [active, setActive] = useState(0);
  const list = useRef<HTMLUListElement>(null);
  const id = useId();
  const commandsWanted = text.startsWith('>');
  const typed = commandsWanted ? text.slice(1) : text.trim();
  const deferred = useDeferredValue(typed);
  // Enter right behind the last letter must find what was typed, not the list of a moment ago: with "Run" first in it.
  const wanted = commandsWanted ? typed : deferred;
  const relations = useRelationChoices(workbench, wanted, !commandsWanted);
  const choices = useMemo(() => {
    const found = commandChoices(workbench, wanted);
    return found.toSorted(
      (a, b) => (matchRank(a.label, wanted.trim()) ?? 3) - (matchRank(b.label, wanted.trim()) ?? 3),
    );
  }, [workbench, wanted]);
  const shown = commandsWanted ? choices : relations.choices;
  const at = Math.min(active, shown.length - 1);

  useEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' });
  }, [at]);

  const returnToEditor = useReturningFocus(workbench);
  const choose = (choice: Choice | undefined): void => {
    if (choice === undefined) return;
    returnToEditor();
    onClose();
    choice.choose();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 }[event.key];
    if (step !== undefined) setActive(Math.max(0, Math.min(shown.length - 1, at + step)));
    else if (event.key === 'Enter') choose(wanted === typed ? shown[at] : undefined);
    else return;
    event.preventDefault();
  };

  return (
    <>
      <input
        className="palette-input"
        role="combobox"
        aria-label={commandsWanted ? 'Run a command' : 'Open a table or view; type > for commands'}
        aria-expanded="true"
        aria-controls={id}
        aria-activedescendant={shown[at] === undefined ? undefined : `${id}-${String(at)}`}
        aria-autocomplete="list"
        placeholder="Tables and views; type > for commands"
        spellCheck={false}
        autoFocus
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          setActive(0);
        }}
        onKeyDown={onKeyDown}
      />
      <ul id={id} ref={list} className="palette-list" role="listbox" aria-label="Found">
        {shown.map((choice, index) => (
          <li
            key={choice.id}
            id={`${id}-${String(index)}`}
            role="option"
            aria-selected={index === at}
            className="palette-choice"
            onPointerMove={() => {
              setActive(index);
            }}
            onClick={() => {
              choose(choice);
            }}
          >
            <Icon name={choice.icon} />
            <span>{choice.label}</span>
            <span className="palette-detail">{choice.detail}</span>
            {choice.shortcut !== null && <Shortcut keys={choice.shortcut} />}
          </li>
        ))}
      </ul>
      {shown.length === 0 && (
        <p className="palette-nothing">{commandsWanted ? 'No command has these words.' : relations.hint}</p>
      )}
    </>
  );
}

/** Command palette and quick open of tables, over whatever is on the screen. */
export function Palette(): ReactElement | null {
  const workbench = useWorkbench();
  const open = useStore(workbench.palette);
  const onClose = (): void => {
    workbench.palette.set(null);
  };
  if (open === null) return null;
  return (
    <ModalOverlay className="palette-overlay" isOpen isDismissable onOpenChange={onClose}>
      <Modal className="palette">
        <AriaDialog className="palette-dialog" aria-label="Search or run a command">
          <PaletteBody key={open} workbench={workbench} onClose={onClose} initial={open === 'commands' ? '>' : ''} />
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  );
}
