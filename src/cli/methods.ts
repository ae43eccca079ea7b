/** `pathgrad methods`: the methods and metrics with what their numbers mean, from the tables that hold them. */
import { methodList, metricList } from './explainers.ts';
import type { Arguments } from './flags/flags.ts';
import type { Terminal } from './print/terminal.ts';

export function runMethods(_: Arguments, __: string, terminal: Terminal): void {
  const lines = [
    'Methods (--explainer NAME; case and hyphens do not matter):',
    ...methodList(),
    '',
    'Metrics (pathgrad compare --metrics LIST):',
    ...metricList(),
  ];
  terminal.out(`${lines.join('\n')}\n`);
}
