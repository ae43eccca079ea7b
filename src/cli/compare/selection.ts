/** Which methods and metrics are compared: those that are named, all, or some that suit the model and its inputs. */
import { type MethodRow, methods } from '../../attribution/methods/index.ts';
import { type MetricRow, metrics } from '../../attribution/metrics/table.ts';
import { didYouMean } from '../../tensor/errors.ts';
import { methodNamed, nameKey, typed } from '../explainers.ts';
import { type Arguments, usage } from '../flags/flags.ts';
import type { Batch } from '../samples/batch.ts';

/** Fast ones of different families: of a path, slopes, rules of the backward pass, maps of a layer, values alone. */
const usualMethods: Readonly<Record<Batch['kind'], readonly string[]>> = {
  text: ['IntegratedGradients', 'Saliency', 'InputXGradient', 'DeepLift', 'GradientShap', 'FeatureAblation'],
  image: ['IntegratedGradients', 'Saliency', 'InputXGradient', 'DeepLift', 'GradientShap', 'LayerGradCam'],
  array: ['IntegratedGradients', 'Saliency', 'InputXGradient', 'DeepLift', 'GradientShap', 'FeatureAblation'],
};

const usualMetrics: Readonly<Record<Batch['kind'], readonly string[]>> = {
  text: ['comprehensiveness', 'sufficiency', 'faithfulnessCorrelation', 'completeness', 'sparseness'],
  image: ['deletion', 'insertion', 'faithfulnessCorrelation', 'completeness', 'sparseness'],
  array: ['deletion', 'insertion', 'faithfulnessCorrelation', 'completeness', 'sparseness'],
};

/** Tables of pairs take long, and no metric judges them: they are compared when they are named. */
const alone = methods.filter(({ pairs }) => !pairs);

export interface Selection {
  readonly methods: readonly MethodRow[] | null;
  readonly metrics: readonly MetricRow[] | null;
}

/** What --explainers and --metrics name, before a model is read; null where they are left out. */
export function readSelection(args: Arguments): Selection {
  const [wanted, judged] = [args.text('explainers'), args.text('metrics')];
  return {
    methods:
      wanted === undefined ? null : listed('--explainers', wanted, alone, (name) => methodNamed('--explainers', name)),
    metrics: judged === undefined ? null : judged === 'none' ? [] : listed('--metrics', judged, metrics, metricNamed),
  };
}

/** The same with what suits the inputs in the place of what was left out. */
export function completeSelection({ methods: some, metrics: judged }: Selection, { kind }: Batch) {
  return {
    rows: some ?? methods.filter(({ name }) => usualMethods[kind].includes(name)),
    judges: judged ?? metrics.filter(({ name }) => usualMetrics[kind].includes(name)),
  };
}

function listed<Row>(flag: string, text: string, all: readonly Row[], find: (name: string) => Row): readonly Row[] {
  if (text === 'all') return all;
  const found = text.split(',').map((name) => find(name.trim()));
  const twice = text.split(',').find((_, i) => found.indexOf(found[i]!) < i);
  if (twice !== undefined) throw usage(flag, `names '${twice.trim()}' twice`, 'once is enough');
  return found;
}

function metricNamed(name: string): MetricRow {
  const found = metrics.find((row) => nameKey(row.name) === nameKey(name));
  if (found) return found;
  const names = metrics.map(({ title }) => typed(title));
  throw usage(
    '--metrics',
    `'${name}' is no metric that pathgrad has`,
    `${didYouMean(name.replace(/[_\s]/g, '-'), names)} (all of them: pathgrad methods)`,
  );
}
