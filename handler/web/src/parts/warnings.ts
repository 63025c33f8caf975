import type { useTranslation } from 'react-i18next';

type T = ReturnType<typeof useTranslation>['t'];

/** What a warning of the engine says, or its own word for one that is not known here. */
export const warningText = (t: T, warning: string): string =>
  t(`warning.${warning}` as 'warning.alphaFlattened', { defaultValue: warning });
