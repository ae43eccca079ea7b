/** Attributes of a node as operators ask for them: typed, with the node's name in every error. */
import type { FloatDType } from '../../tensor/dtype.ts';
import { failure, type PathgradError } from '../../tensor/errors.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { AttributeRecord, NodeRecord } from '../file/records.ts';
import { type External, valuesOf } from '../file/values.ts';
import type { Attributes } from '../operator.ts';

export interface TensorSettings {
  readonly file: string;
  readonly dtype: FloatDType;
  readonly external: External;
}

/** @param path what errors call the node */
export function attributesOf(node: NodeRecord, path: string, settings: TensorSettings): Attributes {
  const tensors = new Map<string, Tensor>();
  const subject = `${node.opType} ${path}`;
  const missing = (name: string, kind: string): PathgradError =>
    failure(subject, `has no attribute '${name}' of type ${kind}`, { attributes: [...node.attributes.keys()] });
  const read = <T>(
    name: string,
    kind: string,
    fallback: T | undefined,
    from: (found: AttributeRecord) => T | null,
  ): T => {
    const found = node.attributes.get(name);
    const value = found ? from(found) : (fallback ?? null);
    if (value === null) throw missing(name, kind);
    return value;
  };
  return {
    has: (name) => node.attributes.has(name),
    int: (name, fallback) => read(name, 'int', fallback, ({ int }) => int),
    float: (name, fallback) => read(name, 'float', fallback, ({ float }) => float),
    text: (name, fallback) => read(name, 'string', fallback, ({ text }) => text),
    ints: (name, fallback) => read(name, 'ints', fallback, ({ ints }) => ints),
    floats: (name, fallback) => read(name, 'floats', fallback, ({ floats }) => floats),
    texts: (name, fallback) => read(name, 'strings', fallback, ({ texts }) => texts),
    tensor: (name) => {
      const found = tensors.get(name);
      if (found) return found;
      const record = node.attributes.get(name)?.tensor;
      if (!record) throw missing(name, 'tensor');
      const made = valuesOf(
        { ...record, name: record.name || name },
        `${settings.file}, ${subject}`,
        settings.dtype,
        settings.external,
      );
      tensors.set(name, made);
      return made;
    },
  };
}
