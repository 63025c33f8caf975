// Unsaved work is asked for on every way out.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { becomes, editing, itemOf, open, photos, screenshot, site, stack, toGallery, until, versions } from './kit.mjs';

const dialog = (page) => page.getByRole('alertdialog', { name: 'Save your changes?' });
const answer = async (page, name) => {
  await dialog(page).getByRole('button', { name, exact: true }).click();
  await dialog(page).waitFor({ state: 'detached' });
};
const canUndo = (page) =>
  until('there is something to undo', () => page.getByRole('button', { name: 'Undo', exact: true }).isEnabled());
const flip = async (page) => {
  await page.getByRole('tab', { name: 'Turn' }).click();
  await page.getByRole('button', { name: 'Flip sideways' }).click();
  await canUndo(page);
};

/** An edited picture with a page before it in the history. */
async function edited(name) {
  const made = await editing(name);
  const { page } = made;
  const place = new URL(page.url()).pathname;
  await page.getByRole('tab', { name: 'Presets' }).click(); // nothing was done yet, and nothing is asked
  await page.getByRole('heading', { name: 'Presets' }).waitFor();
  await page.goBack();
  await page.getByRole('button', { name: 'Crop to the frame' }).waitFor();
  await page.getByText('Opening the picture').waitFor({ state: 'detached' });
  await flip(page);
  return { ...made, place };
}

const ways = {
  'a link': { go: (page) => page.getByRole('tab', { name: 'Bulk edits' }).click(), to: /\/jobs$/ },
  'the account’s menu': {
    go: async (page) => {
      await page.getByRole('button', { name: /^Account of/ }).click();
      await page.getByRole('menuitem', { name: 'Privacy' }).click();
    },
    to: /\/privacy$/,
  },
  Forward: { go: (page) => page.evaluate(() => history.forward()), to: /\/presets$/ },
  Close: { go: (page) => page.getByRole('button', { name: 'Close the editor' }).click(), to: /\/picture\// },
};
for (const [way, { go, to }] of Object.entries(ways)) {
  test(`edits are asked for before ${way}`, async () => {
    const { page, drive, name, place } = await edited(`Ways ${way}`);
    await go(page);
    await dialog(page).waitFor();
    if (way === 'a link') await screenshot(page, 'unsaved-light');
    await becomes(() => new URL(page.url()).pathname, place, 'the address is that of the page');
    await answer(page, 'Cancel');
    assert.ok(await page.getByRole('button', { name: 'Undo', exact: true }).isEnabled(), 'the edit is still there');
    await go(page);
    await dialog(page).waitFor();
    await answer(page, 'Discard');
    await page.waitForURL(to);
    assert.equal((await versions(drive, name)).length, 1);
  });
}

test('Save in the dialog saves, and then goes where it was to go', async () => {
  const { page, drive, name } = await edited('Ways saved');
  await page.getByRole('tab', { name: 'Bulk edits' }).click();
  await answer(page, 'Save');
  await page.waitForURL(/\/jobs$/);
  assert.equal((await versions(drive, name)).length, 2);
});

test('Save in the dialog that fails stays', async () => {
  const { page, drive, name, place } = await edited('Ways failed');
  await page.route('**/edits', (route) =>
    route.fulfill({
      status: 423,
      contentType: 'application/problem+json',
      body: JSON.stringify({
        type: 'urn:image-pro:problem:locked',
        title: 'Locked',
        detail: 'Somebody has it open.',
        status: 423,
      }),
    }),
  );
  await page.getByRole('tab', { name: 'Bulk edits' }).click();
  await answer(page, 'Save');
  await page.getByRole('alert').getByText('Somebody has it open.').waitFor();
  assert.equal(new URL(page.url()).pathname, place);
  assert.equal((await versions(drive, name)).length, 1);
  assert.ok(await page.getByRole('button', { name: 'Undo', exact: true }).isEnabled());
});

test('Back and Forward, pressed again and again, lead nowhere until the answer', async () => {
  await site('Ways back', 1);
  const page = await open(stack.adele);
  await toGallery(page, 'Ways back');
  await page.getByRole('option').first().click();
  await page.getByRole('button', { name: 'Edit', exact: true }).click();
  await page.getByRole('button', { name: 'Crop to the frame' }).waitFor();
  await page.getByText('Opening the picture').waitFor({ state: 'detached' });
  const place = new URL(page.url()).pathname;
  await page.getByRole('tab', { name: 'Schedules' }).click();
  await page.waitForURL(/\/schedules$/);
  await page.goBack();
  await page.getByRole('button', { name: 'Crop to the frame' }).waitFor();
  await page.getByText('Opening the picture').waitFor({ state: 'detached' });
  await flip(page);
  for (const by of [-1, -1, 1, 1, -2]) {
    await page.evaluate((steps) => history.go(steps), by);
    await dialog(page).waitFor();
    await until('the address is back', async () => new URL(page.url()).pathname === place);
  }
  await answer(page, 'Cancel');
  assert.ok(await page.getByRole('button', { name: 'Undo', exact: true }).isEnabled(), 'the edit is still there');
  await page.evaluate(() => history.back());
  await answer(page, 'Discard');
  await page.waitForURL(/\/library\//);
  await page.getByRole('button', { name: 'Summer fair' }).waitFor();
});

test('reloading and closing the window are asked for by the browser', async () => {
  const { page } = await edited('Ways closed');
  const asked = [];
  page.on('dialog', (one) => {
    asked.push(one.type());
    void one.accept();
  });
  await page.reload();
  await page.getByRole('button', { name: 'Crop to the frame' }).waitFor();
  assert.deepEqual(asked, ['beforeunload']);
  await page.getByText('Opening the picture').waitFor({ state: 'detached' });
  await page.reload(); // nothing was done
  await page.getByRole('button', { name: 'Crop to the frame' }).waitFor();
  await page.getByText('Opening the picture').waitFor({ state: 'detached' });
  await page.getByRole('button', { name: '1:1' }).click(); // a frame is work as well
  await canUndo(page);
  await page.close({ runBeforeUnload: true });
  await until('the browser asks', async () => asked.length === 2);
});

test('descriptions are asked for, whatever comes between', async () => {
  const { drive } = await site('Ways said', 3);
  const page = await open(stack.adele);
  await toGallery(page, 'Ways said');
  const options = page.getByRole('option');
  const alt = page.getByRole('textbox', { name: 'Alternative text' });
  const details = page.getByRole('complementary', { name: 'Details' });
  const describe = async (at, text) => {
    await options.nth(at).click();
    await page.getByRole('tab', { name: 'Description' }).click();
    await alt.fill(text);
  };
  await describe(0, 'Flags above the square');
  await page.getByRole('tab', { name: 'Versions' }).click(); // nothing is lost by looking elsewhere
  await page.getByRole('tab', { name: 'Description' }).click();
  await becomes(() => alt.inputValue(), 'Flags above the square', 'it is still written');
  await options.nth(1).click();
  await answer(page, 'Cancel');
  await becomes(() => alt.inputValue(), 'Flags above the square', 'it is still written');
  await details.getByRole('button', { name: 'Close the details' }).click();
  await answer(page, 'Cancel');
  await alt.press('Escape');
  await answer(page, 'Cancel');
  await page.getByRole('tab', { name: 'Presets' }).click();
  await answer(page, 'Cancel');
  await page.evaluate(() => history.back());
  await answer(page, 'Cancel');
  await becomes(() => alt.inputValue(), 'Flags above the square', 'it is still written');
  const patched = page.waitForResponse((response) => response.request().method() === 'PATCH');
  await options.nth(1).click();
  await answer(page, 'Save');
  assert.equal((await patched).status(), 200);
  const names = (await photos(3)).map(({ name }) => name);
  await details.getByRole('heading', { name: names[1] }).waitFor();
  await options.nth(0).click(); // saved: nothing is asked
  await page.getByRole('tab', { name: 'Description' }).click();
  await until('it was saved', async () => (await alt.inputValue()) === 'Flags above the square');
  await alt.fill('Something else');
  await page.getByRole('tab', { name: 'Bulk edits' }).click();
  await answer(page, 'Discard');
  await page.waitForURL(/\/jobs$/);
  await page.goto(
    `${stack.tab}/picture/${encodeURIComponent(drive)}/${(await itemOf(drive, `Summer fair/${names[0]}`)).id}`,
  );
  await page.getByRole('tab', { name: 'Description' }).click();
  await until('what was discarded was not saved', async () => (await alt.inputValue()) === 'Flags above the square');
});

test('a preset that is being changed is asked for', async () => {
  const page = await open(stack.adele, '/presets');
  await page.getByRole('button', { name: 'Add a preset' }).click();
  await page.getByRole('button', { name: 'Add a step' }).click();
  await page.getByRole('menuitem', { name: 'Sharpen', exact: true }).click();
  await page.getByRole('tab', { name: 'Help' }).click();
  await answer(page, 'Cancel');
  await page.getByRole('list', { name: 'Steps' }).getByText('Sharpen').waitFor();
  await page.getByRole('tab', { name: 'Help' }).click();
  await answer(page, 'Discard');
  await page.waitForURL(/\/help$/);
});
