/**
 * Two texts that a model of sentence-transformers makes vectors of, explained by how alike they are: a row per text, with the vector of the other
 * text of its pair beside it. `SimilarityModel` of the library says what is explained.
 */
import { allocate } from '../tensor/dtype.ts';
import { type Tensor, tensor } from '../tensor/tensor.ts';
import type { LoadedTransformer } from '../transformers/index.ts';
import type { Transformer, TransformerInput } from './model.ts';

/** The cosine of each text and `other`, an argument beside the ids, as a transformer with one score per row. */
export async function similarityOf(model: Transformer): Promise<Transformer> {
  const { SimilarityModel } = await import('../transformers/index.ts');
  const { config, tokenizer, task, layers } = model;
  const predictAll = async ({ other, ...x }: TransformerInput, options = {}): Promise<Tensor[]> => {
    const [vectors] = (await model.predictAll(x, options)) as [Tensor];
    return [cosines(vectors, other!)];
  };
  const asked = new SimilarityModel(model as LoadedTransformer);
  return Object.assign(asked, { config, tokenizer, task, layers, labels: [], predictAll });
}

/** Texts lie pair by pair: the vector of each text's other one, `[rows, width]`. */
export async function othersOf(
  model: Transformer,
  ids: Tensor,
  kwargs: Readonly<Record<string, Tensor>>,
): Promise<Tensor> {
  const [vectors] = (await model.predictAll({ input_ids: ids, ...kwargs })) as [Tensor];
  const [rows, width] = vectors.shape as [number, number];
  const data = allocate(vectors.dtype, vectors.size);
  for (let row = 0; row < rows; row++) {
    const other = row % 2 === 0 ? row + 1 : row - 1;
    data.set(vectors.data.subarray(other * width, (other + 1) * width), row * width);
  }
  return tensor(data, [rows, width]);
}

function cosines(a: Tensor, b: Tensor): Tensor {
  const [rows, width] = a.shape as [number, number];
  const data = allocate(a.dtype, rows);
  for (let row = 0; row < rows; row++) {
    let [dot, x, y] = [0, 0, 0];
    for (let i = row * width; i < (row + 1) * width; i++) {
      dot += a.data[i]! * b.data[i]!;
      x += a.data[i]! ** 2;
      y += b.data[i]! ** 2;
    }
    data[row] = dot / Math.max(Math.sqrt(x * y), 1e-16);
  }
  return tensor(data, [rows]);
}
