/** What a dropped file is, and dropping itself: anywhere on the page. */
import { kindOf, TELLING } from '../../open/kind.ts';
import { byId } from '../dom/dom.ts';

export type FileKind =
  | 'model'
  | 'weights'
  | 'config'
  | 'tokenizer'
  | 'tokenizer-config'
  | 'vocabulary'
  | 'part'
  | 'inner'
  | 'picture'
  | 'rows'
  | 'sound'
  | 'unknown';

/** Where files of folders inside a dropped one lie: `1_Pooling/config.json`. */
const inner = new WeakMap<File, string>();

/** The path of a file inside the folder that was dropped; its name where it lies at the top. */
export const pathOf = (file: File): string => inner.get(file) ?? file.name;

/** Says where in a dropped folder a file lay, of one that was kept and has lost it. */
export function placeIn(file: File, path: string): void {
  if (path !== file.name) inner.set(file, path);
}

/** A file and what it is. */
export interface KnownFile {
  readonly file: File;
  readonly kind: FileKind;
}

/** What sentence-transformers writes beside its encoder. */
const ofSentences = ['modules.json', 'sentence_bert_config.json', 'config_sentence_transformers.json'];

/** Models first, so that what belongs to one finds it. */
const order: readonly FileKind[] = [
  ...(['model', 'weights', 'config', 'tokenizer', 'tokenizer-config'] as const),
  ...(['vocabulary', 'part', 'inner', 'picture', 'rows', 'sound', 'unknown'] as const),
];

/**
 * By content, and where it leaves that open by name and type. `weights` are of transformers, whole or one of several, or the list of them; `part`
 * is what a model of several files has beside its first.
 */
export async function kindOfFile(file: File): Promise<FileKind> {
  const name = file.name.toLowerCase();
  if (inner.has(file)) return 'inner';
  if (ofSentences.includes(name)) return 'part';
  if (file.type.startsWith('image/') || /\.(png|jpe?g|webp|gif|bmp)$/.test(name)) return 'picture';
  if (/\.(csv|tsv|ndjson|jsonl|npy|npz|parquet)$/.test(name)) return 'rows';
  if (name.endsWith('.wav')) return 'sound';
  if (name.endsWith('.txt')) return 'vocabulary';
  const start = new Uint8Array(await file.slice(0, TELLING).arrayBuffer());
  const kind = kindOf(start, name);
  if (kind === 'safetensors' || name.endsWith('.safetensors')) return 'weights';
  if (kind === 'pickle' || kind === 'saved-model') return 'model'; // the engine says what they are
  if (kind !== 'keras') return kind === 'tfjs' || kind === 'onnx' ? 'model' : kind;
  if (/\.(h5|hdf5|keras|tflite|pt|pth|pb|pkl|joblib|mlmodel|gguf|ort)$/.test(name)) return 'model';
  if (name.endsWith('.json')) return jsonKind(name, new TextDecoder().decode(start));
  if (/\.(bin|data)$|_data$/.test(name)) return 'part';
  return start[0] === 0x89 || (start[0] === 0x50 && start[1] === 0x4b) ? 'model' : 'unknown';
}

/** What transformers and Keras write; words of a word index have no lists or strings. */
function jsonKind(name: string, start: string): FileKind {
  if (/^\s*\[/.test(start)) return 'rows';
  if (/"weight_map"\s*:/.test(start)) return 'weights';
  if (name === 'tokenizer_config.json' || /"tokenizer_class"\s*:\s*"/.test(start)) return 'tokenizer-config';
  if (/"(cls|mask)_token"\s*:\s*["{]/.test(start)) return 'unknown'; // special_tokens_map.json: the tokenizer has them
  return /"(class_name|keras_version|layers)"/.test(start) ? 'model' : 'vocabulary';
}

export async function sortFiles(files: readonly File[]): Promise<KnownFile[]> {
  const known = await Promise.all(files.map(async (file) => ({ file, kind: await kindOfFile(file) })));
  return known.sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
}

/**
 * Takes files that are dropped anywhere on the page; of a folder, the files in it.
 * @param fail is told why a folder cannot be read
 */
export function onDrop(take: (files: File[]) => void, fail: (error: unknown) => void): void {
  const sign = byId('dropping');
  let depth = 0;
  const carriesFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes('Files') ?? false;
  const show = (change: number): void => {
    depth = Math.max(0, depth + change);
    sign.hidden = depth === 0;
  };
  addEventListener('dragenter', (event) => carriesFiles(event) && show(1));
  addEventListener('dragleave', (event) => carriesFiles(event) && show(-1));
  addEventListener('dragover', (event) => carriesFiles(event) && event.preventDefault());
  addEventListener('drop', (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    show(-depth);
    const items = [...(event.dataTransfer?.items ?? [])];
    // Entries are there during the event only; their files are read after it.
    const entries = items.map((item) => item.webkitGetAsEntry());
    if (!entries.some((entry) => entry?.isDirectory)) return take([...(event.dataTransfer?.files ?? [])]);
    Promise.all(entries.map((entry) => (entry ? filesOf(entry) : []))).then((all) => take(all.flat()), fail);
  });
}

/** Folders inside that are looked into, and files of them: more than any model has. */
const [deepest, most] = [2, 200];

/** A file itself, or the files of a folder and of the folders inside, as deep as models go. */
async function filesOf(entry: FileSystemEntry, within: readonly string[] = []): Promise<File[]> {
  if (!entry.isDirectory) {
    const file = await fileOf(entry as FileSystemFileEntry);
    if (within.length > 1) inner.set(file, [...within.slice(1), file.name].join('/'));
    return [file];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const entries: FileSystemEntry[] = [];
  for (;;) {
    // Some at a time, until none are left.
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0 || entries.length > most) break;
    entries.push(...some);
  }
  const wanted = entries.filter(({ isFile }) => isFile || within.length < deepest);
  const all = await Promise.all(wanted.map((each) => filesOf(each, [...within, entry.name])));
  return all.flat();
}

function fileOf(entry: FileSystemFileEntry): Promise<File> {
  return new Promise((resolve, reject) => entry.file(resolve, reject));
}

/** Whether a text file holds a text on each line, and not a token as a vocabulary does: tokens have no spaces in them. */
export async function holdsTexts(file: File): Promise<boolean> {
  const start = await file.slice(0, 65_536).text();
  const lines = start.split(/\r?\n/).filter((line) => line.trim() !== '');
  return lines.filter((line) => /\S\s+\S/.test(line)).length > lines.length / 2;
}
