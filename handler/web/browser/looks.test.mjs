import assert from 'node:assert/strict';
import { test } from 'node:test';
import { open, screenshot, settled, site, stack, toGallery } from './kit.mjs';
import { scriptBytes, sdkBytes } from './stack.mjs';

test('English, French and German, on a phone and on a wide screen', async () => {
  await site('Plaza', 6);
  for (const [locale, title] of [
    ['en-GB', 'Presets'],
    ['fr-FR', 'Préréglages'],
    ['de-DE', 'Vorlagen'],
    ['sv-SE', 'Presets'],
  ]) {
    for (const [width, height] of [
      [360, 740],
      [1600, 900],
    ]) {
      const page = await open(stack.adele, '/presets', { locale, viewport: { width, height } });
      await page.getByRole('heading', { level: 1, name: title }).waitFor();
      await settled(page);
      assert.equal(
        await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth),
        true,
        `${locale} at ${width} does not scroll sideways`,
      );
      await screenshot(page, `presets-${locale}-${width}`);
      await page.context().close();
    }
  }
  for (const locale of ['de-DE', 'fr-FR']) {
    for (const path of ['/', '/jobs', '/schedules', '/help', '/privacy', '/config']) {
      const page = await open(stack.adele, path, { locale, viewport: { width: 360, height: 740 } });
      await page.getByRole('heading', { level: 1 }).waitFor();
      await settled(page);
      assert.equal(
        await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth),
        true,
        `${path} in ${locale} does not scroll sideways on a phone`,
      );
      await page.context().close();
    }
  }
  const phone = await open(stack.adele, '/', { viewport: { width: 360, height: 740 }, hasTouch: true });
  await toGallery(phone, 'Plaza');
  await screenshot(phone, 'gallery-phone');
  await phone.getByRole('option').first().click();
  await phone.getByText('Pixels').waitFor();
  await settled(phone);
  await screenshot(phone, 'details-phone');
  assert.equal(await phone.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true);
});

test('nothing is asked of anybody else, and the script is small until the editor is opened', async () => {
  const { drive } = await site('Pier', 2);
  const page = await open(stack.adele, `/library/${encodeURIComponent(drive)}/root`);
  await page.getByRole('button', { name: 'Summer fair' }).click();
  await page.getByRole('option').first().waitFor();
  await settled(page);
  const before = await scriptBytes(page.requests);
  const teams = before + (await sdkBytes()); // which Teams needs, and a browser does not
  assert.ok(teams <= 300_000, `${before} bytes in a browser, ${teams} in Teams`);
  await page.getByRole('option').first().click();
  await page.getByRole('button', { name: 'Edit', exact: true }).click();
  await page.getByRole('button', { name: 'Crop to the frame' }).waitFor();
  await page.getByText('Opening the picture').waitFor({ state: 'detached' });
  await settled(page);
  assert.ok((await scriptBytes(page.requests)) > before + 100_000, 'the editor came when it was needed');
  const strange = page.requests.filter(
    (url) =>
      !url.startsWith('blob:') &&
      !url.startsWith('data:') &&
      !url.startsWith(new URL(stack.tab).origin) &&
      !url.startsWith(stack.management),
  );
  assert.deepEqual(strange, []);
});
