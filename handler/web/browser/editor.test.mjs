import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  axe,
  becomes,
  content,
  deepPicture,
  editing,
  photos,
  put,
  screenshot,
  sizeOf,
  stack,
  until,
  versions,
} from './kit.mjs';

test('an edit is saved as a new version, with all pixels of the picture', async () => {
  const { page, drive, name, photo } = await editing('Glacier');
  await page.getByRole('button', { name: '1:1' }).click();
  await page.getByRole('button', { name: 'Crop to the frame' }).click();
  await page.getByRole('tab', { name: 'Filters' }).click();
  await page.getByRole('checkbox', { name: 'Greyscale' }).click();
  await page.getByRole('tab', { name: 'Turn' }).click();
  await page.getByRole('button', { name: 'Flip sideways' }).click();
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await page.waitForURL(/\/picture\//);
  const all = await versions(drive, name);
  assert.equal(all.length, 2);
  const { width, height } = sizeOf(await content(drive, name));
  const was = sizeOf(photo.content);
  assert.ok(Math.abs(width - height) <= 2, `${width} × ${height} is no square`);
  assert.ok(
    Math.min(was.width, was.height) - Math.min(width, height) <= 4,
    `${width} × ${height} of ${was.width} × ${was.height} has lost pixels`,
  );
  assert.ok((await content(drive, name, '1.0')).equals(photo.content), 'the old version is as it was');
  assert.deepEqual(page.problems, []);
});

test('undo takes a crop back, and redo does it again', async () => {
  const { page, drive, name, before } = await editing('Moor');
  const seen = () =>
    page.evaluate(() => {
      const { width, height } = document.querySelector('canvas');
      return `${width}×${height}`;
    });
  const whole = await seen();
  await page.getByRole('button', { name: '1:1' }).click();
  await page.getByRole('button', { name: 'Crop to the frame' }).click();
  await until('the picture is cropped', async () => (await seen()) !== whole);
  await page.getByRole('button', { name: 'Undo', exact: true }).click();
  await until('the crop is undone', async () => (await seen()) === whole);
  await page.getByRole('tab', { name: 'Filters' }).click();
  await page.getByRole('checkbox', { name: 'Sepia' }).click();
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await page.waitForURL(/\/picture\//);
  const after = sizeOf(await content(drive, name));
  assert.deepEqual(
    [after.width, after.height].sort(),
    [before.width, before.height].sort(),
    'the undone crop was not saved',
  );
});

test('a copy leaves the picture as it is', async () => {
  const { page, drive, name, photo } = await editing('Lagoon');
  await page.getByRole('tab', { name: 'Text' }).click();
  await page.getByRole('button', { name: 'Add text' }).click();
  await page.getByRole('button', { name: 'Save a copy' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
  await page.waitForURL(/\/picture\//);
  const copy = name.replace(/(\.[^.]+)$/, '-edited$1');
  assert.ok(!(await content(drive, copy)).equals(photo.content));
  assert.equal((await versions(drive, name)).length, 1);
});

test('of two people who edit the same picture, the slower one loses nothing', async () => {
  const { page, drive, name, photo } = await editing('Canyon');
  const [, other] = await photos(2);
  await page.getByRole('tab', { name: 'Turn' }).click();
  await page.getByRole('button', { name: 'Flip upside down' }).click();
  await put(drive, name, other.content, stack.alex);
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await page.getByText('Somebody was faster.').waitFor();
  await page.getByText(/Alex Wilber has changed the picture meanwhile/).waitFor();
  assert.ok((await content(drive, name)).equals(other.content), 'what the other one saved is still there');
  await page.getByRole('button', { name: 'Load the new one' }).click();
  await page.getByText('Somebody was faster.').waitFor({ state: 'detached' });
  await page.getByText('Opening the picture').waitFor({ state: 'detached' });
  await page.getByRole('tab', { name: 'Turn' }).click();
  await page.getByRole('button', { name: 'Flip upside down' }).click();
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await page.waitForURL(/\/picture\//);
  assert.equal((await versions(drive, name)).length, 3);
  assert.ok((await content(drive, name, '1.0')).equals(photo.content));
});

test('what was done in the editor becomes a recipe for more pictures', async () => {
  const { page } = await editing('Fjord');
  await page.getByRole('tab', { name: 'Filters' }).click();
  await page.getByRole('checkbox', { name: 'Sepia' }).click();
  await page.getByRole('button', { name: 'Before and after' }).click();
  const shown = page.getByRole('dialog').getByRole('img', { name: /, after$/ });
  await shown.waitFor();
  await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click();
  await page.getByRole('button', { name: 'Apply to more pictures' }).click();
  await page.getByRole('heading', { name: 'Edit many pictures' }).waitFor();
  await page.getByRole('list', { name: 'Steps' }).getByText('Filter').first().waitFor();
  await becomes(() => page.getByRole('combobox', { name: 'Filter' }).inputValue(), 'sepia', 'the filter is chosen');
});

test('the frame of a crop and what is drawn can be moved by keyboard', async () => {
  const { page, drive, name, photo } = await editing('Steppe');
  const canvas = page.getByRole('application');
  await page.getByRole('button', { name: '1:1' }).click();
  await canvas.focus();
  for (let at = 0; at < 8; at++) await page.keyboard.press('-');
  for (let at = 0; at < 60; at++) await page.keyboard.press('ArrowLeft');
  for (let at = 0; at < 60; at++) await page.keyboard.press('ArrowUp');
  await page.getByRole('button', { name: 'Crop to the frame' }).click();
  await page.getByRole('tab', { name: 'Draw' }).click();
  await page.getByRole('button', { name: 'Rectangle' }).click();
  await canvas.focus();
  await page.keyboard.press('ArrowRight');
  const answered = page.waitForResponse('**/recipes/from-editor');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  const { steps } = (await (await answered).json()).recipe;
  assert.deepEqual(
    steps.map(({ op }) => op),
    ['crop', 'shape'],
  );
  assert.deepEqual([steps[0].x, steps[0].y].map(Number.parseFloat), [0, 0], 'the frame was moved to the corner');
  await page.waitForURL(/\/picture\//);
  const [was, is] = [sizeOf(photo.content), sizeOf(await content(drive, name))];
  assert.ok(
    Math.abs(is.width - is.height) <= 2 && is.width < 0.6 * Math.min(was.width, was.height),
    `${is.width} × ${is.height} of ${was.width} × ${was.height}`,
  );
});

test('what a save has lost is said on every page until it is dismissed, and so is that nothing was saved', async () => {
  for (const [locale, colorScheme, words] of [
    [
      'en-US',
      'light',
      {
        turn: 'Turn',
        flip: 'Flip sideways',
        lost: '16 bits became 8.',
        dismiss: 'Dismiss',
        none: /^Nothing was saved/,
        save: 'Save',
      },
    ],
    [
      'de-DE',
      'dark',
      {
        turn: 'Drehen',
        flip: 'Seitlich spiegeln',
        lost: 'Aus 16 Bit wurden 8.',
        dismiss: 'Meldung schließen',
        none: /^Es wurde nichts gespeichert/,
        save: 'Speichern',
      },
    ],
  ]) {
    const { page, drive, id, name } = await editing(
      `Estuary ${colorScheme}`,
      { colorScheme },
      { name: 'Deep.png', content: deepPicture(300, 200) },
    );
    if (locale !== 'en-US') await page.goto(`${stack.tab}/edit/${encodeURIComponent(drive)}/${id}?locale=${locale}`);
    const flip = async (times) => {
      await page.getByRole('tab', { name: words.turn, exact: true }).click();
      for (let at = 0; at < times; at++) await page.getByRole('button', { name: words.flip }).click();
      await page.getByRole('button', { name: words.save, exact: true }).click();
    };
    await flip(1);
    await page.waitForURL(/\/picture\//);
    const notice = page.getByRole('status').filter({ hasText: words.lost });
    await notice.waitFor();
    await page.getByRole('heading', { level: 1, name }).waitFor();
    await screenshot(page, `notice-${colorScheme}`);
    assert.deepEqual(await axe(page), []);
    await page.goBack();
    await notice.waitFor();
    await page.getByRole('button', { name: words.dismiss }).click();
    await notice.waitFor({ state: 'detached' });
    await flip(2);
    await page.waitForURL(/\/picture\//);
    await page.getByRole('status').filter({ hasText: words.none }).waitFor();
    assert.equal((await versions(drive, name)).length, 2);
  }
});
