import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newPage, screenshot, stack } from './kit.mjs';

test('the API can be read and tried on a page of its own', async () => {
  const page = await newPage();
  await page.goto(`${new URL(stack.tab).origin}/api/docs`);
  await page.locator('#operations-health-health').getByRole('button').first().click();
  await page.getByRole('button', { name: 'Try it out' }).click();
  await page.getByRole('button', { name: 'Execute' }).click();
  await page
    .locator('.live-responses-table')
    .getByText(/"status": "ok"/)
    .first()
    .waitFor();
  await screenshot(page, 'docs');
  assert.deepEqual(page.problems, []);
  assert.deepEqual(
    page.requests.filter((url) => !url.startsWith('data:') && !url.startsWith(new URL(stack.tab).origin)),
    [],
  );
});
