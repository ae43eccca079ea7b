/** Which entries of a file may be recorded operations; small, so that models without them need not load the table of operations. */
import type { LayerSpec } from '../config/spec.ts';

/** Classes under which tf.keras records calls of TensorFlow. */
export const recorders: readonly string[] = ['TFOpLambda', 'SlicingOpLambda', 'TensorFlowOpLayer'];

/** False only for entries that are certainly layers. Legacy `.h5` names no module; there only layers say `trainable`. */
export function mayBeOperation({ className, module, config }: LayerSpec): boolean {
  if (recorders.includes(className)) return true;
  if (module !== null) return /(^|\.)ops(\.|$)/.test(module);
  return className !== 'InputLayer' && !('trainable' in config);
}
