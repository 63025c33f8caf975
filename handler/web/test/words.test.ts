import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import de from '../src/i18n/de';
import en from '../src/i18n/en';
import fr from '../src/i18n/fr';

/** The warnings that the program can give, as its sources name them. */
const warnings = ['imaging', 'library', 'bulk'].flatMap((name) => {
  const folder = join(import.meta.dirname, '../..', name);
  return readdirSync(folder)
    .filter((file) => file.endsWith('.go') && !file.endsWith('_test.go'))
    .flatMap((file) => [
      ...readFileSync(join(folder, file), 'utf8').matchAll(
        /^\s*(?:const )?(?:Warn[A-Z]\w*|OverwroteChange)\s*=\s*"(\w+)"/gm,
      ),
    ])
    .map(([, warning]) => warning);
});

it.each([
  ['English', en],
  ['German', de],
  ['French', fr],
])('every warning of the program, and no other, has words in %s', (_, { warning }) => {
  expect(warnings.length).toBeGreaterThan(13);
  expect(Object.keys(warning).sort()).toEqual([...new Set(warnings)].sort());
  expect(Object.values(warning).filter((words) => words.trim() === '')).toEqual([]);
});
