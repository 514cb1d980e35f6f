import { type ReactElement, useEffect, useRef } from 'react';
import { type PolicyCheckView } from '../../shared/views.ts';
import { editorOptions } from '../editor/editor-options.ts';
import { monaco } from '../editor/monaco-setup.ts';
import { useWorkbench } from '../state/workbench.ts';
import { sameText } from './draft.ts';
import { type Policy, type PolicyTextHandle } from './policy.ts';
import { policyUri, rangeOfProblem, registerPolicyLanguage, YAML } from './policy-language.ts';
import { problemWords } from './positions.ts';

const OWNER = 'policy';

/** Where a text was left when its editor went away; it goes with the text. */
const leftAt = new WeakMap<monaco.editor.ITextModel, monaco.editor.ICodeEditorViewState>();

/** The text as Monaco has it. It outlives the view, with its undo history, until the draft is let go of. */
function modelOf(policy: Policy): monaco.editor.ITextModel {
  const known = monaco.editor.getModel(policyUri);
  if (known !== null) return known;
  const model = monaco.editor.createModel(policy.draft.get()?.text ?? '', YAML, policyUri);
  const leave = policy.draft.subscribe(() => {
    if (policy.draft.get() !== null) return;
    leave();
    model.dispose();
  });
  return model;
}

/** What the gate says about exactly the text in the editor. */
function current(policy: Policy): PolicyCheckView | null {
  const { of, value } = policy.check.answer.get();
  return of === policy.draft.get()?.text ? value : null;
}

/** Underlines what the gate says about exactly this text; what it said about an older one would stand in the wrong places. */
function mark(policy: Policy, model: monaco.editor.ITextModel): void {
  const value = current(policy);
  if (value === null) return;
  const { Error: error, Warning: warning } = monaco.MarkerSeverity;
  const found = [
    ...value.problems.map((problem) => ({ problem, severity: error })),
    ...value.warnings.map((problem) => ({ problem, severity: warning })),
  ];
  monaco.editor.setModelMarkers(
    model,
    OWNER,
    found.map(({ problem, severity }) => ({
      severity,
      message: problemWords(problem),
      ...rangeOfProblem(model, problem),
    })),
  );
}

/** Brings the editor to a text that came from elsewhere, as one step that can be undone. */
function follow(policy: Policy, model: monaco.editor.ITextModel): void {
  const text = policy.draft.get()?.text;
  if (text === undefined || sameText(model.getValue(), text)) return;
  model.pushStackElement();
  model.pushEditOperations([], [{ range: model.getFullModelRange(), text }], () => null);
  model.pushStackElement();
}

function handleOf(editor: monaco.editor.IStandaloneCodeEditor): PolicyTextHandle {
  return {
    focus: () => {
      editor.focus();
    },
    reveal: (line, column = 1) => {
      const position = { lineNumber: line, column };
      editor.setPosition(position);
      editor.revealPositionInCenterIfOutsideViewport(position);
      editor.focus();
    },
  };
}

/** Ties an editor to the draft. Returns what ends it. */
function attach(editor: monaco.editor.IStandaloneCodeEditor, policy: Policy): () => void {
  const model = modelOf(policy);
  editor.setModel(model);
  follow(policy, model);
  const left = leftAt.get(model);
  if (left !== undefined) editor.restoreViewState(left);
  mark(policy, model);
  const leave = [
    policy.draft.subscribe(() => {
      if (!model.isDisposed()) follow(policy, model);
    }),
    policy.check.answer.subscribe(() => {
      if (!model.isDisposed()) mark(policy, model);
    }),
  ];
  const typing = model.onDidChangeContent(() => {
    policy.edit(model.getValue());
  });
  policy.editor.set(handleOf(editor));
  return () => {
    for (const one of leave) one();
    typing.dispose();
    policy.editor.set(null);
    const state = editor.saveViewState();
    if (state !== null && !model.isDisposed()) leftAt.set(model, state);
    editor.dispose();
  };
}

/** The policy as text, with what is wrong in its place. */
export function PolicyText(): ReactElement {
  const { policy, client } = useWorkbench();
  const element = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (element.current === null) return;
    const language = registerPolicyLanguage(client, () => current(policy)?.problems ?? []);
    const editor = monaco.editor.create(element.current, {
      ...editorOptions(),
      model: null,
      folding: true,
      // What is pasted keeps its layout.
      autoIndent: 'advanced',
      // It would lie over the text; mends are in the hover and on Control and a full stop.
      lightbulb: { enabled: monaco.editor.ShowLightbulbIconMode.Off },
      quickSuggestions: { other: true, comments: false, strings: true },
      ariaLabel: 'policy.yaml',
    });
    const leave = attach(editor, policy);
    return () => {
      leave();
      language.dispose();
    };
  }, [policy, client]);
  return <div className="policy-text" ref={element} />;
}
