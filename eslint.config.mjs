import { builtinModules } from 'node:module';
import js from '@eslint/js';
import tseslint from 'typescript-eslint';

const typescript = ['**/*.ts', '**/*.tsx'];
const nodeNames = Object.fromEntries(Object.getOwnPropertyNames(globalThis).map((name) => [name, 'readonly']));

export default tseslint.config(
  { ignores: ['**/node_modules/', '**/dist/', '.reports/', '.cache/', 'test-results/', 'playwright-report/'] },
  js.configs.recommended,
  {
    files: ['**/*.mjs', '**/*.js'],
    languageOptions: { globals: nodeNames },
  },
  {
    files: ['examples/page/**'],
    languageOptions: { globals: { document: 'readonly', location: 'readonly' } },
  },
  {
    files: typescript,
    extends: [tseslint.configs.recommended],
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      // A promise nobody looks at hides a lost frame or a session that never ends.
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrorsIgnorePattern: '^_' },
      ],
      // A frame's octets are often control characters.
      'no-control-regex': 'off',
    },
  },
  {
    // These packages run in pages too.
    files: ['core', 'websocket', 'stompjs', 'dashboard'].flatMap((name) => [
      `packages/${name}/src/**`,
      `packages/${name}/page/**`,
    ]),
    rules: {
      'no-restricted-imports': [
        'error',
        {
          paths: builtinModules,
          patterns: [{ group: ['node:*'], message: 'This package also runs where there is no Node.' }],
        },
      ],
    },
  },
);
