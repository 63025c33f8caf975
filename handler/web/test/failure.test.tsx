import { FluentProvider, teamsLightTheme } from '@fluentui/react-components';
import { createElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { beforeAll, expect, it, vi } from 'vitest';
import { Problem } from '../src/api/problem';
import { speak } from '../src/i18n';
import { Failure } from '../src/parts/failure';

vi.stubGlobal('document', { documentElement: {}, querySelector: () => ({ content: '{}' }) });

beforeAll(() => speak('en-US'));

it('a step that cannot be carried out is not said of the picture', () => {
  const words = (field?: string) => {
    const problem = new Problem({
      kind: 'unsupported',
      title: '',
      detail: 'An animation cannot be trimmed.',
      status: 422,
      field,
    });
    const shown = createElement(FluentProvider, { theme: teamsLightTheme }, <Failure problem={problem} />);
    return renderToStaticMarkup(shown).replace(/<[^>]+>/g, '|');
  };
  expect(words()).toContain('This is no picture that can be edited.');
  expect(words('/recipe/steps/0')).toContain('This edit can’t be made.');
  expect(words('/recipe/steps/0')).toContain('An animation cannot be trimmed.');
  expect(words('/recipe/steps/0')).not.toContain('picture');
});
