import type { EditFields, Save, Source } from '../api/client';
import { emptyRecipe, tidy, type Recipe } from '../recipe/recipe';

/** What pictures a bulk edit is about, before it is one. */
export type Chosen =
  | { kind: 'images'; images: { driveId: string; itemId: string }[] }
  | { kind: 'folder'; driveId: string; folderId: string; name: string };

/** Which pictures of a folder are meant. */
export interface Only {
  recursive: boolean;
  /** A pattern of names, or nothing. */
  name: string;
  /** A day, or nothing. */
  since: string;
}

/** A bulk edit that is being put together: everything that it would do, in one place. */
export interface Draft {
  chosen: Chosen;
  only: Only;
  recipe: Recipe;
  save: Save;
  /** A call for it that may not have been answered: made again, it is for the same bulk edit. */
  begun?: { key: string; dryRun: boolean };
  /** Ids of the dry runs that were started from it. */
  tried: string[];
  /** Whether its edit was started. */
  started?: boolean;
}

/** What the API takes for a draft. */
export function editOf({ chosen, only, recipe, save }: Draft): EditFields {
  return {
    source: sourceOf(chosen, only),
    recipe: tidy(recipe),
    save: save.target === 'copy' ? save : { ...save, name: undefined, onConflict: undefined },
  };
}

function sourceOf(chosen: Chosen, { recursive, name, since }: Only): Source {
  if (chosen.kind === 'images') return { images: chosen.images.map(({ driveId, itemId }) => ({ driveId, itemId })) };
  return {
    folder: {
      driveId: chosen.driveId,
      itemId: chosen.folderId,
      recursive,
      ...(name.trim() && { names: [name.trim()] }),
      ...(since && { changedSince: new Date(`${since}T00:00:00`).toISOString() }),
    },
  };
}

interface Kept {
  owner: string;
  /** When it was begun, in milliseconds. */
  at: number;
  draft: Draft;
}

const prefix = 'image-pro-draft-';
const most = 20; // drafts that are kept

/** The session storage of the window, unless the browser allows none. */
export function sessionOf(window: { sessionStorage: Storage }): Storage | undefined {
  try {
    return window.sessionStorage;
  } catch {
    return undefined;
  }
}

/**
 * The drafts of a user, by their ids. They are in the window's session storage, so that they outlive a reload and end
 * with the window; the page's memory holds what the storage does not take. Drafts of who used the window before are
 * removed.
 */
export class Drafts {
  private readonly memory = new Map<string, string>();

  constructor(
    private readonly owner: string,
    private readonly storage: Storage | undefined,
  ) {
    for (const key of this.keys()) {
      if (this.read(key)?.owner !== owner) this.remove(key);
    }
  }

  /** Begins a draft and returns its id. It goes on with the one before, if that was not started. */
  begin(chosen: Chosen, recipe?: Recipe): string {
    const before = this.byAge().at(-1)?.kept.draft;
    const base = before && !before.started ? before : undefined;
    const again = base && JSON.stringify(base.chosen) === JSON.stringify(chosen); // the same folder
    const id = crypto.randomUUID();
    const draft: Draft = {
      chosen,
      only: again ? base.only : { recursive: true, name: '', since: '' },
      recipe: recipe ?? base?.recipe ?? emptyRecipe,
      save: base?.save ?? { target: 'newVersion' },
      tried: [],
    };
    this.write(prefix + id, { owner: this.owner, at: Date.now(), draft });
    for (const { key } of this.byAge().slice(0, -most)) this.remove(key);
    return id;
  }

  get = (id: string): Draft | undefined => this.read(prefix + id)?.draft;

  /** Keeps a draft in its present form. */
  put(id: string, draft: Draft): void {
    const kept = this.read(prefix + id);
    if (kept) this.write(prefix + id, { ...kept, draft });
  }

  /** The id of the draft that a dry run was started from. */
  triedBy = (job: string): string | undefined =>
    this.byAge()
      .find(({ kept }) => kept.draft.tried.includes(job))
      ?.key.slice(prefix.length);

  /** Removes all drafts. */
  clear(): void {
    for (const key of this.keys()) this.remove(key);
  }

  private keys(): string[] {
    const stored = Array.from({ length: this.storage?.length ?? 0 }, (_, at) => this.storage!.key(at) ?? '');
    return [...stored.filter((key) => key.startsWith(prefix)), ...this.memory.keys()];
  }

  private byAge(): { key: string; kept: Kept }[] {
    const all = this.keys().flatMap((key) => {
      const kept = this.read(key);
      return kept ? [{ key, kept }] : [];
    });
    return all.sort((a, b) => a.kept.at - b.kept.at);
  }

  private read(key: string): Kept | undefined {
    try {
      return JSON.parse(this.memory.get(key) ?? this.storage?.getItem(key) ?? '') as Kept;
    } catch {
      return undefined; // there is none, or it is none of ours
    }
  }

  /** Writes a draft; older ones make room for it. */
  private write(key: string, kept: Kept): void {
    const text = JSON.stringify(kept);
    this.remove(key);
    while (this.storage) {
      try {
        return this.storage.setItem(key, text);
      } catch {
        const oldest = this.byAge().find((one) => !this.memory.has(one.key));
        if (!oldest) break;
        this.remove(oldest.key);
      }
    }
    this.memory.set(key, text);
  }

  private remove(key: string): void {
    this.memory.delete(key);
    this.storage?.removeItem(key);
  }
}
