/** A filter of the picture, in the words of fabric. */
export interface Filter {
  type: string;
  options: Record<string, unknown>;
}

/** A filter that has a strength: the option that holds it, and what a slider's value is there. 0 is no filter. */
export interface Strength {
  type: string;
  field: 'brightness' | 'contrast' | 'saturation' | 'vibrance' | 'hue' | 'pixelate' | 'noise';
  min: number;
  max: number;
  option: string;
  to: (value: number) => number;
  from: (option: number) => number;
}

const hundredth = {
  min: -100,
  max: 100,
  to: (value: number) => value / 100,
  from: (option: number) => Math.round(option * 100),
};

export const strengths: readonly Strength[] = [
  { type: 'Brightness', field: 'brightness', option: 'brightness', ...hundredth },
  { type: 'Contrast', field: 'contrast', option: 'contrast', ...hundredth },
  { type: 'Saturation', field: 'saturation', option: 'saturation', ...hundredth },
  { type: 'Vibrance', field: 'vibrance', option: 'vibrance', ...hundredth },
  { type: 'HueRotation', field: 'hue', option: 'rotation', ...hundredth },
  {
    type: 'Pixelate',
    field: 'pixelate',
    option: 'blocksize',
    min: 0,
    max: 60,
    to: (value) => value + 1,
    from: (option) => option - 1,
  },
  { type: 'Noise', field: 'noise', option: 'noise', min: 0, max: 300, to: (value) => value, from: (option) => option },
];

/** The filters that are there or not. */
export const looks = [
  { type: 'Grayscale', field: 'grayscale' },
  { type: 'Sepia', field: 'sepia' },
  { type: 'Vintage', field: 'vintage' },
  { type: 'Kodachrome', field: 'kodachrome' },
  { type: 'Technicolor', field: 'technicolor' },
  { type: 'Polaroid', field: 'polaroid' },
  { type: 'Brownie', field: 'brownie' },
  { type: 'BlackWhite', field: 'blackWhite' },
  { type: 'Invert', field: 'invert' },
  { type: 'Sharpen', field: 'sharpen' },
  { type: 'Emboss', field: 'emboss' },
] as const;

/** How strong a filter is among those that are applied. */
export function strengthIn(filters: readonly Filter[], { type, option, from }: Strength): number {
  const value = filters.find((one) => one.type === type)?.options[option];
  return typeof value === 'number' ? from(value) : 0;
}

/** What a filter is applied with for a value of its slider; nothing at 0. */
export const strengthOf = ({ option, to }: Strength, value: number): Filter['options'] | undefined =>
  value === 0 ? undefined : { [option]: to(value) };

/** The filters with one set, in its place or after the others, or without it. */
export function withFilter(filters: readonly Filter[], type: string, options: Filter['options'] | undefined): Filter[] {
  if (!options) return filters.filter((one) => one.type !== type);
  if (filters.some((one) => one.type === type))
    return filters.map((one) => (one.type === type ? { type, options } : one));
  return [...filters, { type, options }];
}

/** A colour as an input of the type color has it; black for one that is none. */
export function hexOf(color: unknown): string {
  const text = typeof color === 'string' ? color.trim().toLowerCase() : '';
  if (/^#[0-9a-f]{6}/.test(text)) return text.slice(0, 7);
  const parts = /^rgba?\(([^)]*)\)$/.exec(text)?.[1].split(',').slice(0, 3).map(Number);
  if (parts?.length !== 3 || !parts.every((part) => part >= 0 && part <= 255)) return '#000000';
  return `#${parts.map((part) => Math.round(part).toString(16).padStart(2, '0')).join('')}`;
}
