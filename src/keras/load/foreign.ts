/**
 * What a file is that none of Keras's formats is, and how to save its model in one that can be read. Told by the first bytes alone, never by the
 * name, and nothing of it is opened: many of these formats are code. Loaded where a file is to be refused.
 * Sources: the magic numbers of each format; Python's pickle protocol; field numbers of TensorFlow's, ONNX's and Core ML's protocol buffers.
 */
import { contentOf, unknownContent } from '../../guard/content.ts';
import { failure, type PathgradError } from '../../tensor/errors.ts';

interface Foreign {
  readonly what: string;
  /** No model of any kind: data, or nothing that is known. */
  readonly other?: true;
  readonly hint?: string;
}

const pickle: Foreign = {
  what: 'a Python pickle',
  hint: 'a pickle is code and is never opened; in Python: model.save_pretrained(folder) of transformers writes model.safetensors, torch.onnx.export(model, example, "model.onnx") any network of PyTorch, skl2onnx a model of scikit-learn; of Keras model.save("model.keras")',
};
const graph =
  'in Python: tf_keras.models.load_model(folder).save("model.h5") where Keras made it; else python -m tf2onnx.convert --saved-model folder --output model.onnx';

const read =
  'what is read: .h5 and .keras files of Keras, .onnx, model.json of TensorFlow.js with its .bin files, and folders that transformers saved (config.json, .safetensors or .h5, tokenizer)';

/** Bytes at a place that only one format has there. */
const magic: readonly (readonly [at: number, bytes: string, Foreign])[] = [
  [
    // Before it stands an offset, whose byte may be that of a space.
    4,
    'TFL3',
    {
      what: 'a TensorFlow Lite model',
      hint: 'it holds operations and no layers: give the Keras file it was made from, or python -m tf2onnx.convert --tflite model.tflite --output model.onnx and loadOnnx of pathgrad/onnx',
    },
  ],
  [4, 'ORTM', { what: 'a model in the format of ONNX Runtime', hint: 'give the .onnx file it was made from' }],
  [
    0,
    'GGUF',
    {
      what: 'a GGUF file of llama.cpp',
      hint: 'its weights are rounded for generation: give the folder of transformers it was made from, with config.json and model.safetensors',
    },
  ],
];

/** What to do about other contents, by their names; what is none of these is meant as an input. */
const hints: Readonly<Record<string, string>> = {
  'gzip data': 'unpack it first',
  'bzip2 data': 'unpack it first',
  'xz data': 'unpack it first',
  'a NumPy array': 'save the model, not an array',
  'a web page': 'download the raw file',
};

/** Why the file cannot be read as a Keras model. @param start its first bytes, all of them or some thousands */
export function foreign(start: Uint8Array, name: string, size = start.length): PathgradError {
  const { what, hint, other } = identify(start);
  const problem = other ? `is no model that pathgrad reads: ${what}` : `is not a Keras model: ${what}`;
  return failure(name, problem, { bytes: size }, hint);
}

function identify(start: Uint8Array): Foreign {
  if (start.length === 0) return { what: 'the file is empty', other: true, hint: 'get the file anew' };
  const raw = String.fromCharCode(...start.subarray(0, 4096));
  const found = magic.find(([at, bytes]) => raw.startsWith(bytes, at));
  if (found) return found[2];
  const text = new TextDecoder().decode(start.subarray(0, 256)).trimStart();
  if (text.startsWith('version https://git-lfs'))
    return { what: 'a Git LFS pointer', other: true, hint: 'run git lfs pull to get the file itself' };
  const content = contentOf(start);
  if (content === 'XML')
    return { what: content, hint: 'a web page, or a graph without weights: give the model that it was made from' };
  if (content === 'JSON') return { what: content, hint: 'give an architecture as architecture, beside a weights file' };
  if (content === 'a file of safetensors')
    return { what: content, hint: 'loadTransformer of pathgrad/transformers reads it with the config.json beside it' };
  if (isPickle(start, raw)) return pickle;
  if (start[0] === 0x78 && (start[0]! * 256 + start[1]!) % 31 === 0)
    // a header of zlib (RFC 1950)
    return { what: 'zlib data, as joblib.dump writes with compress', hint: pickle.hint! };
  return protocolBuffer(start, raw) ?? unknown(start, content);
}

/** Protocols 2 to 5 say their number. Before, a dict, list or tuple is begun (protocol 0 or 1), or a class is named. */
function isPickle([first, second, third]: Uint8Array, raw: string): boolean {
  if (first === 0x80) return second! >= 2 && second! <= 5;
  const begun = second === 0x71 && third === 0;
  return (begun && '}])'.includes(raw[0]!)) || /^(\([dlt]p?\d*\n|c[a-zA-Z_][\w.]*\n\w+\n)/.test(raw);
}

const operation = /(Placeholder|Const|NoOp|VarHandleOp|ReadVariableOp|AssignVariableOp)/;

/** Field 1 of three formats is a small number, and field 2 tells them apart: a text (ONNX's producer), or a message. */
function protocolBuffer(start: Uint8Array, raw: string): Foreign | null {
  const [first, version, second] = start;
  if (first === 0x0a && operation.test(raw))
    return {
      what: 'a frozen graph of TensorFlow, which holds no layers',
      hint: 'give the Keras file it was made from, or python -m tf2onnx.convert --graphdef graph.pb --inputs x:0 --outputs y:0 --output model.onnx and loadOnnx of pathgrad/onnx',
    };
  if (first !== 0x08 || !(version! >= 1 && version! <= 64) || !(second! >> 3 >= 2 && second! >> 3 <= 8)) return null;
  if (second === 0x12 && start[behindLength(start, 3)] === 0x0a) {
    if (operation.test(raw))
      return { what: 'the graph of a SavedModel of TensorFlow, which holds no layers', hint: graph };
    return {
      what: 'a Core ML model',
      hint: 'give what it was converted from: the Keras file, the folder of transformers, or an ONNX export',
    };
  }
  return {
    what: 'a protocol buffer (SavedModel or ONNX)',
    hint: 'loadOnnx of pathgrad/onnx reads ONNX; of a SavedModel save the model as .keras or .h5',
  };
}

/** The place behind a length of one to five bytes, whose last is the first below 128. */
function behindLength(bytes: Uint8Array, at: number): number {
  let end = at;
  while (end < at + 5 && bytes[end]! >= 0x80) end++;
  return end + 1;
}

/** Data, a text, or nothing that is known. */
function unknown(start: Uint8Array, content: string | null): Foreign {
  if (content === null || content.startsWith('plain'))
    return { what: content ?? unknownContent(start), other: true, hint: read };
  return { what: content, other: true, hint: hints[content] ?? 'give the file of the model first' };
}
