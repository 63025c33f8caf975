import {
  Button,
  Card,
  Field,
  Input,
  Menu,
  MenuItem,
  MenuList,
  MenuPopover,
  MenuTrigger,
  Select,
  Slider,
  SpinButton,
  Switch,
  Text,
  makeStyles,
  tokens,
} from '@fluentui/react-components';
import { Add20Regular, ArrowDown20Regular, ArrowUp20Regular, Delete20Regular } from '@fluentui/react-icons';
import { useId } from 'react';
import { useTranslation } from 'react-i18next';
import { number } from '../i18n/format';
import { namesOf, useUndrawable } from './letters';
import { formOf, moved, newStep, stepForms, type FieldForm, type Recipe, type Step } from './recipe';

const useStyles = makeStyles({
  box: { display: 'grid', gap: '12px' },
  list: { display: 'grid', gap: '12px', listStyleType: 'none', margin: 0, padding: 0 },
  head: { display: 'flex', alignItems: 'center', gap: '4px' },
  grow: { flexGrow: 1 },
  fields: { display: 'grid', gridTemplateColumns: 'repeat(auto-fill, minmax(180px, 1fr))', gap: '8px 16px' },
  slider: { display: 'grid', gridTemplateColumns: '1fr 48px', alignItems: 'center' },
  color: {
    width: '64px',
    height: '32px',
    border: `1px solid ${tokens.colorNeutralStroke1}`,
    borderRadius: tokens.borderRadiusMedium,
    padding: '2px',
    backgroundColor: tokens.colorNeutralBackground1,
  },
});

/**
 * Lets somebody put a recipe together. Steps that cannot be changed here are shown, and can be moved and taken away.
 */
export function Builder({ recipe, onChange }: { recipe: Recipe; onChange: (recipe: Recipe) => void }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const setSteps = (steps: Step[]) => onChange({ ...recipe, steps });
  return (
    <div className={styles.box}>
      <ol className={styles.list} aria-label={t('recipe.steps')}>
        {recipe.steps.map((step, at) => {
          const form = formOf(step.op);
          const name = stepName(t, step.op);
          return (
            <li key={at}>
              <Card appearance="outline">
                <div className={styles.head}>
                  <Text weight="semibold" className={styles.grow}>
                    {name}
                  </Text>
                  <Button
                    size="small"
                    appearance="subtle"
                    icon={<ArrowUp20Regular />}
                    disabled={at === 0}
                    aria-label={t('recipe.up', { step: name })}
                    onClick={() => setSteps(moved(recipe.steps, at, -1))}
                  />
                  <Button
                    size="small"
                    appearance="subtle"
                    icon={<ArrowDown20Regular />}
                    disabled={at === recipe.steps.length - 1}
                    aria-label={t('recipe.down', { step: name })}
                    onClick={() => setSteps(moved(recipe.steps, at, 1))}
                  />
                  <Button
                    size="small"
                    appearance="subtle"
                    icon={<Delete20Regular />}
                    aria-label={t('recipe.remove', { step: name })}
                    onClick={() => setSteps(recipe.steps.toSpliced(at, 1))}
                  />
                </div>
                {form && (
                  <div className={styles.fields}>
                    {form.fields.map((field) => (
                      <OneField
                        key={field.name}
                        field={field}
                        value={step[field.name]}
                        onChange={(value) => setSteps(recipe.steps.with(at, { ...step, [field.name]: value }))}
                      />
                    ))}
                  </div>
                )}
              </Card>
            </li>
          );
        })}
      </ol>
      <div>
        <Menu positioning={{ autoSize: true }}>
          <MenuTrigger disableButtonEnhancement>
            <Button icon={<Add20Regular />}>{t('recipe.add')}</Button>
          </MenuTrigger>
          <MenuPopover>
            <MenuList>
              {stepForms.map((form) => (
                <MenuItem key={form.op} onClick={() => setSteps([...recipe.steps, newStep(form)])}>
                  {stepName(t, form.op)}
                </MenuItem>
              ))}
            </MenuList>
          </MenuPopover>
        </Menu>
      </div>
      <Output recipe={recipe} onChange={onChange} />
    </div>
  );
}

type T = ReturnType<typeof useTranslation>['t'];

/** The name of a step, or the API's own word for one that is not made here. */
function stepName(t: T, op: string): string {
  return formOf(op) || op === 'shape' || op === 'redact' ? t(`step.${op}` as 'step.crop') : op;
}

/** A value of a recipe as a field shows it. */
const textOf = (value: unknown, otherwise = ''): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : otherwise;

function OneField({
  field,
  value,
  onChange,
}: {
  field: FieldForm;
  value: unknown;
  onChange: (value: unknown) => void;
}) {
  const { t } = useTranslation();
  const styles = useStyles();
  const id = useId();
  const label = t(`field.${field.name}` as 'field.width');
  switch (field.kind) {
    case 'range': {
      const now = typeof value === 'number' ? value : field.initial;
      return (
        <Field label={label}>
          <div className={styles.slider}>
            <Slider
              min={field.min}
              max={field.max}
              step={field.step ?? 1}
              value={now}
              onChange={(_, data) => onChange(Math.round(data.value * 100) / 100)}
              aria-label={label}
            />
            <Text align="end">{number(now)}</Text>
          </div>
        </Field>
      );
    }
    case 'number':
      return (
        <Field label={label}>
          <SpinButton
            min={field.min}
            max={field.max}
            value={typeof value === 'number' ? value : null}
            displayValue={textOf(value)}
            onChange={(_, data) => {
              const next = data.value ?? Number.parseFloat(data.displayValue ?? '');
              onChange(Number.isFinite(next) ? Math.max(field.min, Math.min(field.max, next)) : undefined);
            }}
          />
        </Field>
      );
    case 'choice':
      return (
        <Field label={label}>
          <Select value={textOf(value, field.initial)} onChange={(_, data) => onChange(data.value)}>
            {field.options.map((option) => (
              <option key={option} value={option}>
                {optionName(t, field.name, option)}
              </option>
            ))}
          </Select>
        </Field>
      );
    case 'switch':
      return <Switch label={label} checked={value === true} onChange={(_, data) => onChange(data.checked)} />;
    case 'color':
      return (
        <div>
          <label htmlFor={id}>
            <Text block>{label}</Text>
          </label>
          <input
            id={id}
            className={styles.color}
            type="color"
            value={textOf(value, field.initial).slice(0, 7)}
            onChange={(event) => onChange(event.target.value)}
          />
        </div>
      );
    case 'text':
      return <TextField field={field} text={textOf(value)} onChange={onChange} />;
  }
}

function TextField({
  field,
  text,
  onChange,
}: {
  field: FieldForm & { kind: 'text' };
  text: string;
  onChange: (text: string) => void;
}) {
  const { t } = useTranslation();
  const missing = useUndrawable()(text);
  return (
    <Field
      label={t(`field.${field.name}` as 'field.text')}
      hint={t('field.textHint', { year: '{year}', creator: '{creator}', name: '{name}' })}
      {...(missing.length > 0 && {
        validationState: 'warning',
        validationMessage: t('field.undrawable', { letters: namesOf(missing) }),
      })}
    >
      <Input maxLength={field.most} value={text} onChange={(_, data) => onChange(data.value)} />
    </Field>
  );
}

const named = new Set(['fit', 'gravity', 'axis', 'name']);

/** What an option is called; ratios and percentages speak for themselves. */
const optionName = (t: T, field: string, option: string): string =>
  named.has(field) ? t(`option.${option}` as 'option.center') : option;

const formats = ['keep', 'jpeg', 'png', 'webp', 'gif', 'tiff'] as const;

function Output({ recipe, onChange }: { recipe: Recipe; onChange: (recipe: Recipe) => void }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const output = recipe.output ?? {};
  const metadata = (output.metadata ?? {}) as Record<string, unknown>;
  const set = (fields: Record<string, unknown>) => {
    const next = Object.fromEntries(
      Object.entries({ ...output, ...fields }).filter(([, value]) => value !== undefined),
    );
    onChange({ ...recipe, output: Object.keys(next).length ? next : undefined });
  };
  return (
    <Card appearance="outline">
      <Text weight="semibold">{t('recipe.output')}</Text>
      <div className={styles.fields}>
        <Field label={t('recipe.format')}>
          <Select
            value={textOf(output.format, 'keep')}
            onChange={(_, { value }) => set({ format: value === 'keep' ? undefined : value })}
          >
            {formats.map((format) => (
              <option key={format} value={format}>
                {format === 'keep' ? t('recipe.keepFormat') : format.toUpperCase()}
              </option>
            ))}
          </Select>
        </Field>
        <Field label={t('recipe.quality')}>
          <div className={styles.slider}>
            <Slider
              min={30}
              max={100}
              value={Number(output.quality ?? 85)}
              onChange={(_, { value }) => set({ quality: value === 85 ? undefined : value })}
              aria-label={t('recipe.quality')}
            />
            <Text align="end">{number(Number(output.quality ?? 85))}</Text>
          </div>
        </Field>
        <Field label={t('recipe.metadata')}>
          <Select
            value={textOf(metadata.mode, 'keep')}
            onChange={(_, { value }) =>
              set({ metadata: value === 'keep' && !metadata.stripGps ? undefined : { ...metadata, mode: value } })
            }
          >
            {(['keep', 'copyright', 'none'] as const).map((mode) => (
              <option key={mode} value={mode}>
                {t(`recipe.metadata_${mode}`)}
              </option>
            ))}
          </Select>
        </Field>
        <Switch
          label={t('recipe.stripGps')}
          checked={metadata.stripGps === true}
          onChange={(_, { checked }) =>
            set({ metadata: checked || metadata.mode ? { ...metadata, stripGps: checked } : undefined })
          }
        />
      </div>
    </Card>
  );
}
