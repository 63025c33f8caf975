import type { Job } from '../api/client';

export const over = (job: Job): boolean => job.state === 'done' || job.state === 'failed' || job.state === 'cancelled';

/** How much of a bulk edit is done, 0 to 1; nothing while images are still being looked for. */
export function doneOf({ counts, state }: Job): number | undefined {
  if (state === 'planning') return undefined;
  return counts.planned === 0 ? 1 : (counts.planned - counts.waiting) / counts.planned;
}

/** The kinds of results, in the order in which they are shown. */
export const results = ['edited', 'unchanged', 'skipped', 'conflict', 'failed', 'waiting'] as const;
