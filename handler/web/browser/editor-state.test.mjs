// What the editor shows is what is applied, and what is saved.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { becomes, content, drawn, editing, screenshot, sizeOf, until } from './kit.mjs';

const panel = (page, name) => page.getByRole('tab', { name, exact: true }).click();
const press = (page, name) => page.getByRole('button', { name, exact: true }).click();
const canvas = (page) => page.getByRole('application');
const size = (page) =>
  page.evaluate(() => {
    const { width, height } = document.querySelector('canvas.lower-canvas');
    return { width, height };
  });
/** The colour of a point of the canvas, by its share of width and height: red, green, blue. */
const colorAt = (page, x, y) =>
  page.evaluate(
    ([left, top]) => {
      const shown = document.querySelector('canvas.lower-canvas');
      return [
        ...shown
          .getContext('2d')
          .getImageData(Math.round(left * (shown.width - 1)), Math.round(top * (shown.height - 1)), 1, 1)
          .data.slice(0, 3),
      ];
    },
    [x, y],
  );
/** Moves the pointer over the canvas, by shares of its width and height, with the button down. */
async function drag(page, from, to) {
  const box = await page.locator('canvas.upper-canvas').boundingBox();
  const at = ([x, y]) => [box.x + x * box.width, box.y + y * box.height];
  await page.mouse.move(...at(from));
  await page.mouse.down();
  await page.mouse.move(...at([(from[0] + to[0]) / 2, (from[1] + to[1]) / 2]));
  await page.mouse.move(...at(to));
  await page.mouse.up();
}
/** Saves, and returns the steps that it made. */
async function save(page) {
  const answered = page.waitForResponse('**/recipes/from-editor');
  await press(page, 'Save');
  const { steps } = (await (await answered).json()).recipe;
  await page.waitForURL(/\/picture\//);
  return steps;
}
const ops = (steps) => steps.map(({ op }) => op);
const isRed = ([r, g, b]) => r > 180 && g < 90 && b < 90;
const setInk = async (page, color) => page.getByLabel('Colour').fill(color);

test('a frame that was drawn is applied when the picture is saved', async () => {
  const { page, drive, name } = await editing('Basalt');
  await press(page, '1:1');
  assert.deepEqual(ops(await save(page)), ['crop']);
  const { width, height } = sizeOf(await content(drive, name));
  assert.ok(Math.abs(width - height) <= 2, `${width} × ${height} is no square`);
});

test('a frame that was drawn is applied when another tool is taken, and Undo takes it back', async () => {
  const { page } = await editing('Chalk');
  const whole = await size(page);
  await press(page, '1:1');
  await panel(page, 'Turn');
  await until('the picture is cropped', async () => {
    const { width, height } = await size(page);
    return Math.abs(width - height) <= 1;
  });
  await press(page, 'Undo');
  await until('the crop is undone', async () => (await size(page)).width === whole.width);
  await panel(page, 'Crop');
  await press(page, '1:1');
  await press(page, 'Undo'); // of the frame alone
  await panel(page, 'Turn');
  await press(page, 'Flip sideways');
  assert.deepEqual(await size(page), whole);
  assert.deepEqual(ops(await save(page)), ['flip']);
});

test('nothing is darkened while no crop is pending', async () => {
  const { page } = await editing('Flint');
  const corners = async () =>
    Promise.all(
      [
        [0.1, 0.1],
        [0.9, 0.1],
        [0.1, 0.9],
        [0.9, 0.9],
        [0.3, 0.04],
        [0.04, 0.3],
      ].map(([x, y]) => colorAt(page, x, y)),
    );
  const alike = async (what) => {
    await panel(page, 'Turn');
    await drawn(page);
    const plain = await corners();
    await panel(page, 'Crop');
    await drawn(page);
    assert.deepEqual(await corners(), plain, `${what}: the picture is as bright in the crop tool`);
  };
  const hasRatio = (ratio) =>
    until(`the picture has the ratio ${ratio}`, async () => {
      const { width, height } = await size(page);
      return Math.abs(width - height * ratio) <= 2;
    });
  await alike('at first');
  await press(page, '16:9');
  await press(page, 'Crop to the frame');
  await hasRatio(16 / 9);
  await alike('after a crop');
  await panel(page, 'Turn');
  await press(page, 'Right');
  await hasRatio(9 / 16);
  await alike('after a turn');
  assert.deepEqual(ops(await save(page)), ['crop', 'rotate'], 'and nothing is cropped that was not framed');
});

test('each shape is the one that its button names', async () => {
  const { page } = await editing('Gneiss');
  await panel(page, 'Draw');
  await setInk(page, '#ff0000');
  await page.getByRole('slider', { name: 'Thickness' }).fill('40');
  await press(page, 'Rectangle');
  const { width, height } = await size(page);
  const side = Math.min(width, height) / 3;
  const corner = [0.5 - (side / 2 - 8) / width, 0.5 - (side / 2 - 8) / height]; // on its line, and beside its handles
  await until('the rectangle has its corner', async () => isRed(await colorAt(page, ...corner)));
  await press(page, 'Circle');
  await press(page, 'Triangle');
  const steps = await save(page);
  assert.deepEqual(
    steps.map((one) => one.shape),
    ['rect', 'ellipse', 'triangle'],
  );
  assert.equal(steps[0].radius, undefined, 'its corners are not round');
});

test('panels show what is applied after undo, redo, a crop and another panel', async () => {
  const { page } = await editing('Granite');
  const brightness = page.getByRole('slider', { name: 'Brightness' });
  const sepia = page.getByRole('checkbox', { name: 'Sepia' });
  await panel(page, 'Filters');
  await sepia.click();
  await panel(page, 'Light and colour');
  await brightness.focus();
  for (let at = 0; at < 12; at++) await page.keyboard.press('ArrowRight');
  await becomes(() => brightness.inputValue(), '12', 'it is 12');
  await panel(page, 'Turn');
  await panel(page, 'Light and colour');
  await becomes(() => brightness.inputValue(), '12', 'another panel changes nothing');
  await panel(page, 'Crop');
  await press(page, '1:1');
  await panel(page, 'Light and colour');
  await becomes(() => brightness.inputValue(), '12', 'nor does a crop');
  await panel(page, 'Filters');
  await becomes(() => sepia.isChecked(), true, 'it is ticked');
  await press(page, 'Undo'); // the crop
  for (let at = 0; at < 12; at++) await press(page, 'Undo');
  await panel(page, 'Light and colour');
  await becomes(() => brightness.inputValue(), '0', 'it is 0');
  await panel(page, 'Filters');
  await becomes(() => sepia.isChecked(), true, 'it is ticked');
  await press(page, 'Undo');
  await becomes(() => sepia.isChecked(), false, 'what is undone is not ticked');
  await press(page, 'Redo');
  await becomes(() => sepia.isChecked(), true, 'what is done again is');
  for (let at = 0; at < 12; at++) await press(page, 'Redo');
  await panel(page, 'Light and colour');
  await becomes(() => brightness.inputValue(), '12', 'it is 12');
  const steps = await save(page);
  assert.deepEqual(
    steps.map(({ op, name, brightness }) => [op, name ?? brightness]),
    [
      ['filter', 'sepia'],
      ['adjust', 12],
    ],
  );
});

test('a slider that goes back to the middle can be undone', async () => {
  const { page } = await editing('Jasper');
  await panel(page, 'Light and colour');
  const contrast = page.getByRole('slider', { name: 'Contrast' });
  const box = await contrast.boundingBox();
  const to = async (share) => {
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * share, box.y + box.height / 2, { steps: 4 });
    await page.mouse.up();
  };
  await to(0.8);
  const set = Number(await contrast.inputValue());
  assert.ok(set > 20, `contrast is ${set}`);
  await contrast.focus();
  for (let at = 0; at < set; at++) await page.keyboard.press('ArrowLeft');
  await becomes(() => contrast.inputValue(), '0', 'it is 0');
  await press(page, 'Undo');
  await becomes(() => contrast.inputValue(), '1', 'it is 1');
});

test('a crop that was undone among other things is not saved', async () => {
  const { page, drive, name, before } = await editing('Marble');
  await panel(page, 'Turn');
  await press(page, 'Flip sideways');
  await panel(page, 'Crop');
  await press(page, '1:1');
  await press(page, 'Crop to the frame');
  await press(page, 'Undo');
  await until('the crop is undone', async () => {
    const { width, height } = await size(page);
    return Math.abs(width - height) > 1;
  });
  assert.deepEqual(ops(await save(page)), ['flip']);
  const after = sizeOf(await content(drive, name));
  assert.deepEqual([after.width, after.height].sort(), [before.width, before.height].sort());
});

test('tools are alive after a comparison', async () => {
  const { page } = await editing('Obsidian');
  const compare = async () => {
    await press(page, 'Before and after');
    await page
      .getByRole('dialog')
      .getByRole('img', { name: /, after$/ })
      .waitFor();
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  };
  await compare();
  await press(page, '1:1'); // the crop tool is still in hand
  await compare(); // which shows the picture as it is framed
  await until('the picture is cropped', async () => {
    const { width, height } = await size(page);
    return Math.abs(width - height) <= 1;
  });
  await panel(page, 'Draw');
  await setInk(page, '#ff0000');
  await page.getByRole('slider', { name: 'Thickness' }).fill('60');
  await press(page, 'Freehand');
  await compare();
  await page.getByRole('button', { name: 'Freehand', pressed: true }).waitFor();
  await drag(page, [0.2, 0.5], [0.8, 0.5]);
  await until('what is drawn is there', async () => isRed(await colorAt(page, 0.5, 0.5)));
  await press(page, 'Line');
  await compare();
  await drag(page, [0.2, 0.2], [0.8, 0.2]);
  await until('and so is a line', async () => isRed(await colorAt(page, 0.5, 0.2)));
  assert.deepEqual(ops(await save(page)), ['crop', 'shape', 'shape']);
});

test('a text that is added while a shape is selected can be moved, recoloured, changed and deleted', async () => {
  const { page } = await editing('Quartz');
  await panel(page, 'Draw');
  await press(page, 'Circle');
  await panel(page, 'Text');
  await press(page, 'Add text');
  const field = page.getByRole('textbox', { name: 'Text', exact: true });
  await field.fill('Low tide');
  await setInk(page, '#00ff00');
  await canvas(page).focus();
  for (let at = 0; at < 3; at++) await page.keyboard.press('ArrowRight');
  const answered = page.waitForResponse('**/recipes/from-editor');
  await press(page, 'Before and after');
  const { steps } = (await (await answered).json()).recipe;
  const text = steps.find(({ op }) => op === 'text');
  assert.deepEqual([text.text, text.color], ['Low tide', '#00ff00ff']);
  assert.notEqual(steps.find(({ op }) => op === 'shape').stroke.color, '#00ff00ff', 'the shape keeps its colour');
  await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await becomes(() => field.inputValue(), 'Low tide', 'it is still selected');
  await press(page, 'Remove what is chosen');
  assert.deepEqual(ops(await save(page)), ['shape']);
});

test('colour and thickness are those of what is selected, and change it', async () => {
  const { page } = await editing('Slate');
  await panel(page, 'Draw');
  await setInk(page, '#ff0000');
  await press(page, 'Line');
  await drag(page, [0.2, 0.3], [0.8, 0.3]);
  await press(page, 'Line'); // put away
  await setInk(page, '#0000ff');
  await drag(page, [0.5, 0.3], [0.5, 0.301]); // a click selects
  await becomes(() => page.getByLabel('Colour').inputValue(), '#ff0000', 'the line is red');
  await setInk(page, '#00ff00');
  await page.getByRole('slider', { name: 'Thickness' }).fill('30');
  const { width, height } = await size(page);
  const [line] = await save(page);
  assert.equal(line.stroke.color, '#00ff00ff');
  assert.ok(
    Math.abs(Number.parseFloat(line.stroke.width) - (100 * 30) / Math.min(width, height)) < 0.1,
    `it is ${line.stroke.width} wide`,
  );
});

test('Backspace in a field erases a letter, and not what is selected', async () => {
  const { page } = await editing('Tuff');
  await press(page, '1:1');
  await press(page, 'Save a copy');
  const name = page.getByRole('dialog').getByRole('textbox');
  await name.press('End');
  await name.press('Backspace');
  await becomes(() => name.inputValue(), '{name}-edite', 'it is {name}-edite');
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await panel(page, 'Text');
  await press(page, 'Add text');
  const field = page.getByRole('textbox', { name: 'Text', exact: true });
  await field.press('End');
  await field.press('Backspace');
  await becomes(() => field.inputValue(), 'Tex', 'it is Tex');
  await canvas(page).focus();
  await page.keyboard.press('Control+z');
  await until('the letter is back', async () => (await field.inputValue()) === 'Text');
  await page.keyboard.press('Delete');
  await field.waitFor({ state: 'detached' });
  await page.keyboard.press('Delete'); // nothing is selected
  assert.deepEqual(page.problems, []);
});

test('what is written on the canvas is in the panel, and can be undone', async () => {
  const { page } = await editing('Agate');
  await panel(page, 'Text');
  await press(page, 'Add text');
  const field = page.getByRole('textbox', { name: 'Text', exact: true });
  await canvas(page).focus();
  const box = await page.locator('canvas.upper-canvas').boundingBox();
  const spot = [box.x + box.width / 2, box.y + box.height / 2];
  await page.mouse.dblclick(...spot);
  await page.keyboard.press('Control+a');
  await page.keyboard.type('Ebb');
  await becomes(() => field.inputValue(), 'Ebb', 'it is Ebb');
  await page.mouse.click(box.x + box.width * 0.9, box.y + box.height * 0.9); // beside it
  await press(page, 'Undo');
  const answered = page.waitForResponse('**/recipes/from-editor');
  await press(page, 'Save');
  const { steps } = (await (await answered).json()).recipe;
  assert.deepEqual(
    steps.map(({ text }) => text),
    ['Text'],
  );
});

test('shapes that were undone and done again can be changed', async () => {
  const { page } = await editing('Onyx');
  await panel(page, 'Draw');
  await press(page, 'Rectangle');
  await canvas(page).focus();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('+');
  for (let at = 0; at < 3; at++) await press(page, 'Undo');
  for (let at = 0; at < 3; at++) await press(page, 'Redo');
  await page.getByRole('button', { name: 'Redo', disabled: true }).waitFor();
  const whole = await size(page);
  const [shape] = await save(page);
  assert.ok(shape.x + shape.width / 2 > 0.5, `it was moved to the right: ${shape.x}, ${shape.width}`);
  const larger = (shape.height * whole.height) / (Math.min(whole.width, whole.height) / 3);
  assert.ok(Math.abs(larger - 1.1) < 0.01, `and made larger: ${larger}`);
  assert.deepEqual(page.problems, []);
});

test('a flip and a turn keep texts in the picture, and readable as they are saved', async () => {
  const { page } = await editing('Pumice');
  await panel(page, 'Text');
  await press(page, 'Add text');
  await panel(page, 'Turn');
  await press(page, 'Flip sideways');
  await press(page, 'Right');
  await screenshot(page, 'editor-flipped-text');
  const answered = page.waitForResponse('**/recipes/from-editor');
  await press(page, 'Save');
  const { recipe, notes } = await (await answered).json();
  assert.deepEqual(ops(recipe.steps), ['flip', 'rotate', 'text']);
  assert.deepEqual(
    (notes ?? []).filter(({ message }) => /mirror/.test(message)),
    [],
  );
  const { x, y } = recipe.steps[2].offset;
  assert.ok(Math.abs(Number.parseFloat(x)) < 50 && Math.abs(Number.parseFloat(y)) < 50, `its middle is at ${x}, ${y}`);
});

test('what is moved by hand is no text that was written, and drawing forgets what was undone', async () => {
  const { page } = await editing('Schist');
  const box = await page.locator('canvas.upper-canvas').boundingBox();
  const at = (x, y) => [box.x + x * box.width, box.y + y * box.height];
  await panel(page, 'Text');
  await press(page, 'Add text');
  await page.keyboard.type('Ebb');
  await page.mouse.click(...at(0.05, 0.95));
  await press(page, 'Add text');
  await page.getByRole('textbox', { name: 'Text', exact: true }).fill('Flow');
  await page.mouse.click(...at(0.05, 0.95));
  await drag(page, [0.5, 0.5], [0.5, 0.8]);
  await press(page, 'Undo');
  await press(page, 'Redo');
  await press(page, 'Undo');
  await panel(page, 'Draw');
  await press(page, 'Line');
  await drag(page, [0.2, 0.2], [0.8, 0.2]);
  await page.getByRole('button', { name: 'Redo', disabled: true }).waitFor();
  const steps = await save(page);
  assert.deepEqual(
    steps.map(({ op, text }) => text ?? op),
    ['Ebb', 'Flow', 'shape'],
  );
  assert.ok(Math.abs(Number.parseFloat(steps[1].offset.y)) < 1, 'the text is back in the middle');
});

test('what is saved looks as it was shown', async () => {
  const { page, drive, name } = await editing('Travertine');
  await panel(page, 'Filters');
  await page.getByRole('checkbox', { name: 'Sepia' }).click();
  await panel(page, 'Draw');
  await press(page, 'Triangle');
  await panel(page, 'Crop');
  await press(page, '4:3');
  await canvas(page).focus();
  for (const key of ['-', '-', 'ArrowUp', 'ArrowRight']) await page.keyboard.press(key);
  await panel(page, 'Turn'); // which applies the frame
  await press(page, 'Right');
  await press(page, 'Flip upside down');
  await panel(page, 'Light and colour');
  await page.getByRole('slider', { name: 'Contrast' }).fill('25');
  await panel(page, 'Draw');
  await setInk(page, '#00aa44');
  await press(page, 'Circle');
  await press(page, 'Freehand');
  await drag(page, [0.1, 0.1], [0.6, 0.3]);
  await press(page, 'Freehand');
  const box = await page.locator('canvas.upper-canvas').boundingBox();
  await page.mouse.click(box.x + 3, box.y + box.height - 3); // nothing is selected, so that no handles are in sight
  await drawn(page);
  const shown = await page.evaluate(() => {
    const { width, height } = document.querySelector('canvas.lower-canvas');
    const context = document.querySelector('canvas.lower-canvas').getContext('2d');
    return { width, height, data: [...context.getImageData(0, 0, width, height).data] };
  });
  assert.deepEqual(ops(await save(page)), ['crop', 'filter', 'adjust', 'flip', 'rotate', 'shape', 'shape', 'shape']);
  const file = (await content(drive, name)).toString('base64');
  const saved = await page.evaluate(async (text) => {
    const picture = await createImageBitmap(new Blob([Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))]));
    const { width, height } = picture;
    const context = new OffscreenCanvas(width, height).getContext('2d');
    context.drawImage(picture, 0, 0);
    return { width, height, data: [...context.getImageData(0, 0, width, height).data] };
  }, file);
  assert.deepEqual([saved.width, saved.height], [shown.width, shown.height]);
  const level = ({ data }, at) => (at % 4 === 3 ? data[at] : (data[at] * data[at - (at % 4) + 3]) / 255); // on black
  let [sum, far] = [0, 0];
  for (let at = 0; at < shown.data.length; at++) {
    const off = Math.abs(level(shown, at) - level(saved, at));
    sum += off;
    if (off > 24) far++;
  }
  const [mean, share] = [sum / shown.data.length, far / shown.data.length];
  assert.ok(mean < 1 && share < 0.01, `levels differ by ${mean} in the mean, ${share} of them by more than 24`);
});
