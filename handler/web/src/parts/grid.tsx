import { Text, makeStyles, mergeClasses, tokens } from '@fluentui/react-components';
import { CheckmarkCircle24Filled, Circle24Regular } from '@fluentui/react-icons';
import { useVirtualizer } from '@tanstack/react-virtual';
import {
  useCallback,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
  type KeyboardEvent,
  type MouseEvent,
} from 'react';
import { useTranslation } from 'react-i18next';
import type { Entry } from '../api/client';
import { bytes, moment } from '../i18n/format';
import { rowsOf, type Layout } from './layout';
import { Thumbnail } from './thumbnail';

const useStyles = makeStyles({
  scroll: { height: '100%', overflow: 'auto', contain: 'strict', paddingInline: '12px' },
  inner: { position: 'relative', width: '100%' },
  tile: {
    position: 'absolute',
    overflow: 'hidden',
    borderRadius: tokens.borderRadiusMedium,
    cursor: 'pointer',
    outlineStyle: 'none',
    userSelect: 'none',
    backgroundColor: tokens.colorNeutralBackground3,
    ':focus-visible': {
      boxShadow: `0 0 0 2px ${tokens.colorNeutralBackground1}, 0 0 0 4px ${tokens.colorStrokeFocus2}`,
      outline: '2px solid transparent',
    },
    ':hover .mark, :focus-visible .mark': { opacity: 1 },
  },
  chosen: {
    boxShadow: `inset 0 0 0 3px ${tokens.colorBrandStroke1}`,
    '& img': { transform: 'scale(0.92)', borderRadius: tokens.borderRadiusMedium },
  },
  mark: {
    position: 'absolute',
    top: '4px',
    insetInlineEnd: '4px',
    display: 'flex',
    borderRadius: '50%',
    backgroundColor: tokens.colorNeutralBackground1,
    color: tokens.colorBrandForeground1,
    opacity: 0,
  },
  marked: { opacity: 1 },
  caption: {
    position: 'absolute',
    bottom: 0,
    insetInline: 0,
    padding: '4px 8px',
    whiteSpace: 'nowrap',
    overflow: 'hidden',
    textOverflow: 'ellipsis',
    backgroundColor: tokens.colorNeutralBackground1,
    color: tokens.colorNeutralForeground1,
    fontSize: tokens.fontSizeBase200,
  },
  line: {
    display: 'grid',
    gridTemplateColumns: '56px minmax(0, 1fr) 90px 170px',
    alignItems: 'center',
    gap: '12px',
    paddingInlineEnd: '40px',
    '@media (max-width: 600px)': { gridTemplateColumns: '56px minmax(0, 1fr)' },
  },
  small: { width: '56px', height: '56px' },
  cut: { overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap' },
  wide: { '@media (max-width: 600px)': { display: 'none' } },
});

interface Props {
  label: string;
  images: Entry[];
  layout: Layout;
  selected: ReadonlySet<string>;
  onSelect: (selected: ReadonlySet<string>) => void;
  onOpen: (image: Entry) => void;
  /** Called when what is shown comes near the end. */
  onEnd: () => void;
  caption: (image: Entry) => string | undefined;
  alt: (image: Entry) => string;
  /** All images that will be there, if that is known. */
  total?: number;
}

const gap = 8;

/**
 * Many pictures, of which only those are drawn that can be seen. One list box: arrows move, space selects, enter opens.
 * Each has a place of its own, so that it stays what it is, with the focus, when rows become longer or shorter.
 */
export function Grid({ label, images, layout, selected, onSelect, onOpen, onEnd, caption, alt, total }: Props) {
  const styles = useStyles();
  const { t } = useTranslation();
  const scroll = useRef<HTMLDivElement>(null);
  const width = useWidth(scroll);
  const rows = useMemo(() => rowsOf(images, layout, width, gap), [images, layout, width]);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroll.current,
    estimateSize: (at) => rows[at].height + gap,
    overscan: 3,
  });
  useLayoutEffect(() => virtual.measure(), [virtual, rows]);
  const [active, setActive] = useState(0);
  const anchor = useRef(0);
  const focusing = useRef(false);

  const shown = virtual.getVirtualItems();
  const last = shown.at(-1)?.index ?? 0;
  useEffect(() => {
    if (last >= rows.length - 8) onEnd();
  }, [last, rows.length, onEnd]);

  const rowOf = useCallback((index: number) => rows.findIndex((row) => index < row.first + row.widths.length), [rows]);
  useEffect(() => {
    if (!focusing.current) return;
    const tile = scroll.current?.querySelector<HTMLElement>(`[data-index="${active}"]`);
    if (tile) {
      focusing.current = false;
      tile.focus({ preventScroll: true });
    }
  });

  const move = (to: number) => {
    const index = Math.max(0, Math.min(images.length - 1, to));
    focusing.current = true;
    setActive(index);
    virtual.scrollToIndex(rowOf(index), { align: 'auto' });
  };
  const range = (to: number) => {
    const [from, end] = [Math.min(anchor.current, to), Math.max(anchor.current, to)];
    onSelect(new Set([...selected, ...images.slice(from, end + 1).map((image) => image.itemId)]));
  };
  const toggle = (index: number) => {
    anchor.current = index;
    const next = new Set(selected);
    const id = images[index].itemId;
    if (!next.delete(id)) next.add(id);
    onSelect(next);
  };
  const vertical = (by: 1 | -1) => {
    const row = rowOf(active);
    const next = rows[row + by];
    return next ? next.first + Math.min(active - rows[row].first, next.widths.length - 1) : active;
  };
  const onKey = (event: KeyboardEvent) => {
    const forward = document.documentElement.dir === 'rtl' ? 'ArrowLeft' : 'ArrowRight';
    const to: Record<string, () => number> = {
      [forward]: () => active + 1,
      [forward === 'ArrowRight' ? 'ArrowLeft' : 'ArrowRight']: () => active - 1,
      ArrowDown: () => vertical(1),
      ArrowUp: () => vertical(-1),
      Home: () => 0,
      End: () => images.length - 1,
      PageDown: () => active + pageOf(rows, rowOf(active), scroll.current),
      PageUp: () => active - pageOf(rows, rowOf(active), scroll.current),
    };
    if (to[event.key]) {
      const index = to[event.key]();
      move(index);
      if (event.shiftKey) range(Math.max(0, Math.min(images.length - 1, index)));
    } else if (event.key === ' ') toggle(active);
    else if (event.key === 'Enter') onOpen(images[active]);
    else if (event.key === 'a' && (event.ctrlKey || event.metaKey))
      onSelect(new Set(images.map((image) => image.itemId)));
    else if (event.key === 'Escape' && selected.size) onSelect(new Set());
    else return;
    event.preventDefault();
  };
  const onClick = (event: MouseEvent, index: number) => {
    setActive(index);
    const mark = (event.target as HTMLElement).closest('.mark');
    if (event.shiftKey) range(index);
    else if (mark || event.ctrlKey || event.metaKey || selected.size > 0) toggle(index);
    else onOpen(images[index]);
  };

  return (
    <div ref={scroll} className={styles.scroll} tabIndex={images.length ? -1 : 0}>
      <div
        className={styles.inner}
        style={{ height: virtual.getTotalSize() }}
        role="listbox"
        aria-label={label}
        aria-multiselectable
        onKeyDown={onKey}
      >
        {shown.flatMap((line) => {
          const row = rows[line.index];
          let next = 0;
          return row.widths.map((tileWidth, column) => {
            const start = next;
            next += tileWidth + gap;
            const index = row.first + column;
            const image = images[index];
            const isChosen = selected.has(image.itemId);
            return (
              <div
                key={image.itemId}
                data-index={index}
                role="option"
                aria-selected={isChosen}
                aria-label={nameOf(alt(image), image.name ?? '')}
                aria-posinset={index + 1}
                aria-setsize={total ?? images.length}
                tabIndex={index === active ? 0 : -1}
                className={mergeClasses(styles.tile, layout === 'list' && styles.line, isChosen && styles.chosen)}
                style={{ width: tileWidth, height: row.height, insetInlineStart: start, top: line.start }}
                onClick={(event) => onClick(event, index)}
                onFocus={() => setActive(index)}
              >
                {layout === 'list' ? (
                  <ListLine image={image} alt={alt(image)} />
                ) : (
                  <Thumbnail entry={image} size={tileWidth > 260 ? 'large' : 'medium'} alt="" />
                )}
                {layout !== 'list' && caption(image) && <div className={styles.caption}>{caption(image)}</div>}
                <span
                  className={mergeClasses('mark', styles.mark, isChosen && styles.marked)}
                  title={t('gallery.select')}
                  aria-hidden
                >
                  {isChosen ? <CheckmarkCircle24Filled /> : <Circle24Regular />}
                </span>
              </div>
            );
          });
        })}
      </div>
    </div>
  );
}

function ListLine({ image, alt }: { image: Entry; alt: string }) {
  const styles = useStyles();
  return (
    <>
      <div className={styles.small}>
        <Thumbnail entry={image} size="small" alt={alt === image.name ? '' : alt} />
      </div>
      <Text className={styles.cut}>{image.name}</Text>
      <Text className={styles.wide} size={200}>
        {bytes(image.size)}
      </Text>
      <Text className={styles.wide} size={200}>
        {image.modifiedAt && moment(image.modifiedAt)}
      </Text>
    </>
  );
}

/** What a screen reader says of a picture: its alternative text and its name. */
const nameOf = (alt: string, name: string): string => (alt === name ? name : `${alt} (${name})`);

/** How many pictures a page down skips. */
function pageOf(rows: { height: number; widths: number[] }[], row: number, scroll: HTMLElement | null): number {
  const one = rows[row];
  return one ? one.widths.length * Math.max(1, Math.floor((scroll?.clientHeight ?? 0) / (one.height + gap))) : 1;
}

/** The width inside an element, as it changes. */
function useWidth(ref: React.RefObject<HTMLElement | null>): number {
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const element = ref.current;
    if (!element) return;
    const measure = () => setWidth(element.clientWidth - 24); // its padding
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [ref]);
  return width;
}
