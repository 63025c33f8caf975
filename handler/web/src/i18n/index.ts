import i18next from 'i18next';
import { initReactI18next } from 'react-i18next';
import en from './en';

/** The texts of a language: all of them. */
export type Messages = { [Part in keyof typeof en]: Record<keyof (typeof en)[Part], string> };

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'translation';
    resources: { translation: typeof en };
  }
}

const others: Record<string, () => Promise<{ default: Messages }>> = {
  de: () => import('./de'),
  fr: () => import('./fr'),
};

/** Writes numbers and days as the user does, also in languages that the tab does not speak. */
export let locale = 'en';

/** Begins to speak the language of a locale, or English. */
export async function speak(wanted: string): Promise<void> {
  const language = wanted.split('-')[0].toLowerCase();
  const found = await others[language]?.();
  try {
    [locale] = Intl.getCanonicalLocales(wanted);
  } catch {
    locale = 'en';
  }
  const spoken = found ? language : 'en';
  await i18next.use(initReactI18next).init({
    lng: spoken,
    fallbackLng: 'en',
    interpolation: { escapeValue: false },
    resources: { en: { translation: en }, ...(found && { [language]: { translation: found.default } }) },
  });
  document.documentElement.lang = spoken;
  document.documentElement.dir = i18next.dir();
}
