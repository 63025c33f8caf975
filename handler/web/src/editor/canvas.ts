import ImageEditor from 'tui-image-editor';
import { Epochs, type Epoch } from './epochs';

/** The parts of fabric that are asked for beside the editor's own interface. */
interface Fabric {
  toJSON(properties: string[]): { backgroundImage?: Record<string, unknown>; objects: unknown[] };
  getActiveObject(): Shape | null;
  renderAll(): void;
}

interface Shape {
  left: number;
  top: number;
  width: number;
  height: number;
  scaleX: number;
  scaleY: number;
  set(values: Record<string, number>): void;
  setCoords(): void;
  getCenterPoint(): { x: number; y: number };
}

interface Inside {
  _graphics: { getCanvas(): Fabric };
}

/** What POST /api/recipes/from-editor takes. */
export interface EditorState {
  width: number;
  height: number;
  epochs: Epoch[];
}

export type Tool = 'crop' | 'draw' | 'line' | 'none';

export interface Changes {
  canUndo: boolean;
  canRedo: boolean;
  /** The object that is chosen, if there is one. */
  object?: { id: number; type: string; fill?: string; text?: string };
}

/** The editor on a picture: Toast UI's, without its own buttons. */
export class Canvas {
  private readonly editor: ImageEditor;
  private readonly epochs = new Epochs();
  private changes: Changes = { canUndo: false, canRedo: false };

  private constructor(element: HTMLElement, private readonly size: { width: number; height: number }, private readonly onChange: (changes: Changes) => void) {
    const tui = window as { tui?: { usageStatistics?: boolean } };
    tui.tui = { ...tui.tui, usageStatistics: false };
    this.editor = new ImageEditor(element, {
      cssMaxWidth: Math.max(200, element.clientWidth), cssMaxHeight: Math.max(200, element.clientHeight), usageStatistics: false,
      selectionStyle: { cornerSize: 16, rotatingPointOffset: 50 },
    });
  }

  /** Opens a picture. The size is that of the picture itself, which may be larger than what is shown. */
  static async open(element: HTMLElement, url: string, size: { width: number; height: number }, onChange: (changes: Changes) => void): Promise<Canvas> {
    const canvas = new Canvas(element, size, onChange);
    await canvas.editor.loadImageFromURL(url, 'picture');
    canvas.editor.clearUndoStack();
    canvas.listen();
    return canvas;
  }

  private listen(): void {
    const tell = (changes: Partial<Changes>) => this.onChange((this.changes = { ...this.changes, ...changes }));
    this.editor.on('undoStackChanged', (length: number) => {
      this.epochs.stack(length);
      tell({ canUndo: length > 0 });
    });
    this.editor.on('redoStackChanged', (length: number) => tell({ canRedo: length > 0 }));
    this.editor.on('objectActivated', (object: NonNullable<Changes['object']>) => tell({ object: object.type === 'cropzone' ? undefined : object }));
    this.editor.on('selectionCleared', () => tell({ object: undefined }));
  }

  private get fabric(): Fabric {
    return (this.editor as unknown as Inside)._graphics.getCanvas();
  }

  private read(): Epoch {
    const { backgroundImage, objects } = this.fabric.toJSON(['arrowType']);
    const { src: _, ...background } = backgroundImage ?? {};
    return { background, objects };
  }

  /** Everything that was done, for the API to make a recipe of. */
  state(): EditorState {
    this.use('none');
    this.editor.discardSelection();
    return { ...this.size, epochs: [...this.epochs.ended, this.read()] };
  }

  undo = () => this.editor.undo().catch(() => {});
  redo = () => this.epochs.redo(() => this.editor.redo()).catch(() => {});

  /** Undoes everything. */
  async reset(): Promise<void> {
    while (!this.editor.isEmptyUndoStack()) await this.editor.undo();
  }

  flip = (axis: 'x' | 'y') => (axis === 'x' ? this.editor.flipX() : this.editor.flipY());
  rotate = (angle: number) => this.editor.rotate(angle);

  use(tool: Tool, options: { color?: string; width?: number } = {}): void {
    this.editor.stopDrawingMode();
    const { color = '#ff0000', width = 12 } = options;
    switch (tool) {
      case 'crop':
        this.editor.startDrawingMode('CROPPER');
        this.editor.setCropzoneRect(this.size.width / this.size.height);
        break;
      case 'draw':
        this.editor.startDrawingMode('FREE_DRAWING', { width, color });
        break;
      case 'line':
        this.editor.startDrawingMode('LINE_DRAWING', { width, color });
        break;
    }
  }

  /** Frames a part of the picture with sides in this ratio, to be cropped. */
  frame = (ratio: number) => this.editor.setCropzoneRect(ratio);

  /** Cuts the picture to the frame. */
  async crop(): Promise<void> {
    const crop = this.editor.getCropzoneRect();
    if (!crop || crop.width < 1 || crop.height < 1) return;
    this.editor.stopDrawingMode();
    const epoch = { ...this.read(), crop: { left: crop.left, top: crop.top, width: crop.width, height: crop.height } };
    await this.editor.crop(crop);
    this.epochs.cropped(epoch);
  }

  /** Adds a shape in the middle of the picture. */
  shape(type: string, color: string, width: number): Promise<unknown> {
    const { width: across, height } = this.editor.getCanvasSize();
    const side = Math.min(across, height) / 3;
    return this.editor.addShape(type, { stroke: color, fill: 'transparent', strokeWidth: width, width: side, height: side, rx: side / 2, ry: side / 2, left: across / 2, top: height / 2 });
  }

  async text(words: string, color: string): Promise<void> {
    const { width, height } = this.editor.getCanvasSize();
    await this.editor.addText(words, { styles: { fill: color, fontSize: Math.round(Math.min(width, height) / 12) }, position: { x: width / 4, y: height / 2 } });
  }

  /** Changes the object that is chosen. */
  async change(id: number, type: string, to: { text?: string; color?: string }): Promise<void> {
    if (to.text !== undefined) await this.editor.changeText(id, to.text);
    if (to.color === undefined) return;
    if (type.includes('text')) await this.editor.changeTextStyle(id, { fill: to.color });
    else await this.editor.changeShape(id, { stroke: to.color });
  }

  remove = () => this.editor.removeActiveObject();

  /** Moves what is chosen, or the frame of a crop, by so many pixels of the picture as it is shown. */
  async move(x: number, y: number): Promise<void> {
    const shape = this.fabric.getActiveObject();
    if (!shape) return;
    const { object } = this.changes;
    if (object) {
      const centre = shape.getCenterPoint();
      await this.editor.setObjectPosition(object.id, { x: centre.x + x, y: centre.y + y, originX: 'center', originY: 'center' });
      return;
    }
    const { width, height } = this.editor.getCanvasSize();
    this.place(shape, { left: within(shape.left + x, 0, width - shape.width), top: within(shape.top + y, 0, height - shape.height) });
  }

  /** Makes what is chosen, or the frame of a crop, larger by a factor, or smaller. */
  grow(factor: number): void {
    const shape = this.fabric.getActiveObject();
    if (!shape) return;
    if (this.changes.object) return this.place(shape, { scaleX: shape.scaleX * factor, scaleY: shape.scaleY * factor });
    const size = this.editor.getCanvasSize();
    const most = Math.min(factor, size.width / shape.width, size.height / shape.height);
    const [width, height] = [shape.width * most, shape.height * most];
    this.place(shape, { width, height, left: within(shape.left, 0, size.width - width), top: within(shape.top, 0, size.height - height) });
  }

  private place(shape: Shape, values: Record<string, number>): void {
    shape.set(values);
    shape.setCoords();
    this.fabric.renderAll();
  }

  /** Sets a filter, or takes it away. Silently while a slider is moved: that is no step to undo. */
  async filter(type: string, options: Record<string, unknown> | undefined, silently = false): Promise<void> {
    if (options) await this.editor.applyFilter(type, options as never, silently);
    else if (this.editor.hasFilter(type)) await this.editor.removeFilter(type);
  }

  has = (type: string): boolean => this.editor.hasFilter(type);

  close(): void {
    this.editor.destroy();
  }
}

const within = (value: number, least: number, most: number): number => Math.max(least, Math.min(most, value));
