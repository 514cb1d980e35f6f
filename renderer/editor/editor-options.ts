import type * as Monaco from 'monaco-editor/editor/editor.api.js';
import { readToken } from '../design/theme.ts';

/** px, as wide as the grid's */
const SCROLLBAR = 10;

/** How every text editor of the window looks and behaves: its type and spaces are the tokens', and nothing moves that need not. */
export function editorOptions(): Monaco.editor.IEditorOptions & Monaco.editor.IGlobalEditorOptions {
  return {
    automaticLayout: true,
    fontFamily: readToken('font-mono'),
    fontSize: Number.parseFloat(readToken('code-size')),
    lineHeight: Number.parseFloat(readToken('code-line')),
    lineNumbersMinChars: 4,
    lineDecorationsWidth: 10,
    folding: false,
    glyphMargin: false,
    minimap: { enabled: false },
    overviewRulerLanes: 0,
    overviewRulerBorder: false,
    hideCursorInOverviewRuler: true,
    scrollbar: { verticalScrollbarSize: SCROLLBAR, horizontalScrollbarSize: SCROLLBAR, useShadows: false },
    scrollBeyondLastLine: false,
    padding: { top: 4, bottom: 4 },
    renderLineHighlight: 'line',
    renderLineHighlightOnlyWhenFocus: true,
    guides: { indentation: false },
    fixedOverflowWidgets: true,
    quickSuggestionsDelay: 30,
    wordBasedSuggestions: 'off',
    suggest: { showStatusBar: false, preview: false },
    tabSize: 2,
    insertSpaces: true,
    links: false,
    // Its state is shared by all editors and outlives their models: after a sign-out it looks for one that is gone.
    occurrencesHighlight: 'off',
    'semanticHighlighting.enabled': false,
    // Text from elsewhere may hide what it does: direction marks and look-alike letters are shown.
    unicodeHighlight: { ambiguousCharacters: true, invisibleCharacters: true, nonBasicASCII: false },
  };
}
