/**
 * What a file is, by its first bytes and, where they leave it open, its name. Invariant: nothing is read but what is given, and nothing in it is
 * trusted: what is only likely is told apart by the reader of its format, which says what is wrong.
 */

/**
 * `keras`: anything that `loadModel` reads or names in its refusal; `safetensors` and `config`: of a folder of transformers; `saved-model`: a graph of
 * TensorFlow, which lies in a folder of its own.
 */
export type FileKind = 'keras' | 'tfjs' | 'onnx' | 'safetensors' | 'config' | 'tokenizer' | 'saved-model' | 'pickle';

/** So many bytes are enough to tell. */
export const TELLING = 65536;

/** @param start the first bytes of the file, `TELLING` of them or all there are */
export function kindOf(start: Uint8Array, name: string): FileKind {
  const lower = name.toLowerCase();
  const first = start.find((byte) => byte > 0x20) ?? 0;
  if (isSafetensors(start)) return 'safetensors';
  if (first === 0x7b) return jsonKind(new TextDecoder().decode(start));
  if (start[0] === 0x80 && start[1]! >= 2 && start[1]! <= 5) return 'pickle';
  if (start[0] === 0x50 && start[1] === 0x4b) return isTorchArchive(start) ? 'pickle' : 'keras';
  if (/(^|[\\/])saved_model\.pb$/.test(lower)) return 'saved-model';
  // A protocol buffer whose first field is a small number: the version of ONNX's format.
  if (
    lower.endsWith('.onnx') ||
    (start[0] === 0x08 && start[1]! >= 3 && start[1]! <= 32 && isField(start[2]) && !isDescribed(start))
  )
    return 'onnx';
  return 'keras';
}

/** The header's length in 8 bytes, then its JSON. */
function isSafetensors(start: Uint8Array): boolean {
  return start.length > 9 && start[8] === 0x7b && start[5] === 0 && start[6] === 0 && start[7] === 0;
}

/** What `torch.save` writes is a zip archive that holds a pickle. */
function isTorchArchive(start: Uint8Array): boolean {
  return /^[\w.-]+\/(data\.pkl|byteorder|version|\.format_version)/.test(
    String.fromCharCode(...start.subarray(30, 200)),
  );
}

/** Field 2 of a Core ML model is a message, whose first byte is that of its first field; of ONNX it is a text. */
function isDescribed(start: Uint8Array): boolean {
  const length = start.subarray(3, 6).findIndex((byte) => byte < 0x80);
  return start[2] === 0x12 && start[4 + length] === 0x0a;
}

/** Field 2, a text (the producer); 3 to 8: what else a model starts with. */
const isField = (byte: number | undefined): boolean => byte !== undefined && byte >> 3 >= 2 && byte >> 3 <= 8;

function jsonKind(text: string): FileKind {
  if (/"(modelTopology|weightsManifest)"\s*:/.test(text)) return 'tfjs';
  // What transformers writes. A config of Keras has a class_name in its place.
  if (/"(model_type\s*"\s*:\s*"|architectures"\s*:\s*\[)/.test(text) && !/"class_name"\s*:/.test(text)) return 'config';
  if (/"added_tokens"\s*:\s*\[/.test(text)) return 'tokenizer';
  return 'keras';
}
