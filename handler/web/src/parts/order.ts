import type { Entry } from '../api/client';

export type SortBy = 'name' | 'modified' | 'taken' | 'size';

export interface Sort {
  by: SortBy;
  descending: boolean;
}

/**
 * Sorts all pictures of a list, which come by name. Those of which it is not known what they are sorted by are last,
 * whichever way the others are sorted.
 */
export function sorted(images: readonly Entry[], { by, descending }: Sort): Entry[] {
  if (by === 'name') return [...images]; // as SharePoint compares names
  const key = { modified: 'modifiedAt', taken: 'takenAt', size: 'size' } as const;
  const sign = descending ? -1 : 1;
  return images
    .map((image) => {
      const value = image[key[by]];
      return { image, at: typeof value === 'string' ? Date.parse(value) : value };
    })
    .sort(({ at: a }, { at: b }) => {
      if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined);
      return sign * (a - b);
    })
    .map(({ image }) => image);
}

/** So many of a list, from its first to its last. */
export function spread<E>(list: readonly E[], count: number): E[] {
  if (list.length <= count) return [...list];
  return Array.from({ length: count }, (_, at) => list[Math.round((at * (list.length - 1)) / (count - 1))]);
}
