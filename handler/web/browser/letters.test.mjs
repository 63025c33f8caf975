import assert from 'node:assert/strict';
import { test } from 'node:test';
import { axe, content, editing, open, photos, site, stack, toGallery, versions } from './kit.mjs';

// The letters that cannot be drawn are 🎉, 你 and م. The others are there, or are composed, or nobody sees them.
const mixed = 'Gru\u0308ße\u00a0– Ελλάδα, Москва\u200d 🎉\ufe0f 你你 م';
const says = /can’t be drawn: 🎉 你 م$/;

test('the editor names the letters that cannot be drawn while somebody types, and none is saved as a box', async () => {
  const { page, drive, name, photo } = await editing('Dolmen');
  await page.getByRole('tab', { name: 'Text' }).click();
  await page.getByRole('button', { name: 'Add text' }).click();
  const field = page.getByRole('textbox', { name: 'Text', exact: true });
  const warning = page.getByRole('alert').filter({ hasText: 'can’t be drawn' });
  await field.fill('');
  await field.pressSequentially('Fête 🎉');
  await warning.filter({ hasText: /drawn: 🎉$/ }).waitFor();
  await field.press('Backspace');
  await warning.waitFor({ state: 'detached' });
  await field.fill(mixed);
  await warning.filter({ hasText: says }).waitFor();
  assert.deepEqual(await axe(page), []);
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await page.getByText('The font has no such letters: 🎉 你 م').waitFor();
  assert.ok((await content(drive, name)).equals(photo.content), 'nothing was saved');
  await field.fill('Fe\u0302te');
  await warning.waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await page.waitForURL(/\/picture\//);
  assert.equal((await versions(drive, name)).length, 2);
});

test('so does a bulk edit, which is refused', async () => {
  const { drive } = await site('Menhir', 1);
  const page = await open(stack.adele);
  await toGallery(page, 'Menhir');
  await page.getByRole('button', { name: 'Edit all' }).click();
  await page.getByRole('button', { name: 'Add a step' }).click();
  await page.getByRole('menuitem', { name: 'Text', exact: true }).click();
  const field = page.getByRole('textbox', { name: 'Text', exact: true });
  await field.fill(`© {creator} ${mixed}`);
  await page.getByText(says).waitFor();
  await page.getByRole('button', { name: 'Start' }).click();
  await page.getByText('The font has no such letters: 🎉 你 م').first().waitFor();
  await field.fill('© {creator} Fête {year}');
  await page.getByText(says).waitFor({ state: 'detached' });
  const [{ name }] = await photos(1);
  assert.equal((await versions(drive, `Summer fair/${name}`)).length, 1);
  await page.getByRole('button', { name: 'Start' }).click();
  await page.getByRole('heading', { name: 'Bulk edit' }).waitFor();
  await page.locator('#main').getByText('done', { exact: true }).waitFor();
  assert.equal((await versions(drive, `Summer fair/${name}`)).length, 2);
});
