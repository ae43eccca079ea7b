/**
 * From the description of a model to layers that can be called: each LayerSpec becomes a ModelLayer with its options read. What is
 * unsupported is collected, so that one message names all of it. Weights are loaded when the input shape is first known.
 */
import { failure, nearestNames, PathgradError } from '../../tensor/errors.ts';
import type { Dialect, LayerSpec, ModelSpec } from '../config/spec.ts';
import { Options } from '../layers/options.ts';
import { whyUnsupported } from '../layers/registry.ts';
import { type BuildSettings, type LayerTree, ModelLayer } from './layer.ts';

/** A layer that cannot be run. */
export interface Problem {
  readonly path: string;
  readonly className: string;
  readonly reason: string;
  readonly error: PathgradError | null;
  /** Supported classes with names like it, where the class is not supported. */
  readonly near: readonly string[];
}

/** The layers of `spec`, and a problem for each that cannot be run. */
export function buildGraph(spec: ModelSpec, settings: BuildSettings): { graph: LayerTree; problems: Problem[] } {
  const problems: Problem[] = [];
  return { graph: graphOf(spec, '', settings, problems), problems };
}

function graphOf(spec: ModelSpec, prefix: string, settings: BuildSettings, problems: Problem[]): LayerTree {
  const all = spec.layers.map((layer) => layerOf(layer, prefix, spec.dialect, settings, problems));
  const listed = spec.kind === 'sequential' ? all.filter((layer) => layer.className !== 'InputLayer') : all;
  const callOrder = settings.rules.executionOrder?.(spec) ?? spec.callOrder;
  return { spec: { ...spec, callOrder }, layers: listed, byName: new Map(all.map((layer) => [layer.name, layer])) };
}

function layerOf(
  spec: LayerSpec,
  prefix: string,
  dialect: Dialect,
  settings: BuildSettings,
  problems: Problem[],
): ModelLayer {
  const path = `${prefix}${spec.name}`;
  const layer = new ModelLayer(spec, path, dialect, settings);
  try {
    const custom = spec.custom ? settings.find?.(spec, path) : undefined;
    if (custom) {
      layer.custom = custom;
      layer.customCode = settings.customCode!;
      layer.run = layer.customCode.customRun(layer, custom);
      const made = [...(spec.parts ?? [])].map(
        ([key, part]) => [key, layerOf(part, `${path}/`, dialect, settings, problems)] as const,
      );
      layer.parts = new Map(made);
    } else if (spec.model) layer.graph = graphOf(spec.model, `${path}/`, settings, problems);
    else if (spec.className === 'TimeDistributed' && spec.layer) {
      layer.inner = layerOf(spec.layer, `${path}/`, dialect, settings, problems);
    } else if (spec.className !== 'InputLayer') fill(layer, dialect, settings);
  } catch (error) {
    if (!(error instanceof PathgradError)) throw error;
    const { classes, host, operations, names } = settings.rules;
    const operation = operations?.isOperation(spec) ? operations : null;
    const known = operation
      ? operation.findOperation(spec)
      : (host?.findHostClass(spec.className) ?? classes.get(spec.className));
    const own = error.message.slice(error.subject.length + 2).split('\n')[0]!;
    const unknown = operation ? `operation ${operation.operationName(spec)} is not supported` : whyUnsupported(spec);
    // Names are compared for the first few only: a file may hold any number of layers.
    const near = known || operation || problems.length > 8 ? [] : nearestNames(spec.className, names);
    const reason = known ? own : unknown;
    problems.push({ path, className: spec.className, reason, error: known || operation ? error : null, near });
  }
  return layer;
}

/** Never shown (`layerOf` says why), and made once: a file may hold thousands of unknown layers, and an error takes long to make. */
let unknownClass: PathgradError | undefined;

function fill(layer: ModelLayer, dialect: Dialect, settings: BuildSettings): void {
  const { spec, subject, className } = layer;
  const flipKernels = dialect.backend === 'theano' && settings.theanoKernels === 'flip';
  const computeType = settings.dtype;
  const wrapped = spec.layer ? { wrapped: spec.layer } : {};
  const options = new Options(layer.config, { subject, className, dialect, flipKernels, computeType, ...wrapped });
  const { classes, host, operations } = settings.rules;
  if (operations?.isOperation(spec)) {
    const make = operations.findOperation(spec);
    if (!make) throw operations.unknownOperation(subject, spec);
    layer.operation = make(options);
    options.finish();
    return;
  }
  const lookup = host?.findHostClass(className);
  if (lookup) {
    layer.host = lookup.create(options, settings.filesOf?.(spec) ?? { vocabulary: null, frequencies: null });
    options.finish();
    return;
  }
  const definition = classes.get(className);
  if (!definition) throw (unknownClass ??= failure('layer', 'unsupported'));
  if (/int8|int4|float8/.test(spec.dtype)) {
    throw failure(
      subject,
      'quantized layers are not supported',
      { dtype: spec.dtype },
      'save the model before quantize()',
    );
  }
  layer.run = definition.create(options);
  options.finish();
}

/** Throws one error that names every problem, if there is any. */
export function refuseProblems(file: string, problems: readonly Problem[]): void {
  const [first] = problems;
  if (!first) return;
  if (problems.length === 1 && first.error) throw first.error;
  const shown = problems.slice(0, 20).map(({ path, className, reason }) => `layer '${path}' (${className}): ${reason}`);
  const more = problems.length > 20 ? [`… and ${problems.length - 20} more`] : [];
  const list = [...shown, ...more].map((line) => `\n  ${line}`).join('');
  const count = problems.length === 1 ? '1 layer is' : `${problems.length} layers are`;
  const near = [...new Set(problems.flatMap((problem) => problem.near))].slice(0, 5).map((name) => `'${name}'`);
  const nearest = near.length > 0 ? `names like these are supported: ${near.join(', ')}; ` : '';
  throw failure(file, `${count} not supported:${list}`, {}, `${nearest}docs/layers.md lists all layers`);
}
