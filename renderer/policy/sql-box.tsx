import { type ReactElement, useEffect, useRef } from 'react';
import { editorOptions } from '../editor/editor-options.ts';
import { LANGUAGE, monaco } from '../editor/monaco-setup.ts';

/** A statement of a few lines. `text` is what it begins with; Ctrl+Enter asks. */
export function SqlBox({
  label,
  text,
  onText,
  onSubmit,
}: {
  label: string;
  text: string;
  onText: (text: string) => void;
  onSubmit: () => void;
}): ReactElement {
  const element = useRef<HTMLDivElement>(null);
  const latest = useRef({ text, onText, onSubmit });
  useEffect(() => {
    latest.current = { text, onText, onSubmit };
  });
  useEffect(() => {
    if (element.current === null) return;
    const model = monaco.editor.createModel(latest.current.text, LANGUAGE);
    model.setEOL(monaco.editor.EndOfLineSequence.LF);
    const editor = monaco.editor.create(element.current, {
      ...editorOptions(),
      model,
      lineNumbers: 'off',
      quickSuggestions: false,
      wordWrap: 'on',
      ariaLabel: label,
    });
    // Tab goes on to the next field: a form is walked through with it.
    editor.updateOptions({ tabFocusMode: true });
    const typing = model.onDidChangeContent(() => {
      latest.current.onText(model.getValue());
    });
    editor.addCommand(monaco.KeyMod.CtrlCmd | monaco.KeyCode.Enter, () => {
      latest.current.onSubmit();
    });
    return () => {
      typing.dispose();
      editor.dispose();
      model.dispose();
    };
  }, [label]);
  return <div className="sql-box" ref={element} />;
}
