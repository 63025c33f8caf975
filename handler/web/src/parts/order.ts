import type { Entry } from '../api/client';

/** Pictures without a day come last. */
export function byTaken(images: Entry[], descending: boolean): Entry[] {
  const sign = descending ? -1 : 1;
  return images.toSorted((a, b) => {
    if (!a.takenAt || !b.takenAt) return Number(!a.takenAt) - Number(!b.takenAt);
    return sign * a.takenAt.localeCompare(b.takenAt);
  });
}

/** So many of a list, from its first to its last. */
export function spread<E>(list: readonly E[], count: number): E[] {
  if (list.length <= count) return [...list];
  return Array.from({ length: count }, (_, at) => list[Math.round((at * (list.length - 1)) / (count - 1))]);
}
