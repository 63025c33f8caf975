import { axe, itemOf, open, photos, screenshot, settled, site, stack, until } from './kit.mjs';

const pages = {
  home: { path: '/', ready: 'h1' },
  jobs: { path: '/jobs', ready: 'h1' },
  schedules: { path: '/schedules', ready: 'h1' },
  presets: { path: '/presets', ready: 'h1' },
  help: { path: '/help', ready: 'h1' },
  privacy: { path: '/privacy', ready: 'h3' },
  configuration: { path: '/config', ready: '[role=radio], input[type=radio]' },
  bulk: { path: '/bulk', ready: 'h1' },
};

/** Opens every page in a theme, keeps a picture of each, and returns what axe finds wrong. */
export async function lookAtAll(colorScheme) {
  const { drive } = await site(`Arboretum ${colorScheme}`, 6);
  const [photo] = await photos(1);
  const item = await itemOf(drive, `Summer fair/${photo.name}`);
  const place = `${encodeURIComponent(drive)}/${item.id ?? item.ID}`;
  const found = [];
  const look = async (page, name) => {
    await screenshot(page, `${name}-${colorScheme}`);
    found.push(...(await axe(page)).map((problem) => `${name}, ${colorScheme}: ${problem}`));
  };
  for (const [name, { path, ready }] of Object.entries(pages)) {
    const page = await open(stack.adele, path, { colorScheme });
    await page.locator(ready).first().waitFor();
    await settled(page);
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
  await page
    .getByRole('img', { name: /, after$/ })
    .first()
    .waitFor();
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
  await page
    .getByRole('img', { name: /, after$/ })
    .first()
    .waitFor();
  await look(page, 'job');
  await page.goto(`${stack.tab}/edit/${place}`);
  await page.getByRole('button', { name: 'Crop to the frame' }).waitFor();
  await page.getByText('Opening the picture').waitFor({ state: 'detached' });
  await look(page, 'editor');
  await page.getByRole('tab', { name: 'Light and colour' }).click();
  await page.getByRole('slider', { name: 'Saturation' }).fill('40');
  await look(page, 'editor-light-and-colour');
  await page.getByRole('tab', { name: 'Draw' }).click();
  await page.getByRole('button', { name: 'Circle' }).click();
  await page.getByRole('button', { name: 'Remove what is chosen' }).waitFor();
  await look(page, 'editor-draw');
  await page.getByRole('tab', { name: 'Text', exact: true }).click();
  await page.getByRole('button', { name: 'Add text' }).click();
  await page.getByRole('textbox', { name: 'Text', exact: true }).fill('Low tide');
  await look(page, 'editor-text');
  await page.getByRole('tab', { name: 'Presets' }).click();
  await page.getByRole('alertdialog').waitFor();
  await look(page, 'unsaved');
  await page.getByRole('alertdialog').getByRole('button', { name: 'Discard' }).click();
  await page.getByRole('heading', { name: 'Presets' }).waitFor();
  await page.goto(`${stack.tab}/bulk/nobody`);
  await page.getByText('This draft is no longer available.', { exact: false }).waitFor();
  await look(page, 'draft-gone');
  await page.context().close();
  return found;
}
