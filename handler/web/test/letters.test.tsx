import { FluentProvider, teamsLightTheme } from '@fluentui/react-components';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { createElement, type ReactElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { speak } from '../src/i18n';
import { Builder } from '../src/recipe/builder';
import { checkOf, namesOf } from '../src/recipe/letters';
import { MissingLetters } from '../src/recipe/missing-letters';

vi.mock('../src/context', () => ({ useApp: () => ({}) }));
vi.stubGlobal('document', { documentElement: {} });

// Latin with some marks, joiners and selectors, which are left out, and the Euro sign.
const letters = [
  [0, 0x17f],
  [0x200b, 0x200f],
  [0x20ac, 0x20ac],
  [0xfe00, 0xfe0f],
];

beforeAll(() => speak('en-US'));

describe('letters that cannot be drawn', () => {
  const undrawable = checkOf(letters);

  it('are found once each, in the order of the text', () => {
    expect(undrawable('Grüße 🎉, 你好 你 €')).toEqual(['🎉', '你', '好']);
    expect(undrawable('\u0000ſƀ₫€₭')).toEqual(['ƀ', '₫', '₭']); // at the ends of ranges, and beyond
    expect(undrawable('')).toEqual([]);
    expect(checkOf([])('a')).toEqual(['a']);
  });

  it('are looked for in composed texts, without what nobody sees', () => {
    expect(undrawable('Gru\u0308ße')).toEqual([]);
    expect(undrawable('ɑ\u0308')).toEqual(['ɑ', '\u0308']); // no letter is both
    expect(undrawable('👩\u200d👧 ☺\ufe0f')).toEqual(['👩', '👧', '☺']);
    expect(undrawable('a\ud83c')).toEqual(['\ud83c']); // half a letter
  });

  it('have names that can be read', () => {
    expect(namesOf(['你', '\u0308'])).toBe('你 ◌\u0308');
    const many = Array.from({ length: 30 }, (_, at) => String.fromCodePoint(0x4e00 + at));
    expect(namesOf(many)).toBe([...many.slice(0, 20), '…'].join(' '));
  });

  const words = (shown: ReactElement, known: number[][] | undefined = letters) => {
    const client = new QueryClient();
    if (known) client.setQueryData(['letters'], { letters: known });
    const inTheme = createElement(FluentProvider, { theme: teamsLightTheme }, shown);
    return renderToStaticMarkup(createElement(QueryClientProvider, { client }, inTheme))
      .replace(/<style.*?<\/style>/g, '')
      .replace(/<[^>]+>/g, '|');
  };

  it('are named while a text is written', () => {
    expect(words(<MissingLetters texts={['Grüße 🎉', '你好 你']} />)).toContain(
      'These letters can’t be drawn: 🎉 你 好',
    );
    expect(words(<MissingLetters texts={['Grüße']} />)).not.toContain('drawn');
    expect(words(<MissingLetters texts={['e', '\u0301']} />)).toContain('drawn: ◌\u0301'); // of another text
    const builder = (text: string) =>
      words(<Builder recipe={{ version: 1, steps: [{ op: 'text', text }] }} onChange={() => {}} />);
    expect(builder('© مرحبا')).toContain('These letters can’t be drawn: م ر ح ب ا');
    expect(builder('© {creator} {year}')).not.toContain('drawn');
  });

  it('are not looked for as long as the letters are not known', () => {
    const client = new QueryClient();
    const shown = createElement(FluentProvider, { theme: teamsLightTheme }, <MissingLetters texts={['🎉']} />);
    expect(renderToStaticMarkup(createElement(QueryClientProvider, { client }, shown))).not.toContain('drawn');
  });
});
