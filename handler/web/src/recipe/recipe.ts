/** A recipe of the API, as it is put together here. The API has the last word on it. */
export interface Recipe {
  version: 1;
  name?: string;
  input?: Record<string, unknown>;
  steps: Step[];
  output?: Record<string, unknown>;
}

export interface Step {
  op: string;
  [field: string]: unknown;
}

export const isRecipe = (value: unknown): value is Recipe =>
  typeof value === 'object' && value !== null && Array.isArray((value as Recipe).steps);

/** A field of a step that can be set here. */
export type FieldForm =
  | { name: string; kind: 'range'; min: number; max: number; step?: number; initial: number }
  | { name: string; kind: 'number'; min: number; max: number; initial?: number }
  | { name: string; kind: 'choice'; options: readonly string[]; initial: string }
  | { name: string; kind: 'switch'; initial: boolean }
  | { name: string; kind: 'color'; initial: string }
  | { name: string; kind: 'text'; initial: string; most: number };

/** A step that can be added here, and its fields. Those that are not said have the API's defaults. */
export interface StepForm {
  op: string;
  fields: readonly FieldForm[];
}

const range = (name: string, min = -100, max = 100, initial = 0, step?: number): FieldForm => ({
  name,
  kind: 'range',
  min,
  max,
  initial,
  step,
});

const gravities = [
  'northwest',
  'north',
  'northeast',
  'west',
  'center',
  'east',
  'southwest',
  'south',
  'southeast',
] as const;

export const stepForms: readonly StepForm[] = [
  {
    op: 'resize',
    fields: [
      { name: 'width', kind: 'number', min: 1, max: 16384, initial: 1600 },
      { name: 'height', kind: 'number', min: 1, max: 16384, initial: 1600 },
      { name: 'fit', kind: 'choice', options: ['inside', 'outside', 'cover', 'contain', 'fill'], initial: 'inside' },
      { name: 'withoutEnlargement', kind: 'switch', initial: true },
    ],
  },
  {
    op: 'crop',
    fields: [
      {
        name: 'aspectRatio',
        kind: 'choice',
        options: ['1:1', '4:3', '3:2', '16:9', '3:4', '2:3', '9:16'],
        initial: '16:9',
      },
      { name: 'gravity', kind: 'choice', options: ['smart', ...gravities], initial: 'smart' },
    ],
  },
  { op: 'rotate', fields: [{ name: 'angle', kind: 'number', min: -360, max: 360, initial: 90 }] },
  {
    op: 'flip',
    fields: [{ name: 'axis', kind: 'choice', options: ['horizontal', 'vertical', 'both'], initial: 'horizontal' }],
  },
  {
    op: 'adjust',
    fields: [
      range('brightness'),
      range('contrast'),
      range('saturation'),
      range('vibrance'),
      range('temperature'),
      range('highlights'),
      range('shadows'),
      range('exposure', -5, 5, 0, 0.1),
    ],
  },
  { op: 'autoLevels', fields: [{ name: 'channels', kind: 'switch', initial: false }] },
  {
    op: 'filter',
    fields: [
      {
        name: 'name',
        kind: 'choice',
        options: [
          'grayscale',
          'sepia',
          'vintage',
          'brownie',
          'kodachrome',
          'technicolor',
          'polaroid',
          'blackWhite',
          'invert',
          'vignette',
        ],
        initial: 'grayscale',
      },
    ],
  },
  { op: 'sharpen', fields: [range('sigma', 0.3, 10, 1, 0.1), range('amount', 0.1, 5, 1, 0.1)] },
  { op: 'blur', fields: [range('sigma', 0.3, 50, 3, 0.1)] },
  {
    op: 'text',
    fields: [
      { name: 'text', kind: 'text', initial: '© {creator} {year}', most: 1000 },
      { name: 'size', kind: 'choice', options: ['2%', '3%', '4%', '6%', '8%', '12%'], initial: '4%' },
      { name: 'color', kind: 'color', initial: '#ffffff' },
      { name: 'gravity', kind: 'choice', options: gravities, initial: 'southeast' },
      { name: 'bold', kind: 'switch', initial: false },
    ],
  },
  { op: 'trim', fields: [range('threshold', 0, 255, 10)] },
  {
    op: 'border',
    fields: [
      { name: 'width', kind: 'number', min: 1, max: 2000, initial: 40 },
      { name: 'color', kind: 'color', initial: '#ffffff' },
    ],
  },
  {
    op: 'roundCorners',
    fields: [{ name: 'radius', kind: 'choice', options: ['2%', '5%', '10%', '25%', '50%'], initial: '5%' }],
  },
  { op: 'pixelate', fields: [range('size', 2, 200, 12)] },
];

export const formOf = (op: string): StepForm | undefined => stepForms.find((form) => form.op === op);

/** A step with the values that it begins with here. */
export function newStep(form: StepForm): Step {
  const step: Step = { op: form.op };
  for (const field of form.fields) {
    if (field.initial !== undefined) step[field.name] = field.initial;
  }
  return step;
}

/** The recipe without what says nothing: adjustments of 0. */
export function tidy(recipe: Recipe): Recipe {
  return {
    ...recipe,
    steps: recipe.steps.map((step) =>
      step.op !== 'adjust'
        ? step
        : (Object.fromEntries(Object.entries(step).filter(([name, value]) => name === 'op' || value !== 0)) as Step),
    ),
  };
}

/** Moves a step by so many places. */
export function moved(steps: readonly Step[], from: number, by: number): Step[] {
  const to = Math.max(0, Math.min(steps.length - 1, from + by));
  const next = steps.toSpliced(from, 1);
  next.splice(to, 0, steps[from]);
  return next;
}

export const emptyRecipe: Recipe = { version: 1, steps: [] };
