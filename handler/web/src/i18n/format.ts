import { locale } from '.';

const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const;

/** 5.1 MB, in powers of 1000. */
export function bytes(n: number): string {
  let power = 0;
  let value = Math.abs(n);
  while (value >= 999.5 && power < units.length - 1) {
    value /= 1000;
    power++;
  }
  return new Intl.NumberFormat(locale, {
    style: 'unit',
    unit: units[power],
    maximumFractionDigits: value < 10 && power > 1 ? 1 : 0,
  }).format(Math.sign(n) * value);
}

export const number = (n: number): string => new Intl.NumberFormat(locale, { maximumFractionDigits: 1 }).format(n);

export const percent = (share: number): string =>
  new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 0 }).format(share);

/** A point in time, as people of the locale write it. */
export const moment = (time: string): string =>
  new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(time));

export const day = (time: string): string =>
  new Intl.DateTimeFormat(locale, { dateStyle: 'medium' }).format(new Date(time));

/** "in 3 minutes" of a time to come. */
export function until(time: string, now = Date.now()): string {
  const seconds = Math.max(0, Math.round((Date.parse(time) - now) / 1000));
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'always' });
  if (seconds < 90) return relative.format(seconds, 'second');
  if (seconds < 90 * 60) return relative.format(Math.round(seconds / 60), 'minute');
  return relative.format(Math.round(seconds / 3600), 'hour');
}
