// Makes source.png and, for each entry of cases.json, what fabric's filter makes of it on a canvas. Fabric's classes
// run in a context of their own with what little they ask of a browser; pixels are a Uint8ClampedArray, as in one.
//
//   npm install --no-save --no-package-lock --omit=optional --ignore-scripts fabric@4.6.0 && node make.mjs
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { deflateSync, crc32 } from 'node:zlib';
import vm from 'node:vm';

const here = new URL('.', import.meta.url);
const src = new URL('node_modules/fabric/src/', here);

const context = vm.createContext({ console });
vm.runInContext(
  'var fabric = { Image: { filters: {} }, isWebglSupported() { return false; } }; ' +
    'var window = this; var global = this; var exports = { fabric };',
  context,
);
const load = (file) => vm.runInContext(readFileSync(new URL(file, src), 'utf8'), context, { filename: file });
for (const file of [
  'util/misc.js',
  'util/lang_object.js',
  'util/lang_string.js',
  'util/lang_class.js',
  'color.class.js',
  'filters/base_filter.class.js',
  'filters/colormatrix_filter.class.js',
]) {
  load(file);
}
for (const file of readdirSync(new URL('filters/', src))) {
  if (/^(base_filter|colormatrix_filter|2d_backend|webgl_backend|filter_boilerplate)/.test(file)) continue;
  load(`filters/${file}`);
}

const width = 64,
  height = 48;
const source = () => {
  const data = new Uint8ClampedArray(width * height * 4);
  let state = 7;
  const random = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) >>> 24;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = 4 * (y * width + x);
      if (y < 32) {
        // noise
        for (let c = 0; c < 3; c++) data[at + c] = random();
      } else {
        // ramps, so that halves and ends of the scale are met
        data[at] = (4 * x + y) & 255;
        data[at + 1] = 255 - 4 * x;
        data[at + 2] = 5 * (y - 32) + x;
      }
      data[at + 3] = y % 16 === 15 ? 4 * x : 255; // some rows let shine through
    }
  }
  return data;
};

const png = (data) => {
  const chunk = (type, body) => {
    const text = Buffer.concat([Buffer.from(type), body]);
    const all = Buffer.alloc(8 + text.length);
    all.writeUInt32BE(body.length, 0);
    text.copy(all, 4);
    all.writeUInt32BE(crc32(text), 4 + text.length);
    return all;
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 8;
  header[9] = 6;
  const lines = Buffer.alloc(height * (1 + 4 * width));
  for (let y = 0; y < height; y++)
    Buffer.from(data.buffer, 4 * y * width, 4 * width).copy(lines, y * (1 + 4 * width) + 1);
  return Buffer.concat([
    Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(lines, { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
};

writeFileSync(new URL('source.png', here), png(source()));
const ctx = { createImageData: (w, h) => ({ width: w, height: h, data: new Uint8ClampedArray(w * h * 4) }) };
for (const { name, filter, options } of JSON.parse(readFileSync(new URL('cases.json', here)))) {
  const job = { imageData: { width, height, data: source() }, ctx };
  const one = new (vm.runInContext(`fabric.Image.filters.${filter}`, context))(options);
  if (one.calculateMatrix) one.calculateMatrix();
  one.applyTo2d(job);
  writeFileSync(new URL(`${name}.png`, here), png(job.imageData.data));
}
