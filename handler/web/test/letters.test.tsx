import { FluentProvider, teamsLightTheme } from '@fluentui/react-components';
import { createElement, type ReactElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { beforeAll, expect, it, vi } from 'vitest';
import { speak } from '../src/i18n';
import { Builder } from '../src/recipe/builder';
import { MissingLetters } from '../src/recipe/missing-letters';

// The check is plugged in here: fonts that have letters of Latin-1 alone.
vi.mock('../src/recipe/letters', () => ({
  undrawable: (text: string) => [...new Set([...text].filter((letter) => letter > 'ÿ'))],
}));
vi.stubGlobal('document', { documentElement: {} });

const words = (shown: ReactElement) =>
  renderToStaticMarkup(createElement(FluentProvider, { theme: teamsLightTheme }, shown))
    .replace(/<style.*?<\/style>/g, '')
    .replace(/<[^>]+>/g, '|');

beforeAll(() => speak('en-US'));

it('letters that cannot be drawn are named while a text is written', () => {
  expect(words(<MissingLetters texts={['Grüße 🎉', '你好 你']} />)).toContain('These letters can’t be drawn: 🎉 你 好');
  expect(words(<MissingLetters texts={['Grüße']} />)).not.toContain('drawn');
  const builder = (text: string) =>
    words(<Builder recipe={{ version: 1, steps: [{ op: 'text', text }] }} onChange={() => {}} />);
  expect(builder('© مرحبا')).toContain('These letters can’t be drawn: م ر ح ب ا');
  expect(builder('© {creator} {year}')).not.toContain('drawn');
});
