// Does what the benchmark's other side does, with sharp as its documentation shows it and one thread:
//
//   node peer.mjs <workload> <file> <times>
//
// and prints how many bytes the last result has.
import { readFileSync } from 'node:fs';
import sharp from 'sharp';

sharp.concurrency(1);
sharp.cache(false);

const [workload, file, times] = process.argv.slice(2);
const src = readFileSync(file);

const label = (width, height) =>
  Buffer.from(
    `<svg width="${width}" height="${height}">` +
      `<text x="98%" y="97%" text-anchor="end" font-family="sans-serif" font-size="48" fill="white">` +
      `© Contoso 2026</text></svg>`,
  );

const work = {
  W1: () => sharp(src).resize({ width: 320 }).jpeg({ quality: 80 }).toBuffer(),
  W2: () => sharp(src).resize({ width: 1600 }).jpeg({ quality: 80 }).toBuffer(),
  W3: () =>
    sharp(src)
      .resize({ width: 1600 })
      .modulate({ brightness: 1.1, saturation: 1.2 })
      .linear(1.1, -12)
      .sharpen({ sigma: 1 })
      .composite([{ input: label(1600, 1200) }])
      .jpeg({ quality: 80 })
      .toBuffer(),
  W4: () => sharp(src).rotate(90).jpeg({ quality: 90 }).toBuffer(),
  W5: () => sharp(src).resize({ width: 800 }).png().toBuffer(),
  W6: () =>
    sharp(src)
      .modulate({ brightness: 1.1, saturation: 1.2, hue: 10 })
      .linear(1.1, -12)
      .jpeg({ quality: 90 })
      .toBuffer(),
}[workload];

let out;
for (let i = 0; i < Number(times); i++) out = await work();
console.log(out.length);
