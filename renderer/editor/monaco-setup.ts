/**
 * Monaco with what an SQL editor needs and nothing else: the editor core, one language, the contributions people use by
 * habit. Loaded after the frame is on the screen. Its worker comes from our own origin.
 */
import './monaco-environment.ts';
import 'monaco-editor/features/codicon/register.js';
import 'monaco-editor/features/bracketMatching/register.js';
import 'monaco-editor/features/caretOperations/register.js';
import 'monaco-editor/features/clipboard/register.js';
import 'monaco-editor/features/codeEditor/register.js';
import 'monaco-editor/features/comment/register.js';
import 'monaco-editor/features/contextmenu/register.js';
import 'monaco-editor/features/cursorUndo/register.js';
import 'monaco-editor/features/dnd/register.js';
import 'monaco-editor/features/find/register.js';
import 'monaco-editor/features/folding/register.js';
import 'monaco-editor/features/gotoError/register.js';
import 'monaco-editor/features/gotoLine/register.js';
import 'monaco-editor/features/hover/register.js';
import 'monaco-editor/features/indentation/register.js';
import 'monaco-editor/features/lineSelection/register.js';
import 'monaco-editor/features/linesOperations/register.js';
import 'monaco-editor/features/multicursor/register.js';
import 'monaco-editor/features/smartSelect/register.js';
import 'monaco-editor/features/snippet/register.js';
import 'monaco-editor/features/suggest/register.js';
import 'monaco-editor/features/toggleTabFocusMode/register.js';
import 'monaco-editor/features/unicodeHighlighter/register.js';
import 'monaco-editor/features/wordHighlighter/register.js';
import 'monaco-editor/features/wordOperations/register.js';
import 'monaco-editor/editor/contrib/suggest/browser/suggestController.js';
import * as monaco from 'monaco-editor/editor/editor.api.js';
import { onThemeChange, readHex, shownTheme } from '../design/theme.ts';
import { sqlConfiguration, sqlLanguage } from './sql-language.ts';

export const LANGUAGE = 'sql';
const THEME = 'countersign';

const base = { light: 'vs', dark: 'vs-dark', 'high-contrast': 'hc-black' } as const;

const tokenColors: readonly (readonly [token: string, color: string])[] = [
  ['', 'text'],
  ['keyword', 'syntax-keyword'],
  ['operator', 'syntax-operator'],
  ['delimiter', 'syntax-operator'],
  ['string', 'syntax-string'],
  ['number', 'syntax-number'],
  ['comment', 'syntax-comment'],
  ['function', 'syntax-function'],
  ['variable', 'syntax-number'],
  ['type', 'syntax-keyword'],
  ['string.yaml', 'syntax-string'],
  ['operators', 'syntax-operator'],
  ['namespace', 'syntax-function'],
  ['tag', 'syntax-function'],
];

/** Monaco's names for parts of itself, and the token each is painted with. */
const editorColors = {
  'editor.background': 'surface',
  'editor.foreground': 'text',
  'editorLineNumber.foreground': 'text-muted',
  'editorLineNumber.activeForeground': 'text',
  'editorCursor.foreground': 'text',
  'editor.selectionBackground': 'selection',
  'editor.inactiveSelectionBackground': 'selection-quiet',
  'editor.selectionHighlightBackground': 'selection-quiet',
  'editor.wordHighlightBackground': 'selection-quiet',
  'editor.findMatchBackground': 'write-tint',
  'editor.findMatchHighlightBackground': 'selection-quiet',
  'editor.lineHighlightBackground': 'chrome-quiet',
  'editor.lineHighlightBorder': 'chrome-quiet',
  'editorIndentGuide.background1': 'line',
  'editorBracketMatch.background': 'selection-quiet',
  'editorBracketMatch.border': 'line-strong',
  'editorBracketHighlight.foreground1': 'syntax-operator',
  'editorBracketHighlight.foreground2': 'syntax-operator',
  'editorBracketHighlight.foreground3': 'syntax-operator',
  'editorBracketHighlight.unexpectedBracket.foreground': 'refused',
  'editorWidget.background': 'raised',
  'editorWidget.foreground': 'text',
  'editorWidget.border': 'line-strong',
  'editorSuggestWidget.background': 'raised',
  'editorSuggestWidget.foreground': 'text',
  'editorSuggestWidget.border': 'line-strong',
  'editorSuggestWidget.selectedBackground': 'selection',
  'editorSuggestWidget.selectedForeground': 'text',
  'editorSuggestWidget.highlightForeground': 'accent',
  'editorSuggestWidget.focusHighlightForeground': 'accent',
  'editorHoverWidget.background': 'raised',
  'editorHoverWidget.foreground': 'text',
  'editorHoverWidget.border': 'line-strong',
  'editorError.foreground': 'refused',
  'editorWarning.foreground': 'write',
  'editorInfo.foreground': 'masked',
  'editorLightBulb.foreground': 'accent',
  'editorActionList.background': 'raised',
  'editorActionList.foreground': 'text',
  'editorActionList.focusBackground': 'selection',
  'editorActionList.focusForeground': 'text',
  'diffEditor.insertedLineBackground': 'approved-tint',
  'diffEditor.insertedTextBackground': 'approved-tint',
  'diffEditor.removedLineBackground': 'refused-tint',
  'diffEditor.removedTextBackground': 'refused-tint',
  'diffEditor.diagonalFill': 'line',
  'diffEditor.border': 'line',
  'scrollbar.shadow': 'surface',
  'scrollbarSlider.background': 'neutral-5',
  'scrollbarSlider.hoverBackground': 'neutral-6',
  'scrollbarSlider.activeBackground': 'neutral-6',
  'input.background': 'surface',
  'input.foreground': 'text',
  'input.border': 'control-line',
  focusBorder: 'focus',
  'menu.background': 'raised',
  'menu.foreground': 'text',
  'menu.selectionBackground': 'selection',
  'menu.selectionForeground': 'text',
  'menu.border': 'line-strong',
  'list.hoverBackground': 'hover',
  'list.activeSelectionBackground': 'selection',
  'list.activeSelectionForeground': 'text',
  'symbolIcon.fieldForeground': 'text-muted',
  'symbolIcon.structForeground': 'accent',
  'symbolIcon.keywordForeground': 'text-muted',
  'symbolIcon.moduleForeground': 'text-muted',
} as const;

function showTheme(): void {
  monaco.editor.defineTheme(THEME, {
    base: base[shownTheme()],
    inherit: true,
    rules: tokenColors.map(([token, color]) => ({ token, foreground: readHex(color).slice(1) })),
    colors: Object.fromEntries(Object.entries(editorColors).map(([part, color]) => [part, readHex(color)])),
  });
  monaco.editor.setTheme(THEME);
}

monaco.languages.register({ id: LANGUAGE, extensions: ['.sql'], aliases: ['SQL'] });
monaco.languages.setMonarchTokensProvider(LANGUAGE, sqlLanguage);
monaco.languages.setLanguageConfiguration(LANGUAGE, sqlConfiguration);
showTheme();
onThemeChange(showTheme);

export { monaco };
