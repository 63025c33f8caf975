import js from '@eslint/js';
import reactHooks from 'eslint-plugin-react-hooks';
import globals from 'globals';
import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['dist', 'public', 'src/api/schema.d.ts'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  js.configs.recommended,
  {
    files: ['**/*.ts', '**/*.tsx'],
    extends: [tseslint.configs.recommendedTypeChecked, reactHooks.configs.flat.recommended],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/method-signature-style': 'error', // functions among properties may be taken out of them
      '@typescript-eslint/no-unused-vars': ['error', { ignoreRestSiblings: true }],
      '@typescript-eslint/require-await': 'off', // "async" makes rejections of what is thrown, awaited or not
      'react-hooks/incompatible-library': 'off', // for React's compiler, which is not used
    },
  },
  { files: ['**/*.mjs'], languageOptions: { globals: globals.node } },
  // Tests in the browser have functions that run in its pages.
  { files: ['browser/*.mjs'], languageOptions: { globals: globals.browser } },
);
