/** Work that is lost if its page is left. */
export interface Unsaved {
  /** What it belongs to, such as the name of a picture. */
  name: string;
  /** Saves it; false if that failed, which the page says. Left out where it takes more than that. */
  save?: () => Promise<boolean>;
}

/** What people are asked before unsaved work is left. */
export interface Question {
  unsaved: Unsaved;
  answer: (answer: Answer) => void;
}

export type Answer = 'save' | 'discard' | 'cancel';

interface Options {
  replace?: boolean;
  state?: unknown;
}

type Browser = Pick<Window, 'history' | 'location' | 'addEventListener' | 'removeEventListener'>;

/**
 * The history of the tab. While a page holds unsaved work, every way out of it waits for an answer: links, Back and
 * Forward, and what pages do by themselves (leave). A window that is closed or reloaded asks in the browser's own
 * words.
 *
 * Entries of the history are numbered, so that Back and Forward can be told apart and taken back.
 */
export class Navigation {
  private readonly listeners = new Set<() => void>();
  private readonly work = new Set<Unsaved>();
  private number: number;
  private shown: string;
  private asking: Question | undefined;

  constructor(private readonly browser: Browser) {
    this.number = this.numberNow() ?? 0;
    this.shown = browser.location.pathname;
    browser.history.replaceState({ ...this.state(), number: this.number }, '');
    browser.addEventListener('popstate', () => this.moved());
  }

  subscribe = (changed: () => void): (() => void) => {
    this.listeners.add(changed);
    return () => this.listeners.delete(changed);
  };

  /** The path that is shown, which is that of the address unless an answer is waited for. */
  path = (): string => this.shown;

  question = (): Question | undefined => this.asking;

  /** Leads to a path. */
  navigate = (to: string, options: Options = {}): void => this.leave(() => this.go(to, options));

  /** Leads to the page before, or to a path if this is the first one of the window. */
  back(otherwise: string): void {
    this.leave(() => (this.number > 0 ? this.browser.history.back() : this.go(otherwise, { replace: true })));
  }

  /** Declares unsaved work until it is taken back. */
  declare(work: Unsaved): () => void {
    this.work.add(work);
    if (this.work.size === 1) this.browser.addEventListener('beforeunload', stay);
    return () => this.done(work);
  }

  /** Does what ends the present page, at once or when people have answered. */
  leave(then: () => void): void {
    const [unsaved] = this.work;
    if (!unsaved) return then();
    if (this.asking) return;
    const every = [...this.work].every((one) => one.save);
    const question: Question = {
      unsaved: every ? unsaved : { name: unsaved.name },
      answer: (answer) => void (this.asking === question && this.answered(answer, then)), // once
    };
    this.ask(question);
  }

  private async answered(answer: Answer, then: () => void): Promise<void> {
    this.ask(undefined);
    if (answer === 'cancel') return;
    for (const work of [...this.work]) {
      if (answer === 'save' && !(await work.save?.())) return;
      this.done(work);
    }
    then();
  }

  private done(work: Unsaved): void {
    if (this.work.delete(work) && this.work.size === 0) this.browser.removeEventListener('beforeunload', stay);
  }

  private ask(question: Question | undefined): void {
    this.asking = question;
    this.tell();
  }

  private go(to: string, { replace = false, state }: Options): void {
    if (!replace) this.number++;
    this.browser.history[replace ? 'replaceState' : 'pushState'](
      { ...(state as object | undefined), number: this.number },
      '',
      to,
    );
    this.show();
  }

  /** The browser has moved in the history. */
  private moved(): void {
    const by = (this.numberNow() ?? 0) - this.number;
    if (by !== 0 && this.work.size > 0) {
      this.browser.history.go(-by); // the page stays, and so does its address
      return this.leave(() => this.browser.history.go(by));
    }
    this.number += by;
    this.show();
  }

  private show(): void {
    this.shown = this.browser.location.pathname;
    this.tell();
  }

  private tell(): void {
    for (const listener of [...this.listeners]) listener();
  }

  private state = () => this.browser.history.state as { number?: unknown } | null;

  private numberNow(): number | undefined {
    const number = this.state()?.number;
    return typeof number === 'number' ? number : undefined;
  }
}

const stay = (event: Event): void => event.preventDefault();
