// Makes states.json: states of the editor, as its front end can read them, and for each the picture that the editor
// shows, NAME.png. Toast UI's editor brings fabric along; both run in a context of their own with what little they ask
// of a browser, and draw on Skia, which draws in Chrome as well.
//
//   npm install --no-save --no-package-lock --ignore-scripts tui-image-editor@3.15.3 @napi-rs/canvas@1.1.1
//   node make.mjs
import { readFileSync, writeFileSync } from 'node:fs';
import vm from 'node:vm';
import { createCanvas, Image } from '@napi-rs/canvas';

const here = new URL('.', import.meta.url);

// A browser, as far as it is asked for.
class HTMLDocument {}
class Element {
  matches() {}
  closest() {}
}
class DOMTokenList {}
const nothing = () => {};
const element = () => ({
  style: {},
  classList: { add: nothing, remove: nothing, contains: (name) => name !== 'c3', toggle: nothing },
  setAttribute: nothing,
  getAttribute: nothing,
  appendChild: nothing,
  addEventListener: nothing,
});
const createElement = (name) =>
  name === 'canvas' ? Object.assign(createCanvas(300, 150), { ...element(), hasAttribute: () => false }) : element();
const document = Object.assign(new HTMLDocument(), {
  createElement,
  documentElement: element(),
  body: element(),
  addEventListener: nothing,
});
const context = vm.createContext({
  console,
  HTMLDocument,
  Element,
  DOMTokenList,
  document,
  Image,
  HTMLElement: class {},
  navigator: { userAgent: '' },
  addEventListener: nothing,
  devicePixelRatio: 1,
  setTimeout,
  clearTimeout,
  requestAnimationFrame: setTimeout,
  tui: { colorPicker: {} },
});
context.window = context.self = context;
const tui = readFileSync(new URL('node_modules/tui-image-editor/dist/tui-image-editor.js', here), 'utf8')
  .replace('exports.fabric = fabric;', 'exports.fabric = self.fabric = fabric;')
  .replace('var ArrowLine = ', 'var ArrowLine = self.ArrowLine = ');
vm.runInContext(tui, context, { filename: 'tui-image-editor.js' });
const { fabric, ArrowLine } = context;
fabric.enableGLFiltering = false;
fabric.filterBackend = new fabric.Canvas2dFilterBackend();
fabric.Object.prototype.objectCaching = false; // as the editor does
const filters = fabric.Image.filters;

// source returns a picture: noise, or a gradient that shapes stand out of.
const source = (width, height, noise) => {
  const canvas = createElement('canvas');
  canvas.width = width;
  canvas.height = height;
  const ctx = canvas.getContext('2d');
  const all = ctx.createImageData(width, height);
  let state = 7;
  const random = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) >>> 24;
  for (let i = 0; i < width * height; i++) {
    const x = i % width,
      y = Math.floor(i / width);
    for (let c = 0; c < 3; c++)
      all.data[4 * i + c] = noise ? random() : 150 + 100 * [x / width, y / height, 1 - x / width][c];
    all.data[4 * i + 3] = 255;
  }
  ctx.putImageData(all, 0, 0);
  return canvas;
};

// show renders an epoch as the editor does: the canvas is the box around the picture, which is in its middle.
const show = (picture, epoch) => {
  const canvas = new fabric.StaticCanvas(null, { renderOnAddRemove: false, enableRetinaScaling: false });
  const background = new fabric.Image(picture, { originX: 'center', originY: 'center', ...epoch.picture });
  background.filters = epoch.filters ?? [];
  background.applyFilters();
  background.setCoords();
  const { width, height } = background.getBoundingRect(true);
  canvas.setDimensions({ width, height });
  canvas.setBackgroundImage(background);
  canvas.centerObject(background);
  for (const object of epoch.objects ?? []) canvas.add(object);
  canvas.renderAll();
  const said = canvas.toJSON(['arrowType']);
  delete said.backgroundImage.src;
  const out = canvas.toCanvasElement(1, epoch.crop);
  return {
    out,
    said: { background: said.backgroundImage, objects: said.objects, ...(epoch.crop && { crop: epoch.crop }) },
  };
};

const sources = { noise: source(40, 30, true), wide: source(60, 40, true), plain: source(240, 160, false) };
for (const [name, picture] of Object.entries(sources))
  writeFileSync(new URL(`${name}.png`, here), picture.toBuffer('image/png'));

// A square on another colour, for what blurs.
const square = createElement('canvas');
square.width = 200;
square.height = 150;
const ink = square.getContext('2d');
ink.fillStyle = '#204060';
ink.fillRect(0, 0, 200, 150);
ink.fillStyle = '#ffcc00';
ink.fillRect(60, 40, 80, 70);
sources.square = square;
writeFileSync(new URL('square.png', here), square.toBuffer('image/png'));

const states = [];
const make = (name, of, exact, ...epochs) => {
  let picture = sources[of];
  const state = { width: picture.width, height: picture.height, epochs: [] };
  for (const epoch of epochs) {
    const { out, said } = show(picture, epoch);
    state.epochs.push(said);
    picture = out;
  }
  writeFileSync(new URL(`${name}.png`, here), picture.toBuffer('image/png'));
  states.push({ name, source: of, exact, state });
};

const looks = {
  light: [
    new filters.Brightness({ brightness: 0.13 }),
    new filters.Contrast({ contrast: -0.2 }),
    new filters.Saturation({ saturation: 0.4 }),
  ],
  hue: [
    new filters.Vibrance({ vibrance: 0.3 }),
    new filters.Gamma({ gamma: [1.3, 1.3, 1.3] }),
    new filters.HueRotation({ rotation: -0.2 }),
  ],
  gray: [
    new filters.Grayscale({ mode: 'lightness' }),
    new filters.Invert(),
    new filters.BlendColor({ mode: 'tint', color: '#03bd9e', alpha: 0.7 }),
  ],
  old: [
    new filters.Sepia(),
    new filters.Vintage(),
    new filters.BlendColor({ mode: 'screen', color: 'rgb(255,187,59)', alpha: 0.4 }),
  ],
  film: [new filters.Kodachrome(), new filters.Brownie(), new filters.Technicolor(), new filters.Polaroid()],
  blocks: [new filters.Pixelate({ blocksize: 5 }), new filters.BlackWhite()],
  edges: [
    new filters.Sharpen(),
    new filters.Convolute({ opaque: true, matrix: [0, 0.1, 0, 0.1, 0.6, 0.1, 0, 0.1, 0] }),
  ],
  matrix: [
    new filters.ColorMatrix({
      matrix: [0.5, 0.2, 0.1, 0, 0.05, 0, 1.2, -0.3, 0, 0, 0.3, 0.3, 0.3, 0, -0.1, 0, 0, 0, 1, 0],
    }),
  ],
  removed: [new filters.RemoveColor({ color: '#FFFFFF', distance: 0.6 })],
};
for (const [name, list] of Object.entries(looks)) make(name, 'noise', true, { filters: list });
make(
  'turned',
  'wide',
  true,
  {
    filters: [new filters.Invert()],
    picture: { flipX: true, angle: 90 },
    crop: { left: 5, top: 8, width: 30, height: 45 },
  },
  {
    filters: [new filters.Sepia()],
    picture: { flipY: true, flipX: true },
    crop: { left: 1, top: 0, width: 20, height: 30 },
  },
  { picture: { angle: -90 } },
);

make('blurred', 'square', false, { filters: [new filters.Blur({ blur: 0.8 })] });

const centred = { originX: 'center', originY: 'center' };
const star = 'M 0 -10 L 3 -3 L 10 -3 L 4 2 L 6 10 L 0 5 L -6 10 L -4 2 L -10 -3 L -3 -3 Z';
const shapes = () => {
  const brush = new fabric.PencilBrush({ contextTop: createElement('canvas').getContext('2d'), getZoom: () => 1 });
  Object.assign(brush, { width: 8, color: 'rgba(0,169,255,0.7)' });
  const drawn = [
    [20, 140],
    [32, 126],
    [47, 131],
    [60, 148],
    [78, 139],
    [90, 120],
    [96, 133],
    [88, 149],
  ].map(([x, y]) => new fabric.Point(x, y));
  return {
    boxes: [
      new fabric.Rect({
        ...centred,
        left: 50,
        top: 40,
        width: 50,
        height: 30,
        fill: '#ffbb3b',
        stroke: 'rgba(0, 0, 80, 0.6)',
        strokeWidth: 6,
        angle: 20,
      }),
      new fabric.Rect({
        left: 90,
        top: 10,
        width: 60,
        height: 36,
        fill: 'teal',
        rx: 9,
        ry: 9,
        scaleX: 0.5,
        scaleY: 0.5,
        stroke: null,
      }),
      new fabric.Ellipse({
        ...centred,
        left: 170,
        top: 36,
        rx: 34,
        ry: 20,
        fill: '',
        stroke: '#ffbb3b',
        strokeWidth: 3,
      }),
      new fabric.Circle({
        originX: 'right',
        originY: 'bottom',
        left: 236,
        top: 90,
        radius: 20,
        fill: 'hsl(200, 60%, 40%)',
        stroke: 'white',
        strokeWidth: 4,
        opacity: 0.5,
      }),
      new fabric.Triangle({
        ...centred,
        left: 40,
        top: 110,
        width: 50,
        height: 40,
        fill: '#cc0000',
        stroke: '#000',
        strokeWidth: 5,
        flipY: true,
        angle: 10,
      }),
      new fabric.Rect({
        left: 100,
        top: 80,
        width: 20,
        height: 20,
        scaleX: 3,
        scaleY: 2,
        angle: -15,
        fill: '',
        stroke: 'blue',
        strokeWidth: 5,
        strokeUniform: true,
      }),
      new fabric.Ellipse({
        ...centred,
        left: 235,
        top: 150,
        rx: 30,
        ry: 30,
        fill: 'rgba(0,128,0,0.4)',
        stroke: '',
        visible: true,
      }),
      new fabric.Rect({ left: 0, top: 0, width: 240, height: 160, fill: 'red', visible: false }),
    ],
    lines: [
      new ArrowLine([20, 30, 90, 15], { stroke: '#00a9ff', strokeWidth: 6, arrowType: { tail: 'triangle' } }),
      new ArrowLine([200, 20, 140, 50], {
        stroke: 'rgba(0,0,0,0.5)',
        strokeWidth: 4,
        arrowType: { head: 'chevron', tail: 'chevron' },
      }),
      new ArrowLine([120, 20, 120, 60], { stroke: '#a0f', strokeWidth: 12, arrowType: {} }),
      new fabric.Polyline(
        [
          { x: 20, y: 60 },
          { x: 45, y: 90 },
          { x: 60, y: 55 },
          { x: 85, y: 95 },
        ],
        { fill: '', stroke: '#333', strokeWidth: 5, strokeLineJoin: 'round', strokeLineCap: 'round' },
      ),
      new fabric.Polygon(
        [
          { x: 0, y: 0 },
          { x: 40, y: 10 },
          { x: 25, y: 45 },
        ],
        {
          left: 150,
          top: 60,
          fill: 'rgba(255,255,0,0.6)',
          stroke: '#804000',
          strokeWidth: 4,
          strokeLineJoin: 'bevel',
          flipX: true,
          angle: 30,
        },
      ),
      new fabric.Line([210, 60, 210, 120], { stroke: 'black', strokeWidth: 3 }),
    ],
    paths: [
      new fabric.Path(star, {
        ...centred,
        left: 60,
        top: 50,
        scaleX: 3,
        scaleY: 3,
        fill: '#ff4040',
        stroke: '#000000',
        strokeWidth: 0,
        angle: 25,
      }),
      brush.createPath(brush.convertPointsToSVGPath(drawn).join(' ')),
      new fabric.Path('m 10 10 q 30 -30 60 0 t 30 20 c 0 30 -40 30 -60 10 a 20 12 0 0 1 -30 -30 z', {
        left: 120,
        top: 20,
        fill: 'rgba(0,0,160,0.5)',
        stroke: 'white',
        strokeWidth: 2,
        flipX: true,
        scaleX: 1.2,
        scaleY: 1.2,
      }),
      new fabric.Path('M 0 0 H 60', { left: 150, top: 120, stroke: '#060', strokeWidth: 6, fill: '' }),
      new fabric.Group(
        [
          new fabric.Rect({ left: 100, top: 100, width: 30, height: 20, fill: 'orange' }),
          new fabric.Circle({ left: 110, top: 110, radius: 10, fill: 'purple', opacity: 0.5 }),
          new fabric.Polygon(
            [
              { x: 0, y: 0 },
              { x: 20, y: 4 },
              { x: 6, y: 22 },
            ],
            { left: 135, top: 100, fill: '#0044aa', stroke: 'white', strokeWidth: 2, angle: 25, flipY: true },
          ),
          new fabric.Triangle({ left: 100, top: 128, width: 20, height: 12, fill: '#008800', angle: -20 }),
        ],
        { angle: 12, scaleX: 1.3, scaleY: 1.3, flipX: true, opacity: 0.8 },
      ),
    ],
  };
};
for (const [name, objects] of Object.entries(shapes())) make(name, 'plain', false, { objects });
make(
  'all',
  'plain',
  false,
  {
    filters: [new filters.Brightness({ brightness: 0.1 })],
    picture: { scaleX: 0.5, scaleY: 0.75, flipX: true, angle: 30 },
    objects: [
      new fabric.Rect({
        ...centred,
        left: 80,
        top: 70,
        width: 50,
        height: 30,
        fill: '#ffbb3b',
        stroke: '#000',
        strokeWidth: 4,
        angle: -20,
      }),
    ],
    crop: { left: 30, top: 20, width: 90, height: 100 },
  },
  { objects: [new fabric.Circle({ left: 20, top: 20, radius: 15, fill: '#00f' })] },
);
make('text', 'plain', false, {
  objects: [
    new fabric.IText('Summer {fair}\n2026', {
      left: 30,
      top: 20,
      fontSize: 24,
      fill: '#c00000',
      fontWeight: 'bold',
      fontFamily: 'Noto Sans',
    }),
    new fabric.IText('right', {
      originX: 'right',
      originY: 'bottom',
      left: 220,
      top: 150,
      fontSize: 20,
      scaleX: 1.5,
      scaleY: 1.5,
      fill: 'white',
      textAlign: 'right',
      opacity: 0.8,
      underline: true,
      angle: 0,
    }),
    new fabric.Textbox('in the middle of it all', {
      ...centred,
      left: 120,
      top: 100,
      width: 120,
      fontSize: 16,
      fill: '#000',
      fontStyle: 'italic',
      textAlign: 'center',
      textBackgroundColor: 'rgba(255,255,255,0.5)',
    }),
  ],
});
writeFileSync(new URL('states.json', here), JSON.stringify(states, null, 1) + '\n');
