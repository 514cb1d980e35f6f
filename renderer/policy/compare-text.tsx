import { type ReactElement, useEffect, useRef } from 'react';
import { editorOptions } from '../editor/editor-options.ts';
import { monaco } from '../editor/monaco-setup.ts';
import { YAML } from './policy-language.ts';

/** Two texts beside each other, what differs marked. F7 goes through the differences in a form that is read aloud. */
export function CompareText({ before, after }: { before: string; after: string }): ReactElement {
  const element = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (element.current === null) return;
    const editor = monaco.editor.createDiffEditor(element.current, {
      ...editorOptions(),
      readOnly: true,
      originalEditable: false,
      renderSideBySide: true,
      useInlineViewWhenSpaceIsLimited: false,
      renderMarginRevertIcon: false,
      renderGutterMenu: false,
      renderOverviewRuler: false,
      hideUnchangedRegions: { enabled: true, contextLineCount: 4, minimumLineCount: 4 },
      ignoreTrimWhitespace: false,
      originalAriaLabel: 'The file on disk',
      modifiedAriaLabel: 'The text in the editor',
    });
    const models = {
      original: monaco.editor.createModel(before, YAML),
      modified: monaco.editor.createModel(after, YAML),
    };
    const compared = editor.createViewModel(models);
    editor.setModel(compared);
    return () => {
      // A comparison that is under way is called off before its texts go.
      compared.dispose();
      editor.dispose();
      models.original.dispose();
      models.modified.dispose();
    };
  }, [before, after]);
  return <div className="compare-text" ref={element} />;
}
