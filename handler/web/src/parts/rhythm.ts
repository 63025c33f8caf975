export type Rhythm = 'once' | 'daily' | 'weekdays' | 'weekly' | 'monthly';

const days = ['SU', 'MO', 'TU', 'WE', 'TH', 'FR', 'SA'];

/** The rule of RFC 5545 for a rhythm that begins at a local time (2026-03-01T02:00); none for once. */
export function ruleOf(rhythm: Rhythm, start: string): string | undefined {
  const [year, month, day] = start.slice(0, 10).split('-').map(Number);
  switch (rhythm) {
    case 'once':
      return undefined;
    case 'daily':
      return 'FREQ=DAILY';
    case 'weekdays':
      return 'FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR';
    case 'weekly':
      return `FREQ=WEEKLY;BYDAY=${days[new Date(Date.UTC(year, month - 1, day)).getUTCDay()]}`;
    case 'monthly':
      return day > 28 ? 'FREQ=MONTHLY;BYMONTHDAY=-1' : `FREQ=MONTHLY;BYMONTHDAY=${day}`; // a month may be short
  }
}

/** The local time in so many minutes, as an input of date and time takes it. */
export function localNow(minutes: number, now = new Date()): string {
  const then = new Date(now.getTime() + minutes * 60_000);
  const two = (n: number) => String(n).padStart(2, '0');
  const date = `${then.getFullYear()}-${two(then.getMonth() + 1)}-${two(then.getDate())}`;
  return `${date}T${two(then.getHours())}:${two(then.getMinutes())}`;
}
