/** The layers of a model as the page lists them. */
import { formatShape } from '../../../model/summary.ts';
import type { LayerView } from '../../protocol/index.ts';

interface AnyLayer {
  readonly path: string;
  readonly className: string;
  readonly layers: readonly AnyLayer[];
  /** None of transformers, whose shapes are the text's. */
  readonly outputShapes?: readonly (readonly (number | null)[])[];
}

/** Each layer before those inside it. */
export function layersOf(layers: readonly AnyLayer[], depth = 0): LayerView[] {
  return layers.flatMap(({ path, className, outputShapes = [], layers: inside }) => {
    const shape = outputShapes.length === 0 ? '' : formatShape(outputShapes);
    return [{ path, className, depth, shape }, ...layersOf(inside, depth + 1)];
  });
}
