/** Intact ONNX models, tiny ones. */
import { onnxLoop, onnxLstm, onnxPictures, onnxTable, onnxTwo } from '../../support/tiny-onnx.ts';
import type { Seed } from '../formats.ts';

export function onnxSeeds(): Seed[] {
  const files = { pictures: onnxPictures, table: onnxTable, two: onnxTwo, loop: onnxLoop, lstm: onnxLstm };
  return Object.entries(files).map(([name, bytes]) => ({ format: 'onnx', name, parts: { 'model.onnx': bytes } }));
}
