import type * as Monaco from 'monaco-editor/editor/editor.api.js';

/** Words shown as keywords: SQL's own and those PostgreSQL reserves or begins a statement with. Colour only; nothing is decided by it. */
const KEYWORDS =
  `abort add all alter always analyze and any array as asc at authorization begin between binary both by cascade case cast check
  close cluster collate column comment commit concurrently conflict constraint copy create cross cube current current_catalog current_date
  current_role current_schema current_time current_timestamp current_user cursor cycle database deallocate declare default deferrable
  delete desc discard distinct do domain drop each else end escape except exclude execute exists explain extension false fetch filter
  first following for force foreign from full function generated grant group grouping having if ilike immutable in index inherits initially
  inner insert instead intersect interval into is isnull join key language last lateral leading left like limit listen load local
  localtime localtimestamp lock materialized merge move natural next no not nothing notify notnull null nulls of offset on only or order
  others outer over overlaps owner partition placing policy preceding prepare primary privileges procedure range recursive references
  refresh reindex release rename replace reset restrict returning returns revoke right role rollback rollup row rows savepoint schema
  security select sequence session session_user set sets share show similar some stable start statement symmetric table tablesample
  temp temporary then ties to trailing transaction trigger true truncate type unbounded union unique unlisten update user using vacuum
  values variadic verbose view volatile when where window with within without work zone`.split(/\s+/);

/** Colours as PostgreSQL reads: block comments nest, dollar quotes carry their tag, only E strings know backslashes (sections 4.1.2, 4.1.5). */
export const sqlLanguage: Monaco.languages.IMonarchLanguage = {
  ignoreCase: true,
  defaultToken: '',
  tokenPostfix: '',
  keywords: KEYWORDS,
  tokenizer: {
    root: [
      [/\s+/, ''],
      [/--.*$/, 'comment'],
      [/\/\*/, 'comment', '@comment'],
      [/e'/, 'string', '@escapes'],
      [/'/, 'string', '@string'],
      [/"/, 'identifier', '@quoted'],
      [/\$([a-z_]\w*)?\$/, { token: 'string', next: '@dollar.$0' }],
      [/\$\d+|:[a-z_]\w*(?!\w|:)/, 'variable'],
      [/\d[\d_]*(\.\d*)?(e[+-]?\d+)?/, 'number'],
      [/[a-z_][\w$]*(?=\s*\()/, { cases: { '@keywords': 'keyword', '@default': 'function' } }],
      [/[a-z_][\w$]*/, { cases: { '@keywords': 'keyword', '@default': 'identifier' } }],
      [/[;,.()[\]]/, 'delimiter'],
      [/[<>=!%&+\-*/|~^#@?:]+/, 'operator'],
    ],
    comment: [
      [/\/\*/, 'comment', '@push'],
      [/\*\//, 'comment', '@pop'],
      [/[^/*]+|./, 'comment'],
    ],
    string: [
      [/[^']+|''/, 'string'],
      [/'/, 'string', '@pop'],
    ],
    escapes: [
      [/[^'\\]+|''|\\./, 'string'],
      [/\\$/, 'string'],
      [/'/, 'string', '@pop'],
    ],
    quoted: [
      [/[^"]+|""/, 'identifier'],
      [/"/, 'identifier', '@pop'],
    ],
    dollar: [
      [/\$([a-z_]\w*)?\$/, { cases: { '$0==$S2': { token: 'string', next: '@pop' }, '@default': 'string' } }],
      [/[^$]+|\$/, 'string'],
    ],
  },
};

export const sqlConfiguration: Monaco.languages.LanguageConfiguration = {
  comments: { lineComment: '--', blockComment: ['/*', '*/'] },
  brackets: [
    ['(', ')'],
    ['[', ']'],
  ],
  autoClosingPairs: [
    { open: '(', close: ')' },
    { open: '[', close: ']' },
    { open: "'", close: "'", notIn: ['string', 'comment'] },
    { open: '"', close: '"', notIn: ['string', 'comment'] },
  ],
  surroundingPairs: [
    { open: '(', close: ')' },
    { open: "'", close: "'" },
    { open: '"', close: '"' },
  ],
  wordPattern: /[\p{L}\p{N}_$]+/u,
};
