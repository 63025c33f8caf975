import assert from 'node:assert/strict';
import { test } from 'node:test';
import { content, manage, open, photos, put, site, sizeOf, stack, toGallery, until, versions } from './kit.mjs';

const step = async (page, name) => {
  await page.getByRole('button', { name: 'Add a step' }).click();
  await page.getByRole('menuitem', { name, exact: true }).click();
};
const ended = (page) => page.locator('#main').getByText('done', { exact: true }).waitFor({ timeout: 60_000 });

test('a bulk edit from the selection to its undoing', async () => {
  const { drive } = await site('Terraces', 8);
  const all = (await photos(8)).map(({ name }) => `Summer fair/${name}`);
  const page = await open(stack.adele);
  await toGallery(page, 'Terraces');
  await page.getByRole('option').first().focus();
  for (let at = 0; at < 3; at++) {
    await page.keyboard.press('Space');
    await page.keyboard.press('ArrowRight');
  }
  await page.getByRole('toolbar', { name: 'Selection' }).getByRole('button', { name: 'Edit', exact: true }).click();
  await step(page, 'Resize');
  for (const side of ['Width', 'Height']) {
    await page.getByRole('spinbutton', { name: side }).fill('100');
    await page.keyboard.press('Tab');
  }
  await until(
    'three previews are shown',
    async () => (await page.getByRole('img', { name: /, after$/ }).count()) === 3,
  );

  await page.getByRole('button', { name: 'Try without saving' }).click();
  await page.getByRole('heading', { name: 'Trial' }).waitFor();
  await ended(page);
  await page.getByRole('heading', { name: 'Before and after' }).waitFor();
  assert.equal((await Promise.all(all.map((name) => versions(drive, name)))).flat().length, 8, 'a trial saves nothing');

  await page.goBack();
  await page.getByRole('button', { name: 'Start' }).click();
  await page.getByRole('heading', { name: 'Bulk edit' }).waitFor();
  await ended(page);
  const counts = await Promise.all(all.map(async (name) => (await versions(drive, name)).length));
  assert.equal(counts.filter((count) => count === 2).length, 3);
  assert.equal(counts.filter((count) => count === 1).length, 5);
  const edited = all[counts.indexOf(2)];
  assert.equal(Math.max(...Object.values(sizeOf(await content(drive, edited)))), 100);

  await page.getByRole('button', { name: 'Undo' }).click();
  await page.getByRole('heading', { name: 'Undo' }).waitFor();
  await ended(page);
  assert.ok((await content(drive, edited)).equals(await content(drive, edited, '1.0')), 'the old content is back');
  assert.equal((await versions(drive, edited)).length, 3);
  assert.deepEqual(page.problems, []);
});

test('a whole folder as copies, and what could not be done', async () => {
  const { drive } = await site('Vineyard', 3);
  await put(drive, 'Summer fair/broken.jpg', Buffer.from('no picture'));
  const page = await open(stack.adele);
  await toGallery(page, 'Vineyard');
  await page.getByRole('button', { name: 'Edit all' }).click();
  await step(page, 'Filter');
  await page.getByRole('textbox', { name: 'Only names like' }).fill('*.jpg');
  await page.getByRole('radio', { name: 'As a copy' }).click();
  await page.getByRole('textbox', { name: 'Name of the copies' }).fill('{name}-grey');
  await page.getByRole('button', { name: 'Start' }).click();
  await ended(page);
  const copies = (await photos(3)).map(({ name }) => ({
    name,
    copy: `Summer fair/${name.replace(/(\.[^.]+)$/, '-grey$1')}`,
  }));
  assert.ok(
    copies.some(({ name }) => /\.jpg$/i.test(name)) && copies.some(({ name }) => !/\.jpg$/i.test(name)),
    'there are some of both kinds',
  );
  for (const { name, copy } of copies) {
    const made = await content(drive, copy).then(
      () => true,
      () => false,
    );
    assert.equal(made, /\.jpg$/i.test(name), `${copy} is there`);
  }
  await page.getByRole('combobox', { name: 'Show' }).selectOption({ label: 'Skipped' });
  await until('only what was skipped is listed', async () => (await page.getByRole('row').count()) === 2);
  await page.getByRole('cell', { name: 'broken.jpg' }).waitFor();
});

test('one that is at work can be paused, resumed and cancelled', async () => {
  const { drive } = await site('Shipyard', 12);
  // Each save takes a while, so that there is time to press buttons.
  await manage('/trouble/rules', {
    method: 'POST',
    body: { service: 'graph', method: 'PUT', path: drive.slice(2), action: 'delay', delayMs: 3000, times: 1000 },
  });
  const page = await open(stack.adele);
  await toGallery(page, 'Shipyard');
  await page.getByRole('button', { name: 'Edit all' }).click();
  await step(page, 'Blur');
  await page.getByRole('button', { name: 'Start' }).click();
  await page.locator('#main').getByText('at work', { exact: true }).waitFor();
  await page.getByRole('progressbar', { name: 'Progress' }).waitFor();
  await page.getByRole('button', { name: 'Pause' }).click();
  await page.locator('#main').getByText('paused', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Go on' }).click();
  await page.locator('#main').getByText('at work', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Cancel', exact: true }).click();
  await page.locator('#main').getByText('cancelled', { exact: true }).waitFor();
  const all = (await photos(12)).map(({ name }) => `Summer fair/${name}`);
  let counts;
  await until('what was on its way is saved', async () => {
    const [rule] = (await manage('/trouble/rules')).filter(({ path }) => path === drive.slice(2));
    counts = await Promise.all(all.map(async (name) => (await versions(drive, name)).length));
    return counts.filter((count) => count > 1).length === rule.struck;
  });
  assert.ok(counts.includes(1), `some pictures were not edited any more: ${counts}`);
});

test('a preset is saved, used and removed; a schedule is planned, paused and removed', async () => {
  await site('Foundry', 2);
  const page = await open(stack.adele);
  await toGallery(page, 'Foundry');
  await page.getByRole('button', { name: 'Edit all' }).click();
  await step(page, 'Sharpen');
  const name = `Crisp ${Date.now()}`;
  await page.getByRole('button', { name: 'Save as a preset' }).click();
  await page.getByRole('dialog').getByRole('textbox', { name: 'Name' }).fill(name);
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
  await page.getByRole('dialog').waitFor({ state: 'detached' });

  await page.getByRole('button', { name: 'Schedule', exact: true }).click();
  await page.getByRole('dialog').getByRole('textbox', { name: 'Name' }).fill('Every week');
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
  await page.getByRole('heading', { name: 'Schedules' }).waitFor();
  await page.getByText(/^Next /).waitFor();
  let goOn;
  const held = new Promise((done) => (goOn = done));
  await page.route('**/api/schedules/*', async (route) => {
    if (route.request().method() === 'PUT') await held;
    await route.continue();
  });
  await page.getByRole('switch', { name: 'Active' }).click();
  await page.getByRole('switch', { name: 'Active', checked: false }).waitFor();
  await page.getByRole('button', { name: 'Remove Every week', disabled: true }).waitFor(); // until it is paused
  goOn();
  await page.getByRole('button', { name: 'Remove Every week' }).click();
  await page.getByText('Every week').waitFor({ state: 'detached' });

  await page.getByRole('tab', { name: 'Presets' }).click();
  await page.getByText(name).waitFor();
  await page.getByRole('button', { name: `Remove ${name}` }).click();
  await page.getByText(name).waitFor({ state: 'detached' });
});
