import {
  Button,
  Checkbox,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
  DialogTrigger,
  Field,
  Input,
  Slider,
  Spinner,
  Tab,
  TabList,
  Text,
  Title3,
  ToggleButton,
  Toolbar,
  ToolbarButton,
  ToolbarDivider,
  makeStyles,
  tokens,
  useRestoreFocusTarget,
} from '@fluentui/react-components';
import {
  ArrowRedo20Regular,
  ArrowReset20Regular,
  ArrowRotateClockwise20Regular,
  ArrowRotateCounterclockwise20Regular,
  ArrowUndo20Regular,
  Delete20Regular,
  Dismiss20Regular,
  FlipHorizontal20Regular,
  FlipVertical20Regular,
  ImageMultiple20Regular,
  Save20Regular,
  SaveCopy20Regular,
  SlideTransition20Regular,
} from '@fluentui/react-icons';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useRef, useState, type KeyboardEvent, type RefObject } from 'react';
import { useTranslation } from 'react-i18next';
import { useLocation } from 'wouter';
import { body, type EditResult, type Entry, type FromEditor } from '../api/client';
import { Problem } from '../api/problem';
import { useApp, type Notice } from '../context';
import { Canvas, nothing, type Shown, type Tool } from '../editor/canvas';
import { looks, strengthIn, strengthOf, strengths } from '../editor/filters';
import { moment } from '../i18n/format';
import { Failure } from '../parts/failure';
import { bulkAt, imagePath, pictureAt } from '../parts/places';
import { useUnsaved } from '../parts/unsaved';
import { Waiting } from '../parts/waiting';
import { warningText } from '../parts/warnings';
import { MissingLetters } from '../recipe/missing-letters';
import { Preview } from '../recipe/preview';
import { isRecipe, type Recipe } from '../recipe/recipe';
import { base } from '../settings';

const useStyles = makeStyles({
  page: { height: '100%', display: 'grid', gridTemplateRows: 'auto minmax(0, 1fr)' },
  bar: {
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    padding: '4px 12px',
    gap: '4px',
    backgroundColor: tokens.colorNeutralBackground1,
    borderBottom: `1px solid ${tokens.colorNeutralStroke2}`,
  },
  name: { flexGrow: 1, minWidth: '80px', overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap' },
  work: {
    minHeight: 0,
    display: 'grid',
    gridTemplateColumns: 'minmax(0, 1fr) 300px',
    '@media (max-width: 760px)': {
      gridTemplateColumns: 'minmax(0, 1fr)',
      gridTemplateRows: 'minmax(200px, 1fr) minmax(160px, 45%)',
    },
  },
  canvas: {
    position: 'relative',
    minHeight: 0,
    overflow: 'hidden',
    display: 'grid',
    placeItems: 'center',
    backgroundColor: tokens.colorNeutralBackground4,
    padding: '12px',
  },
  stage: {
    width: '100%',
    height: '100%',
    minHeight: 0,
    display: 'grid',
    placeItems: 'center',
    '& > div': { marginInline: 'auto' },
  },
  over: { position: 'absolute', inset: 0, display: 'grid', placeItems: 'center' },
  side: {
    overflow: 'auto',
    padding: '12px',
    display: 'grid',
    gap: '12px',
    alignContent: 'start',
    backgroundColor: tokens.colorNeutralBackground1,
    borderLeft: `1px solid ${tokens.colorNeutralStroke2}`,
  },
  tools: { display: 'grid', gap: '12px', alignContent: 'start' },
  row: { display: 'flex', flexWrap: 'wrap', gap: '8px', alignItems: 'center' },
  color: {
    width: '64px',
    height: '32px',
    border: `1px solid ${tokens.colorNeutralStroke1}`,
    borderRadius: tokens.borderRadiusMedium,
    padding: '2px',
    backgroundColor: tokens.colorNeutralBackground1,
  },
});

const side = 2048; // pixels of the picture that is edited on the screen; the result has all of its own

/** Edits one picture. What is saved is made by the API from the picture itself, with all its pixels and metadata. */
export default function Editor({ driveId, itemId }: { driveId: string; itemId: string }) {
  const { api } = useApp();
  const path = { driveId, itemId };
  // It is read once: work on a picture does not go because somebody else saves it, or because a connection comes back.
  const once = { staleTime: Infinity, gcTime: 0, refetchOnReconnect: false } as const;
  const image = useQuery({
    ...once,
    queryKey: ['edited', itemId],
    queryFn: () => body(api.typed.GET('/images/{driveId}/{itemId}', { params: { path } })),
  });
  const picture = useQuery({
    ...once,
    queryKey: ['editing', itemId, image.data?.etag],
    enabled: image.data !== undefined,
    queryFn: async () => {
      const sent = {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ recipe: { version: 1, steps: [] }, size: side }),
      };
      const [shown, explained] = await Promise.all([
        api.get(`${imagePath(path)}/preview`, sent),
        api.get(`${imagePath(path)}/preview?explain=true`, sent),
      ]);
      const { after } = (await explained.json()) as { after: { width: number; height: number } };
      return { blob: await shown.blob(), size: { width: after.width, height: after.height } };
    },
  });
  const problem = image.error ?? picture.error;
  if (image.data && picture.data)
    return (
      <Work
        key={image.data.etag}
        entry={image.data}
        blob={picture.data.blob}
        size={picture.data.size}
        onReload={() => void image.refetch()}
      />
    );
  return problem ? (
    <Failure problem={problem} again={() => void (image.error ? image : picture).refetch()} />
  ) : (
    <Waiting />
  );
}

function Work({
  entry,
  blob,
  size,
  onReload,
}: {
  entry: Entry;
  blob: Blob;
  size: { width: number; height: number };
  onReload: () => void;
}) {
  const { t } = useTranslation();
  const styles = useStyles();
  const { api, announce, drafts, navigation, notify } = useApp();
  const queries = useQueryClient();
  const [, go] = useLocation();
  const stage = useRef<HTMLDivElement>(null);
  const [canvas, setCanvas] = useState<Canvas>();
  const [shown, setShown] = useState(nothing);
  const [broken, setBroken] = useState<unknown>();
  const [compared, setCompared] = useState<Recipe>();
  const restoreFocus = useRestoreFocusTarget();

  useEffect(() => {
    const url = URL.createObjectURL(blob);
    let gone = false;
    const opening = Canvas.open(stage.current!, url, size, setShown);
    opening.then((open) => !gone && setCanvas(open), setBroken);
    return () => {
      gone = true;
      URL.revokeObjectURL(url);
      void opening.then(
        (open) => open.close(),
        () => {},
      );
    };
  }, [blob, size]);

  const convert = useCallback(
    async (): Promise<FromEditor> =>
      body(api.typed.POST('/recipes/from-editor', { body: (await canvas!.state()) as never })),
    [api, canvas],
  );
  const save = useMutation({
    mutationFn: async (copy?: string) => {
      const { recipe, notes } = await convert();
      const result = await body(
        api.typed.POST('/images/{driveId}/{itemId}/edits', {
          params: { path: { driveId: entry.driveId, itemId: entry.itemId }, header: { 'If-Match': entry.etag ?? '' } },
          body: {
            recipe,
            save: copy ? { target: 'copy', name: copy, onConflict: 'rename' } : { target: 'newVersion' },
          },
        }),
      );
      return { result, notes: notes ?? [] };
    },
    onSuccess: ({ result, notes }) => {
      const { item } = result;
      const notice = noticeOf(t, result, notes);
      notify(notice);
      if (!notice) announce(t('editor.saved', { name: item.name }));
      queries.setQueryData(['image', item.itemId], item);
      void queries.invalidateQueries({ queryKey: ['items', entry.driveId] });
    },
  });
  const saving = useRef<Promise<EditResult | undefined>>(undefined); // at most one at a time, whoever asks for it
  const saveOnce = (copy?: string) =>
    (saving.current ??= save.mutateAsync(copy).then(
      ({ result }) => result,
      () => (saving.current = undefined),
    ));
  const goOn = useUnsaved(shown.changed, entry.name ?? '', async () => (await saveOnce()) !== undefined);
  const saveAndShow = async (copy?: string) => {
    if (saving.current) return;
    const result = await saveOnce(copy);
    if (!result || !stage.current) return; // somebody went elsewhere meanwhile
    goOn();
    go(pictureAt(result.item));
  };
  const recipe = useMutation({ mutationFn: convert });
  const withRecipe = (next: (recipe: Recipe) => void) =>
    recipe.mutate(undefined, { onSuccess: ({ recipe: made }) => isRecipe(made) && next(made) });
  const applyToMore = () =>
    withRecipe((made) => {
      const id = drafts.begin(
        { kind: 'folder', driveId: entry.driveId, folderId: entry.parentId ?? 'root', name: t('editor.itsFolder') },
        made,
      );
      goOn(); // the work comes along
      go(bulkAt(id));
    });
  const busy = !canvas || save.isPending || save.isSuccess || recipe.isPending;
  useShortcuts(busy ? undefined : canvas, stage);
  const notes = recipe.data?.notes ?? [];
  const stale = save.error instanceof Problem && save.error.kind === 'stale' ? save.error : undefined;
  return (
    <div className={styles.page}>
      <Toolbar className={styles.bar} aria-label={t('editor.actions')}>
        <Title3 as="h1" className={styles.name}>
          {entry.name}
        </Title3>
        <ToolbarButton
          icon={<ArrowUndo20Regular />}
          aria-label={t('editor.undo')}
          title={t('editor.undo')}
          disabled={busy || !shown.changed}
          onClick={() => void canvas?.undo()}
        />
        <ToolbarButton
          icon={<ArrowRedo20Regular />}
          aria-label={t('editor.redo')}
          title={t('editor.redo')}
          disabled={busy || !shown.canRedo}
          onClick={() => void canvas?.redo()}
        />
        <ToolbarButton
          icon={<ArrowReset20Regular />}
          aria-label={t('editor.reset')}
          title={t('editor.reset')}
          disabled={busy || !shown.changed}
          onClick={() => void canvas?.reset()}
        />
        <ToolbarDivider />
        <ToolbarButton
          icon={<SlideTransition20Regular />}
          disabled={busy}
          onClick={() => withRecipe(setCompared)}
          {...restoreFocus}
        >
          {t('editor.compare')}
        </ToolbarButton>
        <ToolbarButton icon={<ImageMultiple20Regular />} disabled={busy || !shown.changed} onClick={applyToMore}>
          {t('editor.more')}
        </ToolbarButton>
        <ToolbarDivider />
        <SaveCopy name={entry.name ?? ''} disabled={busy || !shown.changed} onSave={(name) => void saveAndShow(name)} />
        <Button
          appearance="primary"
          icon={<Save20Regular />}
          disabled={busy || !shown.changed}
          onClick={() => void saveAndShow()}
        >
          {t('editor.save')}
        </Button>
        <ToolbarButton
          icon={<Dismiss20Regular />}
          aria-label={t('editor.close')}
          title={t('editor.close')}
          onClick={() => navigation.back(base + pictureAt(entry))}
        />
      </Toolbar>
      <div className={styles.work}>
        <div className={styles.canvas}>
          <div
            ref={stage}
            className={styles.stage}
            tabIndex={0}
            role="application"
            aria-label={t('editor.canvas', { name: entry.name })}
            aria-describedby="keys"
            inert={busy}
            onKeyDown={(event) => canvas && onKey(event, canvas)}
          />
          <span id="keys" className="unseen">
            {t('editor.keys')}
          </span>
          {busy && !broken && (
            <div className={styles.over}>
              <Spinner label={t(save.isPending ? 'editor.saving' : 'editor.opening')} />
            </div>
          )}
        </div>
        <div className={styles.side}>
          {broken !== undefined && <Failure problem={broken} />}
          {save.error && <Failure problem={save.error} />}
          {stale && (
            <div className={styles.row}>
              <Text>
                {t('editor.changedBy', {
                  who: stale.latest?.modifiedBy ?? '',
                  at: stale.latest?.modifiedAt ? moment(stale.latest.modifiedAt) : '',
                })}
              </Text>
              <Button onClick={onReload}>{t('editor.reload')}</Button>
            </div>
          )}
          {recipe.error && <Failure problem={recipe.error} />}
          <MissingLetters texts={shown.texts} />
          {notes.length > 0 && (
            <div role="note">
              {notes.map((note) => (
                <Text key={note.path + note.message} block size={200}>
                  {note.message}
                </Text>
              ))}
            </div>
          )}
          {canvas && (
            <div className={styles.tools} inert={busy}>
              <Tools canvas={canvas} shown={shown} />
            </div>
          )}
        </div>
      </div>
      {compared && (
        <Dialog open onOpenChange={(_, { open }) => !open && setCompared(undefined)}>
          <DialogSurface style={{ maxWidth: 'min(1100px, 95vw)' }}>
            <DialogBody>
              <DialogTitle>{t('editor.compare')}</DialogTitle>
              <DialogContent>
                <Preview image={entry} recipe={compared} />
              </DialogContent>
              <DialogActions>
                <DialogTrigger disableButtonEnhancement>
                  <Button>{t('common.close')}</Button>
                </DialogTrigger>
              </DialogActions>
            </DialogBody>
          </DialogSurface>
        </Dialog>
      )}
    </div>
  );
}

/** What has to be said of a save: that nothing was saved, or what is otherwise than it was shown. */
function noticeOf(
  t: ReturnType<typeof useTranslation>['t'],
  { item, unchanged, skipped, warnings }: EditResult,
  notes: { path: string; message: string }[],
): Notice | undefined {
  const name = item.name ?? '';
  if (unchanged) return { title: t('editor.unchanged', { name }), lines: [] };
  if (skipped) return { title: t('editor.skipped', { name }), lines: [skipped.detail] };
  const lines = [
    ...(warnings ?? []).map((warning) => warningText(t, warning)),
    ...notes.filter(({ path }) => !path.endsWith('/fontFamily')).map(({ message }) => message),
  ];
  return lines.length > 0 ? { title: t('editor.saved', { name }), lines } : undefined;
}

/** The keys of the editor that work wherever the focus is, but in fields of text and in dialogs. */
function useShortcuts(canvas: Canvas | undefined, stage: RefObject<HTMLElement | null>) {
  useEffect(() => {
    if (!canvas) return;
    const onKeyDown = (event: globalThis.KeyboardEvent) => {
      const target = event.target as HTMLElement;
      if (
        event.defaultPrevented ||
        target.closest(
          'textarea, [role=dialog], [role=alertdialog], input:not([type=range], [type=checkbox], [type=color])',
        )
      )
        return;
      const key = event.key.toLowerCase();
      const held = event.ctrlKey || event.metaKey;
      if (held && key === 'z') void (event.shiftKey ? canvas.redo() : canvas.undo());
      else if (held && key === 'y') void canvas.redo();
      else if (held && key === 'c')
        return canvas.copy(); // which the browser may do as well
      else if (held && key === 'v') void canvas.paste();
      else if (
        (key === 'delete' || key === 'backspace') &&
        (target === document.body || stage.current?.contains(target))
      )
        void canvas.remove();
      else return;
      event.preventDefault();
    };
    document.addEventListener('keydown', onKeyDown);
    return () => document.removeEventListener('keydown', onKeyDown);
  }, [canvas, stage]);
}

/** The keys of the canvas: arrows move what is selected or the frame of a crop, + and - make it larger or smaller. */
function onKey(event: KeyboardEvent, canvas: Canvas): void {
  const by = event.shiftKey ? 1 : 10;
  const keys: Record<string, () => unknown> = {
    ArrowLeft: () => canvas.move(-by, 0),
    ArrowRight: () => canvas.move(by, 0),
    ArrowUp: () => canvas.move(0, -by),
    ArrowDown: () => canvas.move(0, by),
    '+': () => canvas.grow(1.1),
    '-': () => canvas.grow(1 / 1.1),
  };
  if (!keys[event.key] || (event.target as HTMLElement).tagName === 'TEXTAREA') return; // a text is being written
  event.preventDefault();
  void keys[event.key]();
}

function SaveCopy({ name, disabled, onSave }: { name: string; disabled: boolean; onSave: (name: string) => void }) {
  const { t } = useTranslation();
  const [pattern, setPattern] = useState('{name}-edited');
  const stem = name.replace(/\.[^.]+$/, '');
  return (
    <Dialog>
      <DialogTrigger disableButtonEnhancement>
        <ToolbarButton icon={<SaveCopy20Regular />} disabled={disabled}>
          {t('editor.copy')}
        </ToolbarButton>
      </DialogTrigger>
      <DialogSurface>
        <DialogBody>
          <DialogTitle>{t('editor.copy')}</DialogTitle>
          <DialogContent>
            <Field label={t('bulk.copyName')} hint={pattern.replaceAll('{name}', stem)}>
              <Input value={pattern} onChange={(_, { value }) => setPattern(value)} />
            </Field>
          </DialogContent>
          <DialogActions>
            <DialogTrigger disableButtonEnhancement>
              <Button>{t('common.cancel')}</Button>
            </DialogTrigger>
            <DialogTrigger disableButtonEnhancement>
              <Button appearance="primary" onClick={() => onSave(pattern)}>
                {t('common.save')}
              </Button>
            </DialogTrigger>
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}

const panels = ['crop', 'turn', 'light', 'filters', 'draw', 'text'] as const;
type Panel = (typeof panels)[number];

function Tools({ canvas, shown }: { canvas: Canvas; shown: Shown }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const [panel, setPanel] = useState<Panel>('crop');
  const [pen, setPen] = useState({ color: '#e3008c', width: 12 });
  const { tool, object } = shown;
  const color = object?.color ?? pen.color;
  const width = object?.width ?? pen.width;
  /** Of what is selected, and of what is drawn next. */
  const ink = (next: { color?: string; width?: number }) => {
    setPen({ ...pen, ...next });
    if (object) void canvas.set(next);
    if (tool === 'draw' || tool === 'line') void canvas.use(tool, next);
  };
  const take = (next: Tool) => void canvas.use(tool === next ? 'none' : next, pen);
  const open = (next: Panel) => {
    setPanel(next);
    void canvas.use(next === 'crop' ? 'crop' : 'none');
  };
  useEffect(() => void canvas.use('crop'), [canvas]);
  const colors = (
    <div className={styles.row}>
      <label htmlFor="ink">{t('field.color')}</label>
      <input
        id="ink"
        className={styles.color}
        type="color"
        value={color}
        onChange={(event) => ink({ color: event.target.value })}
      />
    </div>
  );
  return (
    <>
      <TabList
        selectedValue={panel}
        onTabSelect={(_, { value }) => open(value as Panel)}
        size="small"
        style={{ flexWrap: 'wrap' }}
        aria-label={t('editor.tools')}
      >
        {panels.map((one) => (
          <Tab key={one} value={one}>
            {t(`editor.panel_${one}`)}
          </Tab>
        ))}
      </TabList>
      <div role="tabpanel" aria-label={t(`editor.panel_${panel}`)} style={{ display: 'grid', gap: 12 }}>
        {panel === 'crop' && <Crop canvas={canvas} />}
        {panel === 'turn' && (
          <div className={styles.row}>
            <Button icon={<ArrowRotateCounterclockwise20Regular />} onClick={() => void canvas.rotate(-90)}>
              {t('editor.left')}
            </Button>
            <Button icon={<ArrowRotateClockwise20Regular />} onClick={() => void canvas.rotate(90)}>
              {t('editor.right')}
            </Button>
            <Button icon={<FlipHorizontal20Regular />} onClick={() => void canvas.flip('x')}>
              {t('editor.flipX')}
            </Button>
            <Button icon={<FlipVertical20Regular />} onClick={() => void canvas.flip('y')}>
              {t('editor.flipY')}
            </Button>
          </div>
        )}
        {panel === 'light' &&
          strengths.map((one) => (
            <Field key={one.type} label={t(`look.${one.field}`)}>
              <Slider
                min={one.min}
                max={one.max}
                value={strengthIn(shown.filters, one)}
                onChange={(_, { value }) => void canvas.filter(one.type, strengthOf(one, value), true)}
                onPointerUp={() => canvas.finish()}
                onPointerCancel={() => canvas.finish()}
                onKeyUp={() => canvas.finish()}
                onBlur={() => canvas.finish()}
              />
            </Field>
          ))}
        {panel === 'filters' &&
          looks.map(({ type, field }) => (
            <Checkbox
              key={type}
              label={t(`look.${field}`)}
              checked={shown.filters.some((one) => one.type === type)}
              onChange={(_, { checked }) => void canvas.filter(type, checked ? {} : undefined)}
            />
          ))}
        {panel === 'draw' && (
          <>
            {colors}
            <Field label={t('editor.width')}>
              <Slider min={2} max={80} value={width} onChange={(_, { value }) => ink({ width: value })} />
            </Field>
            <div className={styles.row}>
              <ToggleButton
                appearance={tool === 'draw' ? 'primary' : 'secondary'}
                checked={tool === 'draw'}
                onClick={() => take('draw')}
              >
                {t('editor.free')}
              </ToggleButton>
              <ToggleButton
                appearance={tool === 'line' ? 'primary' : 'secondary'}
                checked={tool === 'line'}
                onClick={() => take('line')}
              >
                {t('editor.line')}
              </ToggleButton>
            </div>
            <Text>{t('editor.shapes')}</Text>
            <div className={styles.row}>
              {(['rect', 'circle', 'triangle'] as const).map((one) => (
                <Button key={one} onClick={() => void canvas.shape(one, pen.color, pen.width)}>
                  {t(`editor.shape_${one}`)}
                </Button>
              ))}
            </div>
          </>
        )}
        {panel === 'text' && (
          <>
            {colors}
            <Button onClick={() => void canvas.text(t('editor.sample'), pen.color)}>{t('editor.addText')}</Button>
            {object?.text !== undefined && (
              <Field label={t('field.text')}>
                <Input value={object.text} onChange={(_, { value }) => void canvas.set({ text: value })} />
              </Field>
            )}
          </>
        )}
        {object && (panel === 'draw' || panel === 'text') && (
          <Button icon={<Delete20Regular />} onClick={() => void canvas.remove()}>
            {t('editor.remove')}
          </Button>
        )}
      </div>
    </>
  );
}

const ratios = [
  ['1:1', 1],
  ['4:3', 4 / 3],
  ['3:2', 3 / 2],
  ['16:9', 16 / 9],
  ['3:4', 3 / 4],
  ['9:16', 9 / 16],
] as const;

function Crop({ canvas }: { canvas: Canvas }) {
  const { t } = useTranslation();
  const styles = useStyles();
  return (
    <>
      <Text size={200}>{t('editor.cropHint')}</Text>
      <div className={styles.row}>
        {ratios.map(([name, ratio]) => (
          <Button key={name} size="small" onClick={() => canvas.frame(ratio)}>
            {name}
          </Button>
        ))}
      </div>
      <div className={styles.row}>
        <Button appearance="primary" onClick={() => void canvas.settle()}>
          {t('editor.crop')}
        </Button>
      </div>
    </>
  );
}
