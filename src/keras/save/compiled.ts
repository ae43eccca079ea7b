/**
 * What `compile` was told, in the words of `.keras` (`compile_config`) and of legacy `.h5` (`training_config`).
 * Source: `get_compile_config` of Keras 3.15, `saving_utils.model_metadata` of both.
 */
import { field, isRecord, type JsonRecord } from '../config/json.ts';
import type { Json } from '../config/spec.ts';
import { type OptimizerState, optimizerConfig } from './optimizer.ts';

/** What saving takes of training, beside weights: all that `compile` would be told. */
export interface Compiled {
  /** As Keras's `compile` takes it: a name, or `{ name, config }` of a loss of pathgrad. */
  readonly loss?: Told;
  /** Names of Keras's metrics, or their classes with configs. */
  readonly metrics?: readonly Told[];
  readonly weightedMetrics?: readonly Told[];
  /** Instead of the above, for a model of several outputs: what is asked of each, by name. */
  readonly outputs?: { readonly [output: string]: ToldOfOutput };
}

/** A name, or a class of Keras and its config. */
export type Told = string | { readonly name: string; readonly config: { readonly [key: string]: Json } };

/** What is asked of one output. */
export interface ToldOfOutput {
  /** Null for none. */
  readonly loss: Told | null;
  readonly lossWeight?: number;
  readonly metrics?: readonly Told[];
  readonly weightedMetrics?: readonly Told[];
}

const entryOf = (told: Told): Json =>
  typeof told === 'object' ? { class_name: told.name, config: told.config } : told;

/** The arguments of `compile` that say anything. */
function told({ loss, metrics, weightedMetrics, outputs }: Compiled): JsonRecord {
  if (outputs) {
    const per = <T>(pick: (own: ToldOfOutput) => T | null | undefined, write: (one: T) => Json): Json => {
      const found = Object.entries(outputs).flatMap(([name, own]) => {
        const one = pick(own) ?? null;
        return one === null || (Array.isArray(one) && one.length === 0) ? [] : [[name, write(one)] as const];
      });
      return found.length === 0 ? null : Object.fromEntries(found);
    };
    const list = (all: readonly Told[]): Json => all.map(entryOf);
    const weighed = Object.values(outputs).some(({ lossWeight = 1 }) => lossWeight !== 1);
    return {
      loss: per((own) => own.loss, entryOf),
      loss_weights: weighed ? per((own) => (own.loss === null ? null : (own.lossWeight ?? 1)), Number) : null,
      metrics: per((own) => own.metrics, list),
      weighted_metrics: per((own) => own.weightedMetrics, list),
    };
  }
  return {
    ...(loss === undefined ? {} : { loss: entryOf(loss) }),
    ...(metrics === undefined ? {} : { metrics: metrics.map(entryOf) }),
    ...(weightedMetrics === undefined ? {} : { weighted_metrics: weightedMetrics.map(entryOf) }),
  };
}

/** Short names, which Keras 3 cannot read from a legacy file. */
const short: ReadonlyMap<string, string> = new Map([
  ['mse', 'mean_squared_error'],
  ['mae', 'mean_absolute_error'],
  ['mape', 'mean_absolute_percentage_error'],
  ['msle', 'mean_squared_logarithmic_error'],
  ['bce', 'binary_crossentropy'],
]);
const fullName = (value: Json): Json => {
  if (Array.isArray(value)) return value.map(fullName);
  if (isRecord(value) && field(value, 'class_name') === undefined)
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, fullName(one as Json)]));
  return typeof value === 'string' ? (short.get(value.toLowerCase()) ?? value) : value;
};

/** What schedules compute with: a whole number among them would be an int32 tensor in Keras, and no product of floats. */
const floats = new Set(
  'initial_learning_rate end_learning_rate decay_rate warmup_target alpha t_mul m_mul power learning_rate'.split(' '),
);

/** JSON as Python writes it where that matters: `1.0` for rates. */
export function jsonOf(value: unknown): string {
  const marked = JSON.stringify(value, (key, one: unknown) => {
    const mark = (v: unknown): unknown => (Number.isSafeInteger(v) ? `\u0000${v}` : v);
    if (key === 'values' && Array.isArray(one)) return one.map(mark);
    return floats.has(key) ? mark(one) : one;
  });
  return marked.replace(/"\\u0000(-?\d+)"/g, '$1.0');
}

/** Null where the model was never compiled. */
export function compileConfig(
  source: Json,
  optimizer: OptimizerState | null,
  compiled: Compiled,
  major: 1 | 2 | 3,
  format: 'keras' | 'h5',
): JsonRecord | null {
  const given = isRecord(source) ? source : {};
  const own = optimizer
    ? { class_name: optimizer.optimizer.name, config: optimizerConfig(optimizer, major) }
    : storedOptimizer(given, format);
  if (!own) return null;
  const { optimizer: _, optimizer_config: __, ...rest } = given;
  const all = {
    loss: null,
    loss_weights: null,
    metrics: null,
    weighted_metrics: null,
    ...rest,
    ...told(compiled),
  };
  const config = Object.fromEntries(
    Object.entries(all).map(([key, value]) => [
      key,
      ['loss', 'metrics', 'weighted_metrics'].includes(key) ? fullName(value as Json) : value,
    ]),
  );
  // A plain name is that of tf_keras's optimizers before 2.11, whose state is another.
  const current = major < 3 && optimizer ? { ...own, class_name: `Custom>${optimizer.optimizer.name}` } : own;
  if (format === 'h5') return { ...config, optimizer_config: current };
  const modules = { loss: 'keras.losses', metrics: 'keras.metrics', weighted_metrics: 'keras.metrics' } as const;
  const named = Object.entries(config).map(([key, value]) => {
    const module = Object.hasOwn(modules, key) ? modules[key as keyof typeof modules] : null;
    return [key, module ? withModule(value as Json, module) : value] as const;
  });
  return { optimizer: withModule(own, 'keras.optimizers'), ...Object.fromEntries(named) };
}

/** What the file says; as it stands for the file's own kind, in today's words for an archive. */
function storedOptimizer(given: JsonRecord, format: 'keras' | 'h5'): JsonRecord | null {
  const found = field(given, 'optimizer') ?? field(given, 'optimizer_config');
  if (!isRecord(found)) return null;
  const name = String(field(found, 'class_name'));
  return {
    class_name: name.slice(name.lastIndexOf('>') + 1),
    config: format === 'h5' ? field(found, 'config') : currentOptions(field(found, 'config')),
  };
}

/** Options of optimizers before TensorFlow 2.11: `lr`, and a rate that falls as `1 / (1 + decay * step)`, which is a schedule today. */
function currentOptions(config: Json): Json {
  if (!isRecord(config)) return config;
  const { decay, lr, ...rest } = config;
  const rate = rest['learning_rate'] ?? lr ?? null;
  const schedule = {
    ...{ module: 'keras.optimizers.schedules', class_name: 'InverseTimeDecay', registered_name: null },
    config: { initial_learning_rate: rate, decay_steps: 1, decay_rate: decay ?? 0, staircase: false, name: null },
  };
  const falls = typeof decay === 'number' && decay > 0 && typeof rate === 'number';
  return { ...rest, ...(rate === null ? {} : { learning_rate: falls ? schedule : rate }) };
}

/** Every `{class_name, config}` in a value with the module of its class, unless it says one. */
function withModule(value: Json, module: string): Json {
  if (Array.isArray(value)) return value.map((one: Json) => withModule(one, module));
  if (!isRecord(value)) return value;
  if (typeof field(value, 'class_name') === 'string') return { module, registered_name: null, ...value };
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, withModule(one, module)]));
}
