// The arrows of docs/architecture.md as rules: a wrong import fails the build and says why.
import js from '@eslint/js';
import globals from 'globals';
import importX from 'eslint-plugin-import-x';
import reactHooks from 'eslint-plugin-react-hooks';
import tseslint from 'typescript-eslint';

/** Rooms of main/, innermost last. A room may import itself, what is listed for it, and shared/. */
const mayImport = {
  shell: ['doors', 'gate', 'profile', 'policy', 'identity', 'approvals', 'audit', 'credentials', 'demonstration'],
  doors: ['gate', 'profile', 'policy', 'identity', 'approvals', 'audit', 'credentials', 'demonstration'],
  gate: ['databases', 'profile', 'policy', 'identity', 'approvals', 'audit', 'credentials'],
  demonstration: ['profile', 'policy', 'credentials', 'audit', 'databases/embedded'],
  profile: ['policy', 'credentials'],
  identity: ['credentials'],
  approvals: ['identity', 'audit'],
  databases: [],
  policy: [],
  audit: [],
  credentials: [],
};

const why = {
  databases: 'Only main/gate talks to databases: that is what makes it the one road (G1).',
  doors: 'Nothing imports a door: doors translate, they decide nothing.',
  shell: 'Nothing imports a shell: shells are thin and outermost.',
};

const rooms = Object.keys(mayImport);
const zones = rooms.flatMap((room) =>
  rooms
    .filter((other) => other !== room && !mayImport[room].includes(other))
    .map((other) => ({
      target: `./main/${room}`,
      from: `./main/${other}`,
      except: mayImport[room].filter((name) => name.startsWith(`${other}/`)).map((name) => `./${name.split('/')[1]}`),
      message:
        why[other] ??
        `main/${room} may import ${mayImport[room].join(', ') || 'nothing else in main'}; see docs/architecture.md.`,
    })),
);

export default tseslint.config(
  { ignores: ['dist/**', 'node_modules/**', '.cache/**'] },
  js.configs.recommended,
  ...tseslint.configs.strict,
  {
    files: ['**/*.{ts,tsx}'],
    plugins: { 'import-x': importX },
    settings: { 'import-x/resolver': { node: { extensions: ['.ts', '.tsx', '.js', '.mjs', '.json'] } } },
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/unified-signatures': 'off',
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportDefaultDeclaration', message: 'Named exports only: one name for one thing everywhere.' },
      ],
      'import-x/no-restricted-paths': [
        'error',
        {
          zones: [
            ...zones,
            { target: './main/*.ts', from: './main/databases', message: why.databases },
            {
              target: './verify',
              from: './main',
              message: 'The verifier stands alone: it must not share code with the writer.',
            },
            { target: './verify', from: './shared', message: 'The verifier stands alone.' },
            {
              target: './renderer',
              from: './main',
              message: 'The window has no power: it talks to main/ through shared/ only.',
            },
            { target: './shared', from: './main', message: 'shared/ is the contract; it knows neither side.' },
            { target: './shared', from: './renderer', message: 'shared/ is the contract; it knows neither side.' },
            { target: './main', from: './renderer', message: 'main/ talks to the window through shared/ only.' },
          ],
        },
      ],
      'no-restricted-imports': [
        'error',
        {
          paths: [
            {
              name: 'electron',
              message: "Only main/shell/electron imports electron: require('electron') elsewhere starts a download.",
            },
          ],
        },
      ],
    },
  },
  {
    // The search index of a team lies in a PostgreSQL of its own: its test starts one.
    files: ['main/audit/search/postgres-*.test.ts'],
    rules: { 'import-x/no-restricted-paths': 'off' },
  },
  { files: ['main/shell/electron/**'], rules: { 'no-restricted-imports': 'off' } },
  { files: ['*.config.{js,ts}'], rules: { 'no-restricted-syntax': 'off' } },
  { files: ['**/*.{js,mjs}'], languageOptions: { globals: globals.node } },
  {
    files: ['renderer/**/*.{ts,tsx}'],
    plugins: { 'react-hooks': reactHooks },
    rules: {
      ...reactHooks.configs.recommended.rules,
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportDefaultDeclaration', message: 'Named exports only: one name for one thing everywhere.' },
        {
          selector: 'JSXAttribute[name.name="dangerouslySetInnerHTML"]',
          message: 'Text from a server is data and never markup (G14).',
        },
        {
          selector: 'AssignmentExpression[left.property.name=/^(innerHTML|outerHTML)$/]',
          message: 'Text from a server is data and never markup (G14).',
        },
      ],
    },
  },
);
