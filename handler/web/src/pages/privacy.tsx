import {
  Accordion,
  AccordionHeader,
  AccordionItem,
  AccordionPanel,
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
  DialogTrigger,
  Skeleton,
  SkeletonItem,
  Text,
  Title2,
  Title3,
  makeStyles,
} from '@fluentui/react-components';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { body } from '../api/client';
import { useApp } from '../context';
import { moment, number } from '../i18n/format';
import { Failure } from '../parts/failure';

const useStyles = makeStyles({
  page: { padding: '24px', display: 'grid', gap: '16px', maxWidth: '860px' },
  row: { display: 'flex', gap: '8px', flexWrap: 'wrap' },
});

/** What is kept of the user, and how to have it erased. The inventory itself is the API's, in English. */
export default function Privacy() {
  const { t } = useTranslation();
  const styles = useStyles();
  const { api, me } = useApp();
  const kept = useQuery({ queryKey: ['privacy'], queryFn: () => body(api.typed.GET('/privacy')), staleTime: Infinity });
  return (
    <div className={styles.page}>
      <Title2 as="h1">{t('privacy.title')}</Title2>
      <Text>{t('privacy.about')}</Text>
      <Erase admin={me.admin} />
      {kept.error && <Failure problem={kept.error} again={kept.refetch} />}
      {kept.isPending && (
        <Skeleton aria-label="…">
          <SkeletonItem size={64} />
        </Skeleton>
      )}
      {kept.data && (
        <section lang="en">
          <Title3 as="h2">{t('privacy.kept')}</Title3>
          <Accordion multiple collapsible>
            {(kept.data.kept ?? []).map((entry) => (
              <AccordionItem key={entry.name} value={entry.name}>
                <AccordionHeader as="h3">{entry.name}</AccordionHeader>
                <AccordionPanel>
                  <Text block>{entry.purpose}</Text>
                  <Text block>{entry.kept}</Text>
                  <ul>
                    {(entry.fields ?? []).map((field) => (
                      <li key={field.name}>
                        <Text size={200}>
                          {field.name}: {field.holds}
                        </Text>
                      </li>
                    ))}
                  </ul>
                </AccordionPanel>
              </AccordionItem>
            ))}
          </Accordion>
          <Title3 as="h2">{t('privacy.never')}</Title3>
          <ul>
            {(kept.data.never ?? []).map((never) => (
              <li key={never.what}>
                <Text>
                  {never.what}: {never.rule}
                </Text>
              </li>
            ))}
          </ul>
        </section>
      )}
    </div>
  );
}

function Erase({ admin }: { admin: boolean }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const { api, drafts } = useApp();
  const [receipt, setReceipt] = useState<string>();
  const begin = useMutation({
    mutationFn: (of: 'me' | 'organization') =>
      of === 'me' ? body(api.typed.DELETE('/me')) : body(api.typed.DELETE('/organization')),
    onSuccess: (erasure) => {
      drafts.clear();
      setReceipt(erasure.id);
    },
  });
  const erasure = useQuery({
    queryKey: ['erasure', receipt],
    enabled: receipt !== undefined,
    queryFn: () => body(api.typed.GET('/erasures/{id}', { params: { path: { id: receipt! } } })),
    refetchInterval: (query) => (query.state.data?.state === 'done' ? false : 5000),
  });
  const counts = Object.entries(erasure.data?.counts ?? {}).filter(([, count]) => count > 0);
  return (
    <section>
      <div className={styles.row}>
        <Confirm
          label={t('privacy.eraseMe')}
          question={t('privacy.eraseMeQuestion')}
          onYes={() => begin.mutate('me')}
        />
        {admin && (
          <Confirm
            label={t('privacy.eraseAll')}
            question={t('privacy.eraseAllQuestion')}
            onYes={() => begin.mutate('organization')}
          />
        )}
      </div>
      {begin.error && <Failure problem={begin.error} />}
      {erasure.data && (
        <div role="status">
          <Text block>
            {erasure.data.state === 'done'
              ? t('privacy.erased', { at: moment(erasure.data.doneAt ?? erasure.data.begunAt) })
              : t('privacy.erasing')}
          </Text>
          <ul>
            {counts.map(([kind, count]) => (
              <li key={kind}>
                {kind}: {number(count)}
              </li>
            ))}
          </ul>
        </div>
      )}
    </section>
  );
}

function Confirm({ label, question, onYes }: { label: string; question: string; onYes: () => void }) {
  const { t } = useTranslation();
  return (
    <Dialog modalType="alert">
      <DialogTrigger disableButtonEnhancement>
        <Button>{label}</Button>
      </DialogTrigger>
      <DialogSurface>
        <DialogBody>
          <DialogTitle>{label}</DialogTitle>
          <DialogContent>{question}</DialogContent>
          <DialogActions>
            <DialogTrigger disableButtonEnhancement>
              <Button appearance="secondary">{t('common.cancel')}</Button>
            </DialogTrigger>
            <DialogTrigger disableButtonEnhancement>
              <Button appearance="primary" onClick={onYes}>
                {label}
              </Button>
            </DialogTrigger>
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}
