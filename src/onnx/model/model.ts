/** An ONNX graph as a `ModelDefinition`: layers are its nodes by name, weights its initializers. */
import type { ApplyOptions, InputInfo } from '../../graph/callable.ts';
import type { ModelDefinition } from '../../model/definition.ts';
import { reshape } from '../../ops/movement.ts';
import type { FloatDType } from '../../tensor/dtype.ts';
import { didYouMean, failure } from '../../tensor/errors.ts';
import { Tensor } from '../../tensor/tensor.ts';
import type { ValueRecord } from '../file/records.ts';
import { dtypeFor } from '../file/values.ts';
import { checkDecided, type Decision } from '../graph/control.ts';
import type { Step } from '../graph/prepare.ts';
import { runSteps, type Value, Values } from '../graph/run.ts';
import { changed, layerOf, type OnnxLayer, type OnnxParts } from './layer.ts';
import { noticesOf } from './notices.ts';
import { batchOf, keepsApart, rowsAtATime } from './rows.ts';

/** @throws PathgradError where the inputs are no tensors with a batch in front */
export function onnxDefinition(parts: OnnxParts): ModelDefinition<OnnxLayer> {
  const { file, graph, dtype, backend } = parts;
  const open = graph.record.inputs.filter(({ name }) => !parts.initializers.has(name) && !parts.fixed.has(name));
  if (open.length === 0) throw failure(file.name, 'has no input');
  const layers = new Map(graph.steps.map((step) => [step, layerOf(step, parts)]));
  const stated = batchOf(open);
  const known = new Map<Step, readonly Value[]>();
  const decisions = new Map<string, readonly Decision[]>();
  const any = (inputs: readonly Tensor[], options: ApplyOptions): Tensor[] =>
    runOnce(parts, { open, layers, known, decisions, stated }, inputs, options);
  const infos = open.map((input) => infoOf(input, file.name, dtype));
  const fixedRows = rowsAtATime(parts, infos, any, stated);
  const run = (inputs: readonly Tensor[], options: ApplyOptions): Tensor[] => {
    const rows = inputs[0]?.shape[0];
    if (fixedRows === null || rows === fixedRows) return any(inputs, options);
    const problem = `${atATime(fixedRows)} and cannot be shown to keep more apart`;
    const hint =
      parts.fixed.size > 0
        ? 'its fixed inputs have a batch of their own'
        : 'export it with a batch of any size (dynamic_axes or dynamic_shapes in torch.onnx.export)';
    throw failure(file.name, problem, { rows }, hint);
  };
  return {
    name: file.graph.name || file.name,
    file: file.name,
    dtype,
    ...(backend ? { backend } : {}),
    layers: [...layers.values()],
    inputs: infos,
    hasInputShape: true,
    notices: [
      ...noticesOf(graph),
      ...(fixedRows === null
        ? []
        : [
            `the model ${atATime(fixedRows)} and cannot be shown to keep more apart: it predicts, and is not explained`,
          ]),
    ],
    outputNames: graph.record.outputs.map(({ name }) => name),
    outputsByName: false,
    fixedRows,
    atOnce: (shapes, most) => {
      const rows = shapes[0]![0]!;
      const specs = shapes.map((shape, i) => ({ shape, dtype: infos[i]!.dtype }));
      return rows <= most || keepsApart(run, specs) ? most : rows;
    },
    run,
    withWeights: async (change) => onnxDefinition({ ...parts, initializers: changed(parts, change) }),
    verify: async (model, source, options) =>
      (await import('../../model/verify/verify.ts')).verifyModel(model, source, options),
  };
}

function infoOf({ name, type, shape }: ValueRecord, file: string, dtype: FloatDType): InputInfo {
  const where = `${file}, input '${name}'`;
  if (type === 0) throw failure(where, 'is no tensor', {}, 'sequences, maps and optional values are not supported');
  if (shape === null) {
    throw failure(
      where,
      'does not say how many axes it has',
      {},
      'infer the shapes in Python: onnx.shape_inference.infer_shapes',
    );
  }
  if (shape.length === 0) {
    const hint = `give it a value: loadOnnx(file, { fixed: { ${JSON.stringify(name)}: value } })`;
    throw failure(where, 'has no batch: it is a single number', {}, hint);
  }
  return { name, shape: [null, ...shape.slice(1)], dtype: dtypeFor(type, dtype, where) };
}

const atATime = (rows: number): string => `runs ${rows === 1 ? 'one sample' : `${rows} samples`} at a time`;

interface Runtime {
  readonly open: readonly ValueRecord[];
  readonly layers: ReadonlyMap<Step, OnnxLayer>;
  readonly known: Map<Step, readonly Value[]>;
  /** What was decided by the shapes of the inputs but for the batch, by these. */
  readonly decisions: Map<string, readonly Decision[]>;
  readonly stated: number | null;
}

function runOnce(
  { file, graph, initializers, fixed, external, dtype }: OnnxParts,
  { open, layers, known, decisions, stated }: Runtime,
  inputs: readonly Tensor[],
  options: ApplyOptions,
): Tensor[] {
  for (const name of Object.keys(options.kwargs ?? {})) {
    throw failure(
      file.name,
      `argument '${name}' is not one that the model takes`,
      {},
      'an ONNX model takes its inputs only',
    );
  }
  const values = new Values();
  for (const [name, value] of [...initializers, ...fixed]) values.set(name, { ...value, fixed: true });
  open.forEach(({ name, type }, i) => {
    values.set(name, { tensor: variable(inputs[i]!), type, fixed: false });
  });
  const actual = inputs[0]?.shape[0] ?? 1;
  const rows = stated !== null && stated !== actual ? { stated, actual } : null;
  const layerAt = (step: Step): OnnxLayer => layers.get(step) ?? layerOf(step, null);
  const decided: Decision[] = [];
  runSteps(graph, values, {
    file: file.name,
    decided,
    dtype,
    external,
    hooks: options,
    layerOf: layerAt,
    known,
    calls: new Map(),
    rows,
  });
  const shapes = inputs.map(({ shape }) => shape.slice(1).join()).join(';');
  const earlier = decisions.get(shapes);
  if (earlier) checkDecided(earlier, decided);
  else decisions.set(shapes, decided);
  return graph.record.outputs.map(({ name }) => {
    const found = values.get(name);
    if (found) return found.tensor;
    const lacking = values.lacking(name);
    if (lacking) throw lacking;
    throw failure(
      file.name,
      `nothing in the graph gives its output '${name}'`,
      {},
      didYouMean(
        name,
        graph.steps.flatMap(({ node }) => node.outputs),
      ),
    );
  });
}

/** An input that is given as numbers is a variable all the same: gradients with respect to it, and hooks, ask for it. */
function variable(x: Tensor): Tensor {
  return x.constant === null ? x : new Tensor(reshape.op, [x], { shape: x.shape }, x, null);
}
