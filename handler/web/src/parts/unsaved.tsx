import {
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
} from '@fluentui/react-components';
import { useCallback, useEffect, useRef, useState, useSyncExternalStore } from 'react';
import { useTranslation } from 'react-i18next';
import { useApp } from '../context';
import type { Answer, Question, Unsaved } from '../navigation';

/**
 * Has people asked before they leave unsaved work of the component. Returns what takes that back at once, for when the
 * component itself leads elsewhere.
 */
export function useUnsaved(unsaved: boolean, name: string, save?: () => Promise<boolean>): () => void {
  const { navigation } = useApp();
  const latest = useRef(save);
  useEffect(() => {
    latest.current = save;
  });
  const takeBack = useRef<() => void>(undefined);
  const savable = save !== undefined;
  useEffect(() => {
    if (!unsaved) return;
    const work: Unsaved = { name, ...(savable && { save: () => latest.current!() }) };
    takeBack.current = navigation.declare(work);
    return takeBack.current;
  }, [navigation, unsaved, name, savable]);
  return useCallback(() => takeBack.current?.(), []);
}

/** Asks what becomes of unsaved work. */
export function LeaveDialog() {
  const { navigation } = useApp();
  const question = useSyncExternalStore(navigation.subscribe, navigation.question);
  return question && <Ask question={question} />;
}

function Ask({ question: { unsaved, answer } }: { question: Question }) {
  const { t } = useTranslation();
  const [before] = useState(() => document.activeElement);
  const end = (given: Answer) => {
    answer(given);
    if (before instanceof HTMLElement) setTimeout(() => before.focus()); // unless it is gone with its page
  };
  return (
    <Dialog open modalType="alert" onOpenChange={(_, { open }) => !open && end('cancel')}>
      <DialogSurface>
        <DialogBody>
          <DialogTitle>{t('unsaved.title')}</DialogTitle>
          <DialogContent>{t(unsaved.save ? 'unsaved.question' : 'unsaved.lost', { name: unsaved.name })}</DialogContent>
          <DialogActions fluid>
            {unsaved.save && (
              <Button appearance="primary" onClick={() => end('save')}>
                {t('common.save')}
              </Button>
            )}
            <Button onClick={() => end('discard')}>{t('unsaved.discard')}</Button>
            <Button onClick={() => end('cancel')}>{t('common.cancel')}</Button>
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}
