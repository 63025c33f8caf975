// Makes what the other side of the quality report makes, with sharp as its documentation shows it:
//
//   node quality.mjs <folder>
//
// source.png, source.jpg and logo.png of the folder become <name>.png of each recipe.
import { join } from 'node:path';
import sharp from 'sharp';

const folder = process.argv[2];
const path = (name) => join(folder, name);
const source = () => sharp(path('source.png'));
const lanczos3 = { kernel: 'lanczos3' };

const work = {
  'resize 1600': source().resize({ width: 1600, ...lanczos3 }),
  'resize 1000': source().resize({ width: 1000, ...lanczos3 }),
  'resize 640': source().resize({ width: 640, ...lanczos3 }),
  'resize 200': source().resize({ width: 200, ...lanczos3 }),
  // What resize() makes larger it takes to the cubic interpolator, whatever the kernel, and moves by a part of a pixel
  // (libvips 8.18); this is the same in its place.
  'enlarge 150': source().affine([1.5, 0, 0, 1.5], { interpolator: 'bicubic', odx: 0.25, ody: 0.25 }),
  'contrast 800': source()
    .resize({ width: 800, ...lanczos3 })
    .linear(1.2, 128 - 1.2 * 128),
  'rotate 90': source().rotate(90),
  'rotate 7': source().rotate(7, { background: '#ffffff' }),
  'blur 4': source().blur({ sigma: 4, precision: 'float', minAmplitude: 0.001 }),
  'sharpen 1': source().sharpen({ sigma: 1 }),
  grayscale: source().grayscale(),
  extend: source().extend({ top: 10, right: 20, bottom: 30, left: 40, background: '#ff8000' }),
  crop: source().extract({ left: 100, top: 50, width: 640, height: 480 }),
  composite: source().composite([{ input: path('logo.png'), gravity: 'southeast' }]),
  chroma: sharp(path('source.jpg')).negate(),
};

for (const [name, pipeline] of Object.entries(work))
  await pipeline.png({ compressionLevel: 1 }).toFile(path(`${name}.png`));
