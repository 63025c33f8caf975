/** A picture as the editor has it between two crops, in the words of POST /api/recipes/from-editor. */
export interface Epoch {
  background: unknown;
  objects: unknown;
  crop?: { left: number; top: number; width: number; height: number };
}

/**
 * Remembers what was on the canvas before each crop, which the editor carries out at once. It follows the editor's own undo
 * and redo by the length of its undo stack.
 */
export class Epochs {
  private all: { at: number; epoch: Epoch }[] = [];
  private length = 0;
  private replaying = false;

  /** The epochs that were ended by crops which are not undone. */
  get ended(): Epoch[] {
    return this.all.filter(({ at }) => at <= this.length).map(({ epoch }) => epoch);
  }

  /** Notes what was there before a crop that has just been carried out. */
  cropped(epoch: Epoch): void {
    this.all = [...this.all.filter(({ at }) => at < this.length), { at: this.length, epoch }];
  }

  /** The undo stack has another length. One that grew by anything but redo makes what was undone unreachable. */
  stack(length: number): void {
    if (length > this.length && !this.replaying) this.all = this.all.filter(({ at }) => at < length);
    this.length = length;
  }

  /** Lets the editor redo. */
  async redo<R>(work: () => Promise<R>): Promise<R> {
    this.replaying = true;
    try {
      return await work();
    } finally {
      this.replaying = false;
    }
  }
}
