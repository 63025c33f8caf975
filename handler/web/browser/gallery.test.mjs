import assert from 'node:assert/strict';
import { test } from 'node:test';
import { axe, becomes, content, itemOf, open, photos, put, site, stack, toGallery, until, versions } from './kit.mjs';

/** The names of the pictures that are shown, in their order. */
const labels = (page) =>
  page.locator('[role=option]').evaluateAll((all) => all.map((one) => one.getAttribute('aria-label')));

test('a person finds a library, looks at its pictures and moves among them by keyboard', async () => {
  await site('Harbour', 12);
  const page = await open(stack.adele);
  await toGallery(page, 'Harbour');
  const options = page.getByRole('option');
  await becomes(() => options.count(), 12, 'all pictures are there');
  await until(
    'all thumbnails are shown',
    async () =>
      (await page
        .locator('[role=option] img')
        .evaluateAll((all) => all.filter((one) => one.complete && one.naturalWidth > 0).length)) === 12,
  );

  await options.first().focus();
  await page.keyboard.press('Space');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Space');
  await page.getByText('2 pictures selected').first().waitFor();
  await page.keyboard.press('End');
  await becomes(
    () => page.evaluate(() => document.activeElement.getAttribute('aria-posinset')),
    '12',
    'the last one has the focus',
  );
  await page.keyboard.press('Control+a');
  await page.getByText('12 pictures selected').first().waitFor();
  await page.keyboard.press('Escape');
  await page.getByText('12 pictures selected').first().waitFor({ state: 'detached' });

  await page.keyboard.press('Enter');
  const details = page.getByRole('complementary', { name: 'Details' });
  await details.getByText('Pixels').waitFor();
  await page.keyboard.press('Escape');
  await details.waitFor({ state: 'detached' });
  await becomes(() => page.evaluate(() => document.activeElement.getAttribute('role')), 'option', 'the focus is back');
  assert.deepEqual(page.problems, []);
});

test('pictures can be found by name and sorted', async () => {
  await site('Quarry', 6);
  const page = await open(stack.adele);
  await toGallery(page, 'Quarry');
  const names = () => labels(page);
  await until('all are there', async () => (await names()).length === 6);
  const before = await names();
  await page.getByRole('button', { name: 'Sort by' }).click();
  await page.getByRole('menuitemradio', { name: 'Name, descending' }).click();
  await until('the order is turned', async () => (await names()).join() === before.toReversed().join());
  await page.getByRole('searchbox', { name: 'Find by name' }).fill(before[0].slice(0, 6));
  await until('only what fits is there', async () => {
    const now = await names();
    return (
      now.length > 0 &&
      now.length < before.length &&
      now.every((name) => name.toLowerCase().includes(before[0].slice(0, 6).toLowerCase()))
    );
  });
  await page.getByRole('searchbox', { name: 'Find by name' }).fill('there is nothing like this');
  await page.getByText('No picture has such a name.').waitFor();
});

const sortBy = async (page, name) => {
  await page.getByRole('button', { name: 'Sort by' }).click();
  await page.getByRole('menuitemradio', { name, exact: true }).click();
};
const isSortedBy = async (page, name) => {
  await page.getByRole('button', { name: 'Sort by' }).click();
  await page.getByRole('menuitemradio', { name, exact: true, checked: true }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('menuitemradio').first().waitFor({ state: 'detached' });
};

test('pictures are sorted by more than names once all are listed, and until then it is said how they are', async () => {
  await site('Dune', 7);
  const made = await photos(7);
  const byName = made.map(({ name }) => name);
  const bySize = made.toSorted((a, b) => b.content.length - a.content.length).map(({ name }) => name);
  const page = await open(stack.adele);
  const asked = [];
  let rest = Promise.resolve();
  await page.route('**/api/drives/*/items?*', async (route) => {
    const url = new URL(route.request().url());
    if (url.searchParams.has('thumbnails')) asked.push(url.searchParams.get('sort'));
    if (url.searchParams.has('cursor')) await rest;
    url.searchParams.set('limit', '3');
    await route.continue({ url: url.href });
  });
  await toGallery(page, 'Dune');
  await until('all are listed by name', async () => (await labels(page)).join() === byName.join());
  await sortBy(page, 'Size, descending');
  await until('they are sorted by size', async () => (await labels(page)).join() === bySize.join());
  await isSortedBy(page, 'Size, descending');

  let goOn;
  rest = new Promise((done) => (goOn = done));
  await page.reload();
  await page.getByRole('button', { name: 'Summer fair' }).click();
  await page.getByRole('option').first().waitFor();
  await sortBy(page, 'Size, descending');
  await page.getByText('By name until all pictures are listed.').waitFor();
  await until('the first three are there', async () => (await labels(page)).join() === byName.slice(0, 3).join());
  await isSortedBy(page, 'Name, ascending');
  assert.deepEqual(await axe(page), []);
  goOn();
  await until('they are sorted by size', async () => (await labels(page)).join() === bySize.join());
  await page.getByText('By name until all pictures are listed.').waitFor({ state: 'detached' });
  await isSortedBy(page, 'Size, descending');
  await sortBy(page, 'Changed, ascending');
  await isSortedBy(page, 'Changed, ascending');
  assert.deepEqual(
    asked.filter((by) => by !== 'name'),
    [],
    'the API is asked for what SharePoint sorts by',
  );
});

test('a folder with too many pictures to be listed whole says that it is sorted by name', async () => {
  const { drive } = await site('Desert', 1);
  const page = await open(stack.adele);
  await page.route('**/api/drives/*/items?*', (route) => {
    if (
      !new URL(route.request().url()).pathname.includes(encodeURIComponent(drive)) ||
      /folder=root/.test(route.request().url())
    )
      return route.continue();
    const items = Array.from({ length: 10_000 }, (_, at) => ({
      driveId: drive,
      itemId: `01${at}`,
      name: `${String(at).padStart(5, '0')}.jpg`,
      mimeType: 'image/jpeg',
      size: 10_000 - at,
      modifiedAt: '2026-01-01T00:00:00Z',
    }));
    return route.fulfill({ json: { items, sort: 'name', next: 'more' } });
  });
  await toGallery(page, 'Desert');
  assert.equal(await page.getByText(/^By name/).count(), 0);
  await sortBy(page, 'Size, ascending');
  await page.getByText('By name, since there are too many pictures for another order.').waitFor();
  assert.equal((await labels(page))[0], '00000.jpg');
  await isSortedBy(page, 'Name, ascending');
  await sortBy(page, 'Name, ascending');
  await page.getByText(/^By name/).waitFor({ state: 'detached' });
});

test('every layout shows all pictures', async () => {
  await site('Orchard', 6);
  const page = await open(stack.adele);
  await toGallery(page, 'Orchard');
  const layout = async (name) => {
    await page.getByRole('button', { name: 'Layout' }).click();
    await page.getByRole('menuitemradio', { name }).click();
  };
  for (const name of ['List', 'In their own shapes', 'Grid']) {
    await layout(name);
    await until(`${name} has six`, async () => (await page.getByRole('option').count()) === 6);
  }
  await layout('One at a time');
  await page.getByText('1 of 6').waitFor();
  await page.getByRole('button', { name: 'Previous' }).click();
  await page.getByText('6 of 6').waitFor();
});

test('what is said of a picture is kept, and an old version comes back', async () => {
  const { drive } = await site('Mill', 1, '');
  const [first, second] = await photos(2);
  const item = await itemOf(drive, first.name);
  const id = item.id ?? item.ID;
  await put(drive, first.name, second.content);
  const page = await open(stack.adele, `/picture/${encodeURIComponent(drive)}/${id}`);
  await page.getByRole('tab', { name: 'Description' }).click();
  await page.getByRole('textbox', { name: 'Alternative text' }).fill('A wheel turns in the brook');
  await page.getByRole('textbox', { name: 'Tags' }).fill('mill, water');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await page.getByText('The description was saved.').waitFor({ state: 'attached' });
  await page.reload();
  await page.getByRole('tab', { name: 'Description' }).click();
  await becomes(
    () => page.getByRole('textbox', { name: 'Alternative text' }).inputValue(),
    'A wheel turns in the brook',
    'the text is kept',
  );
  await becomes(() => page.getByRole('textbox', { name: 'Tags' }).inputValue(), 'mill, water', 'the tags are kept');

  await page.getByRole('tab', { name: 'Versions' }).click();
  await page.getByRole('button', { name: 'Restore version 1.0' }).click();
  await page.getByText('The version was restored.').waitFor({ state: 'attached' });
  assert.equal((await versions(drive, first.name)).length, 3);
  assert.ok((await content(drive, first.name)).equals(first.content));
});
