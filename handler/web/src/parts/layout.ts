import type { Entry } from '../api/client';

export type Layout = 'grid' | 'masonry' | 'carousel' | 'list';

/** A row of pictures: the index of its first, its height and the widths in pixels. */
export interface Row {
  first: number;
  height: number;
  widths: number[];
}

const tile = 180; // pixels that a square has at least; on a phone two are beside each other
const tall = 200; // of a row whose pictures keep their shapes
const line = 64;

/** Puts pictures into rows of a width: squares, or pictures in their own shapes that fill each row, or lines. */
export function rowsOf(images: Pick<Entry, 'width' | 'height'>[], layout: Layout, width: number, gap: number): Row[] {
  if (width <= 0) return [];
  if (layout === 'list') return images.map((_, first) => ({ first, height: line, widths: [width] }));
  return layout === 'masonry' ? shaped(images, width, gap) : squares(images.length, width, gap);
}

function squares(count: number, width: number, gap: number): Row[] {
  const columns = Math.max(2, Math.floor((width + gap) / (tile + gap)));
  const side = (width - gap * (columns - 1)) / columns;
  const rows: Row[] = [];
  for (let first = 0; first < count; first += columns) {
    rows.push({ first, height: side, widths: Array<number>(Math.min(columns, count - first)).fill(side) });
  }
  return rows;
}

/** Ratios are bounded, so that a panorama does not make a row of its own too flat to see. */
const ratioOf = (image: Pick<Entry, 'width' | 'height'>): number =>
  Math.min(3, Math.max(0.5, image.width && image.height ? image.width / image.height : 1));

function shaped(images: Pick<Entry, 'width' | 'height'>[], width: number, gap: number): Row[] {
  const rows: Row[] = [];
  let first = 0;
  let ratios: number[] = [];
  let sum = 0;
  const end = (height: number) => {
    rows.push({ first, height, widths: ratios.map((ratio) => ratio * height) });
    first += ratios.length;
    ratios = [];
    sum = 0;
  };
  for (const image of images) {
    const ratio = ratioOf(image);
    ratios.push(ratio);
    sum += ratio;
    const height = (width - gap * (ratios.length - 1)) / sum;
    if (height <= tall) end(height);
  }
  if (ratios.length) end(Math.min(tall, (width - gap * (ratios.length - 1)) / sum));
  return rows;
}
