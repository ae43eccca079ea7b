/** What `pathgrad inspect` says of an ONNX file: its operators, which of them are not supported and why, and the layers of a model that runs. */
import type { Model } from '../../model/model.ts';
import { shortened, visible } from '../../tensor/visible.ts';
import type { Arguments } from '../flags/flags.ts';
import { openModel } from '../open.ts';
import type { Terminal } from '../print/terminal.ts';

export async function inspectOnnxFile(args: Arguments, path: string, terminal: Terminal): Promise<void> {
  const { inspectOnnx } = await import('../../onnx/index.ts');
  const { name, producer, irVersion, opsets, operators, unsupported, runnable } = await inspectOnnx(path);
  const versions = Object.entries(opsets).map(([domain, version]) => `${domain} ${version}`);
  const made = producer === '' ? '' : `, written by ${shortened(producer)}`;
  terminal.out(
    `${visible(path)}: model '${shortened(name)}', ONNX (format ${irVersion}; opset ${shortened(versions.join(', '))})${made}\n`,
  );
  const counts = Object.entries(operators).map(([operator, count]) => `${operator} ${count}`);
  terminal.out(`operators  ${shortened(counts.join(', '), 2000)}\n\n`);
  if (!runnable) {
    const reasons = unsupported.map(({ operator, reason, nodes }) => {
      const where = `${nodes.length} node${nodes.length > 1 ? 's' : ''}, ${shortened(nodes[0] ?? '')}`;
      return `  ${shortened(operator)} (${where}): ${shortened(reason, 500)}`;
    });
    return terminal.out(`${['This model cannot be run:', ...reasons].join('\n')}\n`);
  }
  const model = (await openModel(args, path)) as Model;
  terminal.out(`${model.summary().trimEnd()}\n\n`);
  const shown = ({ name, shape }: { name: string; shape: readonly (number | null)[] | null }, dtype = ''): string =>
    `  ${shortened(name)} [${shape?.map((dim) => dim ?? 'any').join(', ') ?? '?'}]${dtype}`;
  terminal.out(`inputs\n${model.inputs.map((input) => shown(input, ` ${input.dtype}`)).join('\n')}\n`);
  terminal.out(`outputs\n${model.outputs.map((output) => shown(output)).join('\n')}\n`);
  for (const notice of model.notices) terminal.out(`note: ${shortened(notice, 1000)}\n`);
  terminal.out('\n');
  const alone = model.notices.some((notice) => notice.endsWith('and is not explained'));
  const what = alone
    ? 'This model can be run: pathgrad predict'
    : 'This model can be run and explained: pathgrad explain';
  terminal.out(`${what} ${visible(path)} …\n`);
}
