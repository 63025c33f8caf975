import { describe, expect, it, vi } from 'vitest';
import { EventParser, follow } from '../src/api/events';
import type { Api, Entry } from '../src/api/client';
import { Problem, problemOf, retry, retryDelay } from '../src/api/problem';
import { hexOf, strengthIn, strengthOf, strengths, withFilter } from '../src/editor/filters';
import { Navigation } from '../src/navigation';
import { Drafts, editOf, sessionOf } from '../src/parts/drafts';
import { doneOf } from '../src/parts/job-state';
import { rowsOf } from '../src/parts/layout';
import { sorted, spread, type SortBy } from '../src/parts/order';
import { localNow, ruleOf } from '../src/parts/rhythm';
import { emptyRecipe, formOf, moved, newStep, stepForms, tidy } from '../src/recipe/recipe';

describe('layout', () => {
  const images = Array.from({ length: 23 }, (_, at) => ({ width: 300 + 40 * at, height: 300 }));

  it.each(['grid', 'masonry', 'list'] as const)('%s shows each picture once and fits the width', (layout) => {
    for (const width of [200, 360, 1000, 2400]) {
      const rows = rowsOf(images, layout, width, 8);
      expect(rows.map((row) => row.widths.length).reduce((a, b) => a + b, 0)).toBe(23);
      let next = 0;
      for (const row of rows) {
        expect(row.first).toBe(next);
        next += row.widths.length;
        expect(row.widths.reduce((a, b) => a + b, 0) + 8 * (row.widths.length - 1)).toBeLessThanOrEqual(width + 0.01);
        expect(row.height).toBeGreaterThan(0);
      }
    }
  });

  it('keeps the shapes of pictures in masonry, within bounds', () => {
    const [row] = rowsOf([{ width: 4000, height: 100 }, { width: 100, height: 4000 }, {}], 'masonry', 1000, 8);
    expect(row.widths.map((width) => Math.round((100 * width) / row.height) / 100)).toEqual([3, 0.5, 1]);
  });

  it('has two columns on the smallest phone, and nothing without a width', () => {
    expect(rowsOf(images, 'grid', 300, 8)[0].widths).toHaveLength(2);
    expect(rowsOf(images, 'grid', 0, 8)).toEqual([]);
  });
});

describe('filters', () => {
  it('have the strength that their sliders show', () => {
    for (const one of strengths) {
      for (const value of [one.min, 1, 29, one.max]) {
        const options = strengthOf(one, value);
        expect(strengthIn(options ? [{ type: one.type, options }] : [], one)).toBe(value);
      }
      expect(strengthOf(one, 0)).toBeUndefined();
      expect(strengthIn([], one)).toBe(0);
    }
  });

  it('stay in their places when they are set, and leave them when they are taken away', () => {
    const list = [
      { type: 'Sepia', options: {} },
      { type: 'Noise', options: { noise: 1 } },
    ];
    expect(withFilter(list, 'Sepia', { strong: true })).toEqual([
      { type: 'Sepia', options: { strong: true } },
      list[1],
    ]);
    expect(withFilter(list, 'Invert', {}).map(({ type }) => type)).toEqual(['Sepia', 'Noise', 'Invert']);
    expect(withFilter(list, 'Sepia', undefined)).toEqual([list[1]]);
    expect(list).toHaveLength(2);
  });

  it('are beside colours, which inputs take as #rrggbb alone', () => {
    expect(['#FF0080', '#ff008080', 'rgba(255,0,128,1)', 'rgb(255, 0, 128)'].map(hexOf)).toEqual(
      Array(4).fill('#ff0080'),
    );
    expect(['red', '', undefined, null, 'rgba(1,2)', 'rgb(300,0,0)', 7].map(hexOf)).toEqual(Array(7).fill('#000000'));
  });
});

/** The session storage of a window, which may be small. */
class Session implements Storage {
  [name: string]: unknown;
  private readonly all = new Map<string, string>();
  constructor(private readonly room = Infinity) {}
  get length() {
    return this.all.size;
  }
  clear() {
    this.all.clear();
  }
  key(at: number) {
    return [...this.all.keys()][at] ?? null;
  }
  getItem(key: string) {
    return this.all.get(key) ?? null;
  }
  removeItem(key: string) {
    this.all.delete(key);
  }
  setItem(key: string, text: string) {
    const used = [...this.all].reduce((sum, [other, value]) => sum + (other === key ? 0 : value.length), 0);
    if (used + text.length > this.room) throw new DOMException('full', 'QuotaExceededError');
    this.all.set(key, text);
  }
}

describe('drafts', () => {
  const folder = { kind: 'folder', driveId: 'd', folderId: 'f', name: 'Fair' } as const;
  const images = (count: number) => ({
    kind: 'images' as const,
    images: Array.from({ length: count }, (_, at) => ({ driveId: 'd', itemId: `item ${at}` })),
  });
  const recipe = { version: 1 as const, steps: [{ op: 'blur', sigma: 3 }] };

  it('outlive the page, and belong to one user', () => {
    const session = new Session();
    session.setItem('of somebody else', '1');
    const drafts = new Drafts('t/adele', session);
    const id = drafts.begin(folder);
    drafts.put(id, { ...drafts.get(id)!, recipe, save: { target: 'copy', name: '{name}-b' }, tried: ['job1'] });
    const again = new Drafts('t/adele', session);
    expect(again.get(id)).toMatchObject({ chosen: folder, recipe, save: { target: 'copy', name: '{name}-b' } });
    expect(again.triedBy('job1')).toBe(id);
    expect(again.triedBy('job2')).toBeUndefined();
    expect(new Drafts('t/alex', session).get(id)).toBeUndefined();
    expect(Array.from({ length: session.length }, (_, at) => session.key(at))).toEqual(['of somebody else']);
  });

  it('go on with what was not started, and begin anew after it was', () => {
    const drafts = new Drafts('t/adele', new Session());
    const first = drafts.begin(folder);
    drafts.put(first, { ...drafts.get(first)!, recipe, save: { target: 'copy' } });
    const second = drafts.begin(images(2));
    expect(drafts.get(second)).toMatchObject({ chosen: images(2), recipe, save: { target: 'copy' }, tried: [] });
    drafts.put(second, { ...drafts.get(second)!, started: true });
    const later = vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 5);
    expect(drafts.get(drafts.begin(images(2)))).toMatchObject({ recipe: emptyRecipe, save: { target: 'newVersion' } });
    later.mockRestore();
  });

  it('make room for the newest, and are in memory where there is no other place', () => {
    const small = new Drafts('t/adele', new Session(700));
    const ids = [1, 2, 3, 4].map(() => small.begin(folder));
    const kept = ids.filter((id) => small.get(id));
    expect([0, 4]).not.toContain(kept.length);
    expect(kept).toEqual(ids.slice(-kept.length));
    const large = small.begin(images(100));
    expect(small.get(large)?.chosen).toEqual(images(100));
    const none = new Drafts('t/adele', undefined);
    expect(none.get(none.begin(folder))?.chosen).toEqual(folder);
    const many = new Drafts('t/adele', new Session());
    const all = Array.from({ length: 25 }, () => many.begin(folder));
    expect(all.filter((id) => many.get(id))).toHaveLength(20);
    many.clear();
    expect(all.filter((id) => many.get(id))).toEqual([]);
  });

  it('are not lost to a browser that refuses its storage', () => {
    expect(
      sessionOf({
        get sessionStorage(): Storage {
          throw new DOMException('no', 'SecurityError');
        },
      }),
    ).toBeUndefined();
  });

  it('say all of what is to be done, and nothing of names for new versions', () => {
    const drafts = new Drafts('t/adele', new Session());
    const draft = {
      ...drafts.get(drafts.begin(folder))!,
      recipe,
      only: { recursive: false, name: ' *.jpg ', since: '2026-03-01' },
    };
    expect(
      editOf({ ...draft, save: { target: 'newVersion', name: '{name}-b', onConflict: 'skip', keepDates: true } }),
    ).toEqual({
      source: {
        folder: {
          driveId: 'd',
          itemId: 'f',
          recursive: false,
          names: ['*.jpg'],
          changedSince: new Date('2026-03-01T00:00:00').toISOString(),
        },
      },
      recipe,
      save: { target: 'newVersion', keepDates: true },
    });
    expect(
      editOf({ ...draft, chosen: images(2), save: { target: 'copy', name: '{name}-b', onConflict: 'skip' } }),
    ).toMatchObject({
      source: { images: images(2).images },
      save: { target: 'copy', name: '{name}-b', onConflict: 'skip' },
    });
  });
});

/** The history of a window: moves are told of later, as a browser does. */
class History {
  entries: { state: unknown; path: string }[] = [{ state: null, path: '/first' }];
  at = 0;
  listeners: Record<string, ((event: Event) => void)[]> = {};
  readonly location = {
    owner: this,
    get pathname() {
      return this.owner.entries[this.owner.at].path;
    },
  };
  readonly history = {
    owner: this,
    get state() {
      return this.owner.entries[this.owner.at].state;
    },
    pushState: (state: unknown, _: string, path: string) => {
      this.entries = [...this.entries.slice(0, ++this.at), { state, path }];
    },
    replaceState: (state: unknown, _: string, path?: string) => {
      this.entries[this.at] = { state, path: path ?? this.entries[this.at].path };
    },
    go: (by: number) => queueMicrotask(() => this.press(by)),
    back: () => this.history.go(-1),
  };
  addEventListener = (name: string, listener: (event: Event) => void) =>
    void (this.listeners[name] ??= []).push(listener);
  removeEventListener = (name: string, listener: (event: Event) => void) =>
    void (this.listeners[name] = (this.listeners[name] ?? []).filter((one) => one !== listener));
  /** Somebody presses Back or Forward. */
  press(by: number) {
    if (!this.entries[this.at + by]) return;
    this.at += by;
    this.fire('popstate');
  }
  fire(name: string): boolean {
    const event = new Event(name, { cancelable: true });
    for (const listener of this.listeners[name] ?? []) listener(event);
    return event.defaultPrevented;
  }
}

describe('navigation', () => {
  const settle = () => new Promise((done) => setTimeout(done));
  const begin = () => {
    const window = new History();
    const navigation = new Navigation(window as unknown as Window);
    navigation.navigate('/second');
    navigation.navigate('/third');
    window.press(-1);
    expect([navigation.path(), window.location.pathname]).toEqual(['/second', '/second']);
    return { window, navigation };
  };

  it('leads where it is asked to while nothing is unsaved', async () => {
    const { window, navigation } = begin();
    window.press(1);
    expect(navigation.path()).toBe('/third');
    navigation.back('/other');
    await settle();
    expect(navigation.path()).toBe('/second');
    expect(window.fire('beforeunload')).toBe(false);
    const alone = new History();
    const first = new Navigation(alone as unknown as Window);
    first.back('/other');
    expect([first.path(), alone.entries.length]).toEqual(['/other', 1]);
  });

  it('stays until there is an answer, whichever way out is taken', async () => {
    const ways: Record<string, { go: (made: ReturnType<typeof begin>) => void; to: string }> = {
      Back: { go: ({ window }) => window.press(-1), to: '/first' },
      Forward: { go: ({ window }) => window.press(1), to: '/third' },
      'a link': { go: ({ navigation }) => navigation.navigate('/link'), to: '/link' },
      Close: { go: ({ navigation }) => navigation.back('/other'), to: '/first' },
    };
    for (const { go, to } of Object.values(ways)) {
      for (const answer of ['save', 'discard', 'cancel'] as const) {
        const made = begin();
        const { window, navigation } = made;
        const save = vi.fn(async () => true);
        navigation.declare({ name: 'Beach', save });
        expect(window.fire('beforeunload')).toBe(true);
        go(made);
        go(made); // again and again
        await settle();
        expect([navigation.path(), window.location.pathname]).toEqual(['/second', '/second']);
        expect(navigation.question()?.unsaved.name).toBe('Beach');
        const asked = navigation.question()!;
        asked.answer(answer);
        asked.answer(answer); // a double click
        await settle();
        await settle();
        expect(navigation.question()).toBeUndefined();
        expect([navigation.path(), window.location.pathname]).toEqual(
          answer === 'cancel' ? ['/second', '/second'] : [to, to],
        );
        expect(save).toHaveBeenCalledTimes(answer === 'save' ? 1 : 0);
        expect(window.fire('beforeunload')).toBe(answer === 'cancel');
      }
    }
  });

  it('stays when saving fails, and asks again', async () => {
    const { window, navigation } = begin();
    navigation.declare({ name: 'Beach', save: async () => false });
    window.press(-1);
    await settle();
    navigation.question()!.answer('save');
    await settle();
    expect([navigation.path(), window.location.pathname, window.fire('beforeunload')]).toEqual([
      '/second',
      '/second',
      true,
    ]);
    window.press(-1);
    await settle();
    expect(navigation.question()).toBeDefined();
  });

  it('offers to save only where all can be saved, and forgets what is taken back', async () => {
    const { window, navigation } = begin();
    const take = [
      navigation.declare({ name: 'Beach', save: async () => true }),
      navigation.declare({ name: 'New preset' }),
    ];
    window.press(1);
    await settle();
    expect(navigation.question()?.unsaved.save).toBeUndefined();
    navigation.question()!.answer('cancel');
    for (const one of take) one();
    window.press(1);
    expect(navigation.path()).toBe('/third');
    expect(window.fire('beforeunload')).toBe(false);
  });

  it('knows its entries after a reload', async () => {
    const { window } = begin();
    window.listeners = {};
    const navigation = new Navigation(window as unknown as Window);
    navigation.declare({ name: 'Beach' });
    window.press(1);
    await settle();
    expect([navigation.path(), window.location.pathname]).toEqual(['/second', '/second']);
  });
});

describe('events', () => {
  it('are put together from pieces', () => {
    const parser = new EventParser();
    expect(parser.push('event: prog')).toEqual([]);
    expect(parser.push('ress\ndata: {"a":')).toEqual([]);
    expect(parser.push('1}\n\n: a comment\n\nevent: end\r\ndata: x\r\n\r\n')).toEqual([
      { event: 'progress', data: '{"a":1}' },
      { event: 'end', data: 'x' },
    ]);
  });

  it('are asked for again when the stream ends before the bulk edit does', async () => {
    const streams = ['event: progress\ndata: {"id":"j","n":1}\n\n', 'event: end\ndata: {"id":"j","n":2}\n\n'];
    const api = { get: vi.fn(async () => new Response(streams.shift())) };
    const seen: unknown[] = [];
    await follow(api as unknown as Api, 'j', (job) => seen.push(job), new AbortController().signal);
    expect(seen).toEqual([
      { id: 'j', n: 1 },
      { id: 'j', n: 2 },
    ]);
    expect(api.get).toHaveBeenCalledTimes(2);
  });
});

describe('problems', () => {
  const answer = (status: number, body: unknown, headers: Record<string, string> = {}) =>
    new Response(typeof body === 'string' ? body : JSON.stringify(body), { status, headers });

  it('are read from problem documents', async () => {
    const problem = await problemOf(
      answer(
        503,
        { type: 'urn:image-pro:problem:busy', detail: 'SharePoint is throttled.', invocation: 'i' },
        { 'Retry-After': '7' },
      ),
    );
    expect(problem).toMatchObject({
      kind: 'busy',
      message: 'SharePoint is throttled.',
      retryAfter: 7,
      invocation: 'i',
      passing: true,
    });
    expect(retry(0, problem)).toBe(true);
    expect(retry(5, problem)).toBe(false);
    expect(retryDelay(0, problem)).toBe(7000);
  });

  it('of what stands between are understood as well', async () => {
    expect((await problemOf(answer(502, '<html>'))).kind).toBe('busy');
    expect((await problemOf(answer(404, 'nothing'))).kind).toBe('internal');
  });

  it('that will not pass are not tried again', () => {
    expect(retry(0, new Problem({ kind: 'forbidden', title: '', detail: '', status: 403 }))).toBe(false);
    expect(retry(0, new Error('x'))).toBe(false);
  });
});

describe('recipes', () => {
  it('begin with values of every field that has one, in its bounds', () => {
    for (const form of stepForms) {
      const step = newStep(form);
      expect(formOf(step.op)).toBe(form);
      for (const field of form.fields) {
        const value = step[field.name];
        if (field.kind === 'choice') expect(field.options).toContain(value);
        if (field.kind === 'range') expect(value).toBeGreaterThanOrEqual(field.min);
        if (field.kind === 'range') expect(value).toBeLessThanOrEqual(field.max);
      }
    }
  });

  it('say nothing of adjustments of 0', () => {
    const adjust = { ...newStep(formOf('adjust')!), contrast: 12 };
    expect(tidy({ ...emptyRecipe, steps: [adjust] }).steps).toEqual([{ op: 'adjust', contrast: 12 }]);
  });

  it('have steps that move, and stay at the ends', () => {
    const steps = ['a', 'b', 'c'].map((op) => ({ op }));
    const ops = (from: number, by: number) =>
      moved(steps, from, by)
        .map(({ op }) => op)
        .join('');
    expect([ops(0, 1), ops(2, -1), ops(0, -1), ops(2, 5)]).toEqual(['bac', 'acb', 'abc', 'abc']);
  });
});

describe('rhythms', () => {
  it('become rules of RFC 5545', () => {
    const start = '2026-11-26T02:00'; // a Thursday
    expect([ruleOf('once', start), ruleOf('daily', start), ruleOf('weekly', start), ruleOf('monthly', start)]).toEqual([
      undefined,
      'FREQ=DAILY',
      'FREQ=WEEKLY;BYDAY=TH',
      'FREQ=MONTHLY;BYMONTHDAY=26',
    ]);
    expect(ruleOf('monthly', '2026-01-31T02:00')).toBe('FREQ=MONTHLY;BYMONTHDAY=-1');
  });

  it('begin at a local time', () => {
    expect(localNow(60, new Date(2026, 0, 31, 23, 30))).toBe('2026-02-01T00:30');
  });
});

describe('jobs', () => {
  const counts = {
    planned: 10,
    waiting: 4,
    edited: 5,
    unchanged: 0,
    skipped: 1,
    conflict: 0,
    failed: 0,
    bytesBefore: 0,
    bytesAfter: 0,
  };
  it('tell how much of them is done', () => {
    expect(doneOf({ id: '', kind: 'edit', createdAt: '', state: 'running', counts })).toBe(0.6);
    expect(doneOf({ id: '', kind: 'edit', createdAt: '', state: 'planning', counts })).toBeUndefined();
    expect(
      doneOf({ id: '', kind: 'edit', createdAt: '', state: 'done', counts: { ...counts, planned: 0, waiting: 0 } }),
    ).toBe(1);
  });
});

describe('orders', () => {
  const entry = (itemId: string, of: Partial<Entry> = {}) => ({ driveId: 'd', itemId, ...of }) as Entry;
  const ids = (images: Entry[]) => images.map(({ itemId }) => itemId).join('');

  it('are made of size, day and change, with the unknown at the end, whichever way', () => {
    const images = [
      entry('n'),
      entry('b', { takenAt: '2026-02-01T00:00:00Z', modifiedAt: '2026-03-01T00:00:00Z', size: 20 }),
      entry('a', { takenAt: '2026-01-01T00:00:00Z', modifiedAt: '2026-03-01T00:00:00.5Z', size: 100 }),
      entry('c', { takenAt: '2026-02-01T00:00:00Z', modifiedAt: '2026-02-28T23:59:59Z', size: 0 }),
    ];
    const orders = (by: SortBy) => [false, true].map((descending) => ids(sorted(images, { by, descending })));
    expect(orders('taken')).toEqual(['abcn', 'bcan']); // those that are equal stay in the order of their names
    expect(orders('size')).toEqual(['cban', 'abcn']);
    expect(orders('modified')).toEqual(['cban', 'abcn']);
    expect(orders('name')).toEqual(['nbac', 'nbac']); // as they came
    expect(ids(images)).toBe('nbac');
  });
});

it('samples are spread from the first to the last', () => {
  expect(spread([1, 2, 3, 4, 5, 6, 7], 3)).toEqual([1, 4, 7]);
  expect(spread([1, 2], 3)).toEqual([1, 2]);
});
