import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { body } from '../api/client';
import { useApp } from '../context';

/** Ranges of characters, both ends included, in rising order, as the API lists them. */
export type Ranges = readonly (readonly number[])[];

/** Finds the letters of a text that cannot be drawn on a picture, each once, in the order of the text. */
export type Undrawable = (text: string) => string[];

/** The check of texts against the letters that can be drawn. They are looked up once texts are composed (NFC). */
export function checkOf(ranges: Ranges): Undrawable {
  const drawn = (code: number) => {
    let [from, to] = [0, ranges.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      if (ranges[middle][1] < code) from = middle + 1;
      else to = middle;
    }
    return from < ranges.length && ranges[from][0] <= code;
  };
  return (text) => [...new Set(text.normalize('NFC'))].filter((letter) => !drawn(letter.codePointAt(0)!));
}

const none: Undrawable = () => [];

/** The check of what people write. As long as the letters are not known, nothing is found. */
export function useUndrawable(): Undrawable {
  const { api } = useApp();
  const { data } = useQuery({
    queryKey: ['letters'],
    queryFn: () => body(api.typed.GET('/recipes/letters')),
    staleTime: Infinity,
  });
  return useMemo(() => (data?.letters ? checkOf(data.letters.filter((range) => range !== null)) : none), [data]);
}

const mostNamed = 20; // as the API does

/** Letters as they are named: marks on a dotted circle, and not more than somebody reads. */
export function namesOf(letters: readonly string[]): string {
  const shown = letters.slice(0, mostNamed).map((letter) => (/^\p{M}/u.test(letter) ? `◌${letter}` : letter));
  return [...shown, ...(letters.length > mostNamed ? ['…'] : [])].join(' ');
}
