import assert from 'node:assert/strict';
import { test } from 'node:test';
import { axe, itemOf, open, photos, screenshot, site, stack, toGallery, until } from './kit.mjs';
import { scriptBytes, sdkBytes } from './stack.mjs';

const pages = {
  home: { path: '/', ready: 'h1' }, jobs: { path: '/jobs', ready: 'h1' }, schedules: { path: '/schedules', ready: 'h1' }, presets: { path: '/presets', ready: 'h1' },
  help: { path: '/help', ready: 'h1' }, privacy: { path: '/privacy', ready: 'h3' }, configuration: { path: '/config', ready: '[role=radio], input[type=radio]' }, bulk: { path: '/bulk', ready: 'h1' },
};

test('axe finds nothing on any page, in any theme', async () => {
  const { drive } = await site('Arboretum', 6);
  const [photo] = await photos(1);
  const item = await itemOf(drive, `Summer fair/${photo.name}`);
  const place = `${encodeURIComponent(drive)}/${item.id ?? item.ID}`;
  const found = [];
  for (const colorScheme of ['light', 'dark']) {
    const look = async (page, name) => {
      await screenshot(page, `${name}-${colorScheme}`);
      found.push(...(await axe(page)).map((problem) => `${name}, ${colorScheme}: ${problem}`));
    };
    for (const [name, { path, ready }] of Object.entries(pages)) {
      const page = await open(stack.adele, path, { colorScheme });
      await page.locator(ready).first().waitFor();
      await page.waitForLoadState('networkidle');
      await look(page, name);
      await page.context().close();
    }
    const page = await open(stack.adele, `/library/${encodeURIComponent(drive)}/root`, { colorScheme });
    await page.getByRole('button', { name: 'Summer fair' }).click();
    await page.getByRole('option').first().waitFor();
    await until('the thumbnails are there', async () => (await page.locator('[data-waiting]').count()) === 0);
    await page.getByRole('option').nth(1).click();
    await page.getByText('Pixels').waitFor();
    await look(page, 'gallery');
    await page.getByRole('tab', { name: 'Description' }).click();
    await page.getByRole('textbox', { name: 'Alternative text' }).waitFor();
    await look(page, 'description');
    await page.getByRole('tab', { name: 'Versions' }).click();
    await page.getByText('1.0').first().waitFor();
    await look(page, 'versions');
    await page.getByRole('button', { name: 'Edit all' }).click();
    await page.getByRole('button', { name: 'Add a step' }).click();
    await page.getByRole('menuitem', { name: 'Light and colour' }).click();
    await page.getByRole('img', { name: /, after$/ }).first().waitFor();
    await look(page, 'recipe');
    await page.getByRole('slider', { name: 'Contrast' }).fill('20');
    await page.getByRole('button', { name: 'Schedule', exact: true }).click();
    await page.getByRole('dialog').getByRole('combobox', { name: 'Repeat' }).waitFor();
    await look(page, 'schedule');
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Try without saving' }).click();
    await page.locator('#main').getByText('done', { exact: true }).waitFor({ timeout: 60_000 });
    await page.getByRole('row').nth(6).waitFor();
    await page.getByRole('img', { name: /, after$/ }).first().waitFor();
    await look(page, 'job');
    await page.goto(`${stack.tab}/edit/${place}`);
    await page.getByRole('button', { name: 'Crop to the frame' }).waitFor();
    await look(page, 'editor');
    await page.context().close();
  }
  assert.deepEqual(found, []);
});

test('English, French and German, on a phone and on a wide screen', async () => {
  await site('Plaza', 6);
  for (const [locale, title] of [['en-GB', 'Presets'], ['fr-FR', 'Préréglages'], ['de-DE', 'Vorlagen'], ['sv-SE', 'Presets']]) {
    for (const [width, height] of [[360, 740], [1600, 900]]) {
      const page = await open(stack.adele, '/presets', { locale, viewport: { width, height } });
      await page.getByRole('heading', { level: 1, name: title }).waitFor();
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true, `${locale} at ${width} does not scroll sideways`);
      await screenshot(page, `presets-${locale}-${width}`);
      await page.context().close();
    }
  }
  const phone = await open(stack.adele, '/', { viewport: { width: 360, height: 740 }, hasTouch: true });
  await toGallery(phone, 'Plaza');
  await screenshot(phone, 'gallery-phone');
  await phone.getByRole('option').first().click();
  await phone.getByText('Pixels').waitFor();
  await screenshot(phone, 'details-phone');
  assert.equal(await phone.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true);
});

test('nothing is asked of anybody else, and the script is small until the editor is opened', async () => {
  const { drive } = await site('Pier', 2);
  const page = await open(stack.adele, `/library/${encodeURIComponent(drive)}/root`);
  await page.getByRole('button', { name: 'Summer fair' }).click();
  await page.getByRole('option').first().waitFor();
  const before = await scriptBytes(page.requests);
  const teams = before + await sdkBytes(); // which Teams needs, and a browser does not
  assert.ok(teams <= 300_000, `${before} bytes in a browser, ${teams} in Teams`);
  await page.getByRole('option').first().click();
  await page.getByRole('button', { name: 'Edit', exact: true }).click();
  await page.getByRole('button', { name: 'Crop to the frame' }).waitFor();
  assert.ok((await scriptBytes(page.requests)) > before + 100_000, 'the editor came when it was needed');
  const strange = page.requests.filter((url) => !url.startsWith('blob:') && !url.startsWith('data:') && !url.startsWith(new URL(stack.tab).origin) && !url.startsWith(stack.management));
  assert.deepEqual(strange, []);
});
