import { type DragEvent, type ReactElement, useEffect, useRef } from 'react';
import { followRights } from '../account/follow-rights.ts';
import { troubleSpan } from './reasons.ts';
import { type EditorHandle } from './editor-handle.ts';
import { editorOptions } from './editor-options.ts';
import { followVerdict } from './live-verdict.ts';
import { registerCompletion } from './completion-provider.ts';
import { LANGUAGE, monaco } from './monaco-setup.ts';
import { type Boundary } from './statements.ts';
import { systemClock } from '../state/saver.ts';
import { loadConnections } from '../state/actions.ts';
import { useWorkbench, type Workbench } from '../state/workbench.ts';
import { activeTab, changeTab } from '../state/workspace.ts';
import './sql-editor.css';

const MARKS = 'countersign';
const uriOf = (tab: string): monaco.Uri => monaco.Uri.from({ scheme: 'tab', path: `/${tab}` });

function createEditor(element: HTMLElement): monaco.editor.IStandaloneCodeEditor {
  return monaco.editor.create(element, {
    ...editorOptions(),
    model: null,
    quickSuggestions: { other: true, comments: false, strings: false },
    ariaLabel: 'SQL',
  });
}

function handleOf(editor: monaco.editor.IStandaloneCodeEditor, tab: string): EditorHandle {
  const model = (): monaco.editor.ITextModel | null => editor.getModel();
  const rangeOf = ({ start, end }: Boundary): monaco.Range => {
    const text = model();
    return text === null
      ? new monaco.Range(1, 1, 1, 1)
      : monaco.Range.fromPositions(text.getPositionAt(start), text.getPositionAt(end));
  };
  const marked = editor.createDecorationsCollection();
  return {
    tab,
    text: () => model()?.getValue() ?? '',
    cursor: () => model()?.getOffsetAt(editor.getPosition() ?? { lineNumber: 1, column: 1 }) ?? 0,
    selection: () => {
      const selection = editor.getSelection();
      const text = model();
      if (selection === null || selection.isEmpty() || text === null) return null;
      return {
        start: text.getOffsetAt(selection.getStartPosition()),
        end: text.getOffsetAt(selection.getEndPosition()),
      };
    },
    focus: () => {
      editor.focus();
    },
    insert: (text) => {
      const range = editor.getSelection();
      if (range === null) return;
      editor.executeEdits(MARKS, [{ range, text, forceMoveMarkers: true }]);
      editor.focus();
    },
    replace: (part, text) => {
      editor.pushUndoStop();
      editor.executeEdits(MARKS, [{ range: rangeOf(part), text }]);
      editor.pushUndoStop();
    },
    reveal: (part) => {
      const range = rangeOf(part);
      editor.setSelection(range);
      editor.revealRangeInCenterIfOutsideViewport(range);
      editor.focus();
    },
    mark: (part) => {
      if (part === null) {
        marked.clear();
        return;
      }
      const range = rangeOf(part);
      marked.set([{ range, options: { inlineClassName: 'explained-part' } }]);
      editor.revealRangeInCenterIfOutsideViewport(range);
    },
  };
}

/** Judging may have opened the connection: its state, and what its role can do, are known from then on. */
function noticeConnection(workbench: Workbench, name: string): void {
  const connections = workbench.connections.get();
  if (connections.state !== 'ready') return;
  if (connections.value.some((one) => one.name === name && one.weaknesses === null)) void loadConnections(workbench);
}

/** Makes the editor follow the active tab, and the tab follow the editor. Returns what ends it. */
function attach(editor: monaco.editor.IStandaloneCodeEditor, workbench: Workbench): () => void {
  const views = new Map<string, monaco.editor.ICodeEditorViewState>();
  const marks = editor.createDecorationsCollection();
  let shown: { readonly tab: string; readonly connection: string | null } | null = null;

  const verdicts = followVerdict({
    clock: systemClock,
    split: (text, signal) => workbench.client['query.split']({ text }, signal),
    explain: (connection, text, signal) => workbench.client['query.explain']({ connection, text }, signal),
    onStatement: (statement) => {
      const model = editor.getModel();
      if (model === null) return;
      const lines =
        statement === null
          ? []
          : [monaco.Range.fromPositions(model.getPositionAt(statement.start), model.getPositionAt(statement.end))];
      marks.set(
        lines.map((range) => ({ range, options: { isWholeLine: true, linesDecorationsClassName: 'statement-mark' } })),
      );
    },
    onVerdict: (found) => {
      workbench.live.set(found);
      if (found !== null) noticeConnection(workbench, found.connection);
      const model = editor.getModel();
      if (model === null) return;
      // What the person can give is asked for when it is run: nothing in the text is wrong.
      const quiet = found === null || found.verdict.verdict === 'allow' || found.verdict.needs.length > 0;
      const reasons = quiet ? [] : found.verdict.reasons;
      monaco.editor.setModelMarkers(
        model,
        MARKS,
        reasons.map((reason) => {
          const span = troubleSpan(reason, found?.statement ?? { start: 0, end: 0 });
          const [start, end] = [model.getPositionAt(span.start), model.getPositionAt(span.end)];
          return {
            severity: found?.verdict.verdict === 'ask' ? monaco.MarkerSeverity.Warning : monaco.MarkerSeverity.Error,
            message: reason.next === null ? reason.sentence : `${reason.sentence}\n${reason.next}`,
            source: reason.code,
            startLineNumber: start.lineNumber,
            startColumn: start.column,
            endLineNumber: end.lineNumber,
            endColumn: end.column,
          };
        }),
      );
    },
  });

  const moved = (): void => {
    const handle = workbench.editor.get();
    const tab = activeTab(workbench.workspace.get());
    if (handle !== null && tab !== null) verdicts.moved(tab.connection, handle.text(), handle.cursor());
  };

  const show = (): void => {
    const tab = activeTab(workbench.workspace.get());
    const before = shown?.tab ?? null;
    if (tab?.id === before && tab?.connection === shown?.connection) return;
    if (before !== null && tab?.id !== before) {
      const view = editor.saveViewState();
      if (view !== null) views.set(before, view);
    }
    shown = tab === null ? null : { tab: tab.id, connection: tab.connection };
    workbench.live.set(null);
    if (tab === null) {
      verdicts.stop();
      workbench.editor.set(null);
      editor.setModel(null);
      return;
    }
    if (tab.id !== before) {
      const model =
        monaco.editor.getModel(uriOf(tab.id)) ?? monaco.editor.createModel(tab.text, LANGUAGE, uriOf(tab.id));
      // Offsets everywhere count a line break as one unit.
      model.setEOL(monaco.editor.EndOfLineSequence.LF);
      editor.setModel(model);
      const view = views.get(tab.id);
      if (view === undefined) editor.setPosition(model.getPositionAt(tab.cursor));
      else editor.restoreViewState(view);
      workbench.editor.set(handleOf(editor, tab.id));
      editor.focus();
    }
    moved();
  };

  const forget = (): void => {
    const open = new Set(workbench.workspace.get().tabs.map(({ id }) => `/${id}`));
    for (const model of monaco.editor.getModels())
      if (model.uri.scheme === 'tab' && !open.has(model.uri.path)) model.dispose();
  };

  const listeners = [
    editor.onDidChangeModelContent(() => {
      const handle = workbench.editor.get();
      if (handle === null || editor.getModel()?.uri.path !== `/${handle.tab}`) return;
      // What was explained is not what stands there now.
      handle.mark(null);
      workbench.workspace.update((workspace) =>
        changeTab(workspace, handle.tab, { text: handle.text(), cursor: handle.cursor() }),
      );
    }),
    editor.onDidChangeCursorPosition(moved),
    registerCompletion(workbench),
  ];
  const leave = workbench.workspace.subscribe(() => {
    show();
    forget();
  });
  // What the person may do has changed: the verdict on the same text is another one now.
  const leaveRights = followRights(workbench, () => {
    verdicts.forget();
    moved();
  });
  show();
  return () => {
    leave();
    leaveRights();
    verdicts.stop();
    for (const listener of listeners) listener.dispose();
    workbench.editor.set(null);
    // What the editor still has to do for a model must end before the model does.
    editor.dispose();
    for (const model of monaco.editor.getModels()) if (model.uri.scheme === 'tab') model.dispose();
  };
}

/** The text of the active tab. One editor for all tabs; each keeps its undo history, selection and scroll position. */
export function SqlEditor(): ReactElement {
  const workbench = useWorkbench();
  const element = useRef<HTMLDivElement>(null);
  const shown = useRef<monaco.editor.IStandaloneCodeEditor>(null);

  useEffect(() => {
    if (element.current === null) return;
    shown.current = createEditor(element.current);
    return attach(shown.current, workbench);
  }, [workbench]);

  const onDrop = (event: DragEvent): void => {
    const position = shown.current?.getTargetAtClientPoint(event.clientX, event.clientY)?.position;
    const text = event.dataTransfer.getData('text/plain');
    if (position == null || text === '') return;
    event.preventDefault();
    shown.current?.setPosition(position);
    workbench.editor.get()?.insert(text);
  };

  return (
    <div
      className="sql-editor"
      ref={element}
      onDragOver={(event) => {
        event.preventDefault();
      }}
      onDrop={onDrop}
    />
  );
}
