/** Monaco ships its YAML without types. */
declare module 'monaco-editor/languages/definitions/yaml/yaml.js' {
  import type * as Monaco from 'monaco-editor/editor/editor.api.js';
  export const conf: Monaco.languages.LanguageConfiguration;
  export const language: Monaco.languages.IMonarchLanguage;
}
