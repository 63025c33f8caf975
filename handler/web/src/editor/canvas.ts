import ImageEditor from 'tui-image-editor';
import { hexOf, withFilter, type Filter } from './filters';

/** The parts of fabric that are asked for beside the editor's own interface. */
interface Fabric {
  toJSON: (properties: string[]) => { backgroundImage?: Record<string, unknown>; objects: { type: string }[] };
  on: (events: Record<string, (event: { target?: Shape }) => void>) => void;
  getWidth: () => number;
  getHeight: () => number;
  getObjects: () => Shape[];
  getActiveObject: () => Shape | null;
  setActiveObject: (object: Shape) => void;
  discardActiveObject: () => void;
  setBackgroundImage: (image: Picture, done: () => void) => void;
  add: (...objects: Shape[]) => void;
  insertAt: (object: Shape, index: number) => void;
  remove: (...objects: Shape[]) => void;
  renderAll: () => void;
}

type Values = Record<string, unknown>;

interface Shape extends Values {
  type: string;
  left: number;
  top: number;
  width: number;
  height: number;
  scaleX: number;
  scaleY: number;
  set: (values: Values) => void;
  setCoords: () => void;
  getCenterPoint: () => { x: number; y: number };
  getObjects: () => Shape[];
  exitEditing: () => void;
}

/** The picture itself. */
interface Picture {
  filters: { type: string; options?: Filter['options'] }[];
  applyFilters: () => void;
  render: (context: CanvasRenderingContext2D) => void;
  toObject: () => Record<string, unknown>;
  getSrc: () => string;
}

/** A step of the editor's history. Those that crop hold what was there before. */
interface Command {
  execute: () => Promise<unknown>;
  undo: () => Promise<unknown>;
  epoch?: Epoch;
}

/** The parts of the editor that it has no interface for. */
interface Inside {
  _graphics: {
    canvasImage: Picture;
    getCanvas: () => Fabric;
    getComponent: (name: 'CROPPER' | 'FILTER' | 'FLIP' | 'ROTATION' | 'SHAPE') => {
      _createFilter: (picture: Picture, type: string, options: Filter['options']) => void;
      flipX: () => Promise<unknown>;
      flipY: () => Promise<unknown>;
      rotate: (angle: number) => Promise<unknown>;
      add: (type: string, options: Values) => Promise<unknown>;
    };
    getImageName: () => string;
    setCanvasImage: (name: string, picture: Picture) => void;
    adjustCanvasDimension: () => void;
    resetTargetObjectForCopyPaste: () => void;
    pasteObject: () => Promise<unknown>;
    on: (event: string, handler: (object: Shape) => void) => void;
    off: (event: string) => void;
    _detachZoomEvents: () => void;
  };
  _invoker: {
    _undoStack: Command[];
    execute: (command: Command) => Promise<unknown>;
    pushUndoStack: (command: Command) => void;
  };
  _detachDomEvents: () => void;
  _onObjectModified: (object: Shape) => void;
}

/** A picture as the editor has it between two crops, in the words of POST /api/recipes/from-editor. */
export interface Epoch {
  background: unknown;
  objects: unknown;
  crop?: Frame;
}

interface Frame {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** What POST /api/recipes/from-editor takes. */
export interface EditorState {
  width: number;
  height: number;
  epochs: Epoch[];
}

export type Tool = 'crop' | 'draw' | 'line' | 'none';

/** What is on the canvas, and what can be done with it. Panels show this, and nothing that they remember. */
export interface Shown {
  /** Whether there is anything to be saved, and to be undone: something was done, or a frame was drawn. */
  changed: boolean;
  canRedo: boolean;
  tool: Tool;
  filters: Filter[];
  /** What is selected, if anything is. */
  object?: { color: string; width?: number; text?: string };
  /** All texts. */
  texts: string[];
}

export const nothing: Shown = { changed: false, canRedo: false, tool: 'none', filters: [], texts: [] };

/** A change of objects that another one may be added to. */
interface Change {
  command: Command;
  objects: Shape[];
  names: string;
  at: number;
  again: (values: Values) => void;
}

const soon = 1000; // milliseconds within which changes of the same kind are one step of the history

/** The editor on a picture: Toast UI's, without its own buttons. */
export class Canvas {
  private readonly editor: ImageEditor;
  private readonly inside: Inside;
  private tool: Tool = 'none';
  private pen = { color: '#ff0000', width: 12 };
  private canRedo = false;
  private closed = false;
  /** The change of objects that was made last. */
  private latest: Change | undefined;
  /** The filters before a change of one that is not at its end, such as the move of a slider. */
  private moving: { type: string; before: Filter[] } | undefined;
  /** The text that is written on the canvas, or was just written, and its words before. */
  private writing: { object: Shape; before: unknown } | undefined;

  private constructor(
    element: HTMLElement,
    private readonly size: { width: number; height: number },
    private readonly onChange: (shown: Shown) => void,
  ) {
    const tui = window as { tui?: { usageStatistics?: boolean } };
    tui.tui = { ...tui.tui, usageStatistics: false };
    this.editor = new ImageEditor(element, {
      cssMaxWidth: Math.max(200, element.clientWidth),
      cssMaxHeight: Math.max(200, element.clientHeight),
      usageStatistics: false,
      selectionStyle: { cornerSize: 16, rotatingPointOffset: 50 },
    });
    this.inside = this.editor as unknown as Inside;
    this.inside._detachDomEvents(); // its keys work in every field of the page: Backspace in one removes a shape
    this.inside._graphics._detachZoomEvents();
  }

  /** Opens a picture. The size is that of the picture itself, which may be larger than what is shown. */
  static async open(
    element: HTMLElement,
    url: string,
    size: { width: number; height: number },
    onChange: (shown: Shown) => void,
  ): Promise<Canvas> {
    const canvas = new Canvas(element, size, onChange);
    await canvas.editor.loadImageFromURL(url, 'picture');
    canvas.editor.clearUndoStack();
    canvas.listen();
    canvas.tell();
    return canvas;
  }

  private listen(): void {
    const { _graphics: graphics } = this.inside;
    const tell = () => this.tell();
    this.editor.on('undoStackChanged', tell);
    this.editor.on('redoStackChanged', (length: number) => {
      this.canRedo = length > 0;
      tell();
    });
    graphics.on('addObject', () => this.editor.clearRedoStack()); // by hand
    graphics.off('objectModified');
    graphics.on('objectModified', (object) => this.modified(object));
    this.fabric.on({
      'selection:created': tell,
      'selection:updated': tell,
      'selection:cleared': tell,
      'mouse:up': tell,
      'text:changed': tell,
      'text:editing:entered': ({ target }) => {
        if (target) this.writing = { object: target, before: target.text };
      },
      'text:editing:exited': ({ target }) => {
        if (target?.text === this.writing?.before) this.writing = undefined; // else it is told that it was modified
      },
      'object:added': ({ target }) => {
        if (target && !isText(target)) target.set({ strokeUniform: true }); // as wide in all directions, as it is saved
      },
    });
  }

  private get fabric(): Fabric {
    return this.inside._graphics.getCanvas();
  }

  private tell(): void {
    if (!this.closed) this.onChange(this.shown());
  }

  private shown(): Shown {
    return {
      changed: !this.editor.isEmptyUndoStack() || this.moving !== undefined || this.frameNow() !== undefined,
      canRedo: this.canRedo,
      tool: this.tool,
      filters: this.filtersNow(),
      object: this.selected(),
      texts: this.fabric
        .getObjects()
        .filter(isText)
        .map((object) => object.text as string),
    };
  }

  private selected(): Shown['object'] {
    const [first] = this.chosen();
    if (!first) return undefined;
    return isText(first)
      ? { color: hexOf(first.fill), text: this.chosen().length === 1 ? (first.text as string) : undefined }
      : { color: hexOf(first.stroke), width: first.strokeWidth as number };
  }

  /** The objects that are selected, without the frame of a crop. */
  private chosen(): Shape[] {
    const active = this.fabric.getActiveObject();
    if (!active || active.type === 'cropzone') return [];
    return active.type === 'activeSelection' ? active.getObjects() : [active];
  }

  // The history

  /** Does something as a step of the history. */
  private async step(command: Command): Promise<void> {
    const executed = this.inside._invoker.execute(command);
    this.tell(); // at once, for the field that somebody types in
    await executed;
    this.tell();
  }

  /** Notes something that is done already as a step of the history. */
  private done(command: Command): void {
    this.editor.clearRedoStack();
    this.inside._invoker.pushUndoStack(command);
  }

  /** Changes objects as a step of the history, or as a part of the last one if that changed the same just before. */
  private async change(objects: Shape[], values: Values): Promise<void> {
    if (objects.length === 0) return;
    const names = Object.keys(values);
    const { latest } = this;
    if (
      latest &&
      latest.command === this.inside._invoker._undoStack.at(-1) &&
      same(latest.objects, objects) &&
      latest.names === names.join() &&
      performance.now() - latest.at < soon
    ) {
      this.editor.clearRedoStack();
      latest.again(values);
      return this.tell();
    }
    const before = objects.map((object) => Object.fromEntries(names.map((name) => [name, object[name]])));
    let after = values;
    const put = async (all: Values[]) => {
      objects.forEach((object, at) => {
        object.set(all[at]);
        object.setCoords();
      });
      this.fabric.renderAll();
    };
    const command: Command = { execute: () => put(objects.map(() => after)), undo: () => put(before) };
    const change: Change = {
      command,
      objects,
      names: names.join(),
      at: performance.now(),
      again: (next) => {
        [after, change.at] = [next, performance.now()];
        void command.execute();
      },
    };
    await this.step(command);
    this.latest = change;
  }

  /** Something was moved, turned or resized by hand, or a text was written. */
  private modified(object: Shape): void {
    if (object.type === 'cropzone') return this.tell();
    const { writing } = this;
    if (writing?.object === object) {
      const [before, after] = [writing.before, object.text];
      this.writing = undefined;
      const put = async (text: unknown) => this.place(object, { text });
      return this.done({ execute: () => put(after), undo: () => put(before) });
    }
    this.editor.clearRedoStack();
    this.inside._onObjectModified(object);
  }

  /** Ends what is going on, so that it is a step of the history: a text that is written, a slider that is moved. */
  finish(): void {
    for (const object of this.chosen()) {
      if (object.isEditing) object.exitEditing();
    }
    if (!this.moving) return;
    const [before, after] = [this.moving.before, this.filtersNow()];
    this.moving = undefined;
    this.done(this.filtering(before, after));
  }

  /** Takes the last step back, or a frame that was drawn and is not applied. */
  undo = (): Promise<void> => this.again(this.frameNow() ? async () => {} : () => this.editor.undo());

  redo = (): Promise<void> => this.again(() => this.editor.redo());

  /** Undoes everything. */
  reset(): Promise<void> {
    return this.again(async () => {
      while (!this.editor.isEmptyUndoStack()) await this.editor.undo();
    });
  }

  /** Moves in the history with no tool in hand, and takes the tool again. */
  private async again(move: () => Promise<unknown>): Promise<void> {
    this.finish();
    const { tool } = this;
    this.putAway();
    await move().catch(() => {}); // there is nothing to undo
    this.take(tool);
  }

  // Tools

  /** Takes a tool in hand. A frame that was drawn is applied. */
  async use(tool: Tool, pen: Partial<typeof this.pen> = {}): Promise<void> {
    this.pen = { ...this.pen, ...pen };
    this.finish();
    await this.settle();
    this.putAway();
    this.take(tool);
  }

  private putAway(): void {
    this.editor.stopDrawingMode();
    this.tool = 'none';
  }

  private take(tool: Tool): void {
    switch (tool) {
      case 'crop':
        this.editor.startDrawingMode('CROPPER');
        this.frame(undefined);
        break;
      case 'draw':
        this.editor.startDrawingMode('FREE_DRAWING', this.pen);
        break;
      case 'line':
        this.editor.startDrawingMode('LINE_DRAWING', this.pen);
        break;
    }
    this.tool = tool;
    this.tell();
  }

  /** Frames a part of the picture with sides in this ratio, to be cropped, or all of it. */
  frame(ratio: number | undefined): void {
    const { width, height } = this.dimensions();
    this.editor.setCropzoneRect(ratio ?? width / height);
    const all = { left: 0, top: 0, width, height, presetRatio: null };
    if (ratio === undefined) this.place(this.fabric.getActiveObject()!, all);
    this.tell();
  }

  /** The frame in whole pixels of the canvas; nothing if there is none, or if all of the picture is in it. */
  private frameNow(): Frame | undefined {
    if (this.tool !== 'crop') return undefined;
    const zone = this.editor.getCropzoneRect() as Frame | null;
    if (!zone) return undefined;
    const whole = this.dimensions();
    const [left, top] = [
      within(Math.round(zone.left), 0, whole.width - 1),
      within(Math.round(zone.top), 0, whole.height - 1),
    ];
    const [width, height] = [
      within(Math.round(zone.width), 1, whole.width - left),
      within(Math.round(zone.height), 1, whole.height - top),
    ];
    return width === whole.width && height === whole.height ? undefined : { left, top, width, height };
  }

  /** Crops the picture to the frame, if one was drawn. */
  async settle(): Promise<void> {
    const frame = this.frameNow();
    if (!frame) return;
    this.putAway();
    await this.step(this.cropping(frame));
    this.take('crop');
  }

  /**
   * What crops the picture. Its filters and what was drawn on it stay as they are, to be changed; flips and turns alone
   * are carried out with the crop.
   */
  private cropping(frame: Frame): Command {
    const graphics = this.inside._graphics;
    const whole = graphics.canvasImage;
    const { filters } = whole;
    whole.filters = [];
    whole.applyFilters();
    const pixels = document.createElement('canvas');
    [pixels.width, pixels.height] = [frame.width, frame.height];
    const context = pixels.getContext('2d')!;
    context.translate(-frame.left, -frame.top);
    whole.render(context);
    const { src: _, filters: __, ...background } = whole.toObject();
    whole.filters = filters;
    whole.applyFilters();
    const part = new (whole.constructor as new (pixels: HTMLCanvasElement) => Picture)(pixels);
    part.getSrc = () => ''; // nobody needs the pixels as text
    part.filters = [...filters];
    part.applyFilters();
    const show = async (picture: Picture, x: number, y: number) => {
      this.fabric.setBackgroundImage(picture, () => {});
      graphics.setCanvasImage(graphics.getImageName(), picture);
      graphics.adjustCanvasDimension();
      this.fabric.discardActiveObject();
      for (const object of this.fabric.getObjects()) {
        object.set({ left: object.left + x, top: object.top + y });
        object.setCoords();
      }
      this.fabric.renderAll();
    };
    return {
      execute: () => show(part, -frame.left, -frame.top),
      undo: () => show(whole, frame.left, frame.top),
      epoch: { background, objects: [], crop: frame },
    };
  }

  flip = (axis: 'x' | 'y'): Promise<void> => {
    const flips = this.inside._graphics.getComponent('FLIP');
    const flip = async () => {
      await (axis === 'x' ? flips.flipX() : flips.flipY());
      for (const object of this.fabric.getObjects()) {
        if (isText(object)) object.set({ flipX: false, flipY: false }); // texts are not mirrored when they are saved
      }
      this.fabric.renderAll();
    };
    return this.step({ execute: flip, undo: flip });
  };

  rotate(angle: number): Promise<void> {
    const turns = this.inside._graphics.getComponent('ROTATION');
    return this.step({ execute: () => turns.rotate(angle), undo: () => turns.rotate(-angle) });
  }

  // Filters

  private filtersNow = (): Filter[] =>
    this.inside._graphics.canvasImage.filters.map(({ type, options }) => ({ type, options: options ?? {} }));

  private applyFilters(filters: readonly Filter[]): void {
    const { canvasImage: picture } = this.inside._graphics;
    const component = this.inside._graphics.getComponent('FILTER');
    picture.filters = [];
    for (const { type, options } of filters) component._createFilter(picture, type, { ...options });
    picture.applyFilters();
    this.fabric.renderAll();
  }

  private filtering = (before: Filter[], after: Filter[]): Command => ({
    execute: async () => this.applyFilters(after),
    undo: async () => this.applyFilters(before),
  });

  /** Sets a filter, or takes it away: a step of the history, unless more follows, as while a slider is moved. */
  async filter(type: string, options: Filter['options'] | undefined, more = false): Promise<void> {
    if (this.moving && this.moving.type !== type) this.finish();
    const before = this.moving?.before ?? this.filtersNow();
    const after = withFilter(before, type, options);
    this.moving = more ? { type, before } : undefined;
    if (!more && JSON.stringify(before) !== JSON.stringify(after)) return this.step(this.filtering(before, after));
    this.applyFilters(after);
    this.tell();
  }

  // Objects

  /** Adds a shape in the middle of the picture. */
  async shape(type: 'rect' | 'circle' | 'triangle', color: string, width: number): Promise<void> {
    await this.use('none');
    const all = this.dimensions();
    const side = Math.min(all.width, all.height) / 3;
    const round = type === 'circle' ? { rx: side / 2, ry: side / 2 } : {}; // of a rectangle these are its corners
    const look = { stroke: color, fill: 'transparent', strokeWidth: width };
    const place = { width: side, height: side, left: all.width / 2, top: all.height / 2 };
    await this.inside._graphics.getComponent('SHAPE').add(type, { ...look, ...place, ...round });
    const { fabric } = this;
    const object = fabric.getActiveObject()!;
    this.done({ execute: async () => fabric.add(object), undo: async () => fabric.remove(object) });
  }

  /** Adds a text in the middle of the picture, which can be written over at once. */
  async text(words: string, color: string): Promise<void> {
    await this.use('none');
    this.fabric.discardActiveObject(); // else that would stay selected, and not the text
    const { width, height } = this.dimensions();
    await this.editor.addText(words, {
      styles: { fill: color, fontSize: Math.round(Math.min(width, height) / 12), fontFamily: 'sans-serif' },
      position: { x: 0, y: 0 },
    });
    // About its middle, as the editor flips and turns.
    const middle = { left: width / 2, top: height / 2, originX: 'center', originY: 'center' };
    this.place(this.fabric.getActiveObject()!, middle);
    this.tell();
  }

  /** Changes what is selected. */
  async set({ text, color, width }: { text?: string; color?: string; width?: number }): Promise<void> {
    this.finish();
    const objects = this.chosen();
    const [texts, shapes] = [objects.filter(isText), objects.filter((object) => !isText(object))];
    if (text !== undefined) await this.change(texts.slice(0, 1), { text });
    if (color !== undefined) {
      await this.change(texts, { fill: color });
      await this.change(shapes, { stroke: color });
    }
    if (width !== undefined) await this.change(shapes, { strokeWidth: width });
  }

  /** Deletes what is selected. */
  async remove(): Promise<void> {
    const objects = this.chosen();
    if (objects.length === 0) return;
    const { fabric } = this;
    fabric.discardActiveObject(); // which gives objects of a selection their own places back
    const places = objects
      .map((object) => ({ object, at: fabric.getObjects().indexOf(object) }))
      .sort((a, b) => a.at - b.at);
    await this.step({
      execute: async () => fabric.remove(...objects),
      undo: async () => places.forEach(({ object, at }) => fabric.insertAt(object, at)),
    });
  }

  copy(): void {
    if (this.chosen().length > 0) this.inside._graphics.resetTargetObjectForCopyPaste();
  }

  async paste(): Promise<void> {
    if (this.tool !== 'crop') await this.inside._graphics.pasteObject();
  }

  /** Moves what is selected, or the frame of a crop, by so many pixels of the canvas. */
  async move(x: number, y: number): Promise<void> {
    const [object, ...more] = this.chosen();
    if (more.length > 0) return;
    if (object) return this.change([object], { left: object.left + x, top: object.top + y });
    const zone = this.zone();
    if (!zone) return;
    const { width, height } = this.dimensions();
    this.place(zone, {
      left: within(zone.left + x, 0, width - zone.width),
      top: within(zone.top + y, 0, height - zone.height),
    });
    this.tell();
  }

  /** Makes what is selected, or the frame of a crop, larger by a factor, or smaller. */
  async grow(factor: number): Promise<void> {
    const [object, ...more] = this.chosen();
    if (more.length > 0) return;
    if (object) return this.change([object], { scaleX: object.scaleX * factor, scaleY: object.scaleY * factor });
    const zone = this.zone();
    if (!zone) return;
    const size = this.dimensions();
    const most = Math.min(factor, size.width / zone.width, size.height / zone.height);
    const [width, height] = [zone.width * most, zone.height * most];
    this.place(zone, {
      width,
      height,
      left: within(zone.left, 0, size.width - width),
      top: within(zone.top, 0, size.height - height),
    });
    this.tell();
  }

  private zone = (): Shape | undefined => this.fabric.getObjects().find(({ type }) => type === 'cropzone');

  private place(shape: Shape, values: Values): void {
    shape.set(values);
    shape.setCoords();
    this.fabric.renderAll();
  }

  /** Of the picture as it is shown: turned and cropped. */
  private dimensions = () => ({ width: this.fabric.getWidth(), height: this.fabric.getHeight() });

  // What is saved

  /** Everything that was done, for the API to make a recipe of. A frame that was drawn is applied first. */
  async state(): Promise<EditorState> {
    this.finish();
    await this.settle();
    const { backgroundImage, objects } = this.fabric.toJSON(['arrowType']);
    const { src: _, ...background } = backgroundImage ?? {};
    const ended = this.inside._invoker._undoStack.flatMap(({ epoch }) => epoch ?? []);
    return {
      ...this.size,
      epochs: [...ended, { background, objects: objects.filter(({ type }) => type !== 'cropzone') }],
    };
  }

  close(): void {
    this.finish();
    this.closed = true;
    this.editor.destroy();
  }
}

const same = (some: readonly Shape[], others: readonly Shape[]): boolean =>
  some.length === others.length && some.every((one, at) => one === others[at]);

const isText = (object: Shape): boolean => object.type === 'i-text' || object.type === 'text';

const within = (value: number, least: number, most: number): number => Math.max(least, Math.min(most, value));
