import { MessageBar, MessageBarBody } from '@fluentui/react-components';
import { useTranslation } from 'react-i18next';
import { namesOf, useUndrawable } from './letters';

/** Names the letters of texts that cannot be drawn, if there are any. */
export function MissingLetters({ texts }: { texts: readonly string[] }) {
  const { t } = useTranslation();
  const letters = useUndrawable()(texts.join('\n')); // a mark does not go with the text before
  if (letters.length === 0) return null;
  return (
    <MessageBar intent="warning" layout="multiline" role="alert">
      <MessageBarBody>{t('field.undrawable', { letters: namesOf(letters) })}</MessageBarBody>
    </MessageBar>
  );
}
