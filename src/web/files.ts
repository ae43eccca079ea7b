/** What a dropped file is, and dropping itself: anywhere on the page. */
import { kindOf, TELLING } from '../open/kind.ts';
import { byId } from './dom.ts';

export type FileKind =
  | 'model'
  | 'weights'
  | 'config'
  | 'tokenizer'
  | 'tokenizer-config'
  | 'vocabulary'
  | 'part'
  | 'picture'
  | 'unknown';

/** A file and what it is. */
export interface KnownFile {
  readonly file: File;
  readonly kind: FileKind;
}

/** Models first, so that what belongs to one finds it. */
const order: readonly FileKind[] = [
  ...(['model', 'weights', 'config', 'tokenizer', 'tokenizer-config'] as const),
  ...(['vocabulary', 'part', 'picture', 'unknown'] as const),
];

/**
 * By content, and where it leaves that open by name and type. `weights` are of transformers, whole or one of several, or the list of them; `part`
 * is what a model of several files has beside its first.
 */
export async function kindOfFile(file: File): Promise<FileKind> {
  const name = file.name.toLowerCase();
  if (file.type.startsWith('image/') || /\.(png|jpe?g|webp|gif|bmp)$/.test(name)) return 'picture';
  if (name.endsWith('.txt')) return 'vocabulary';
  const start = new Uint8Array(await file.slice(0, TELLING).arrayBuffer());
  const kind = kindOf(start, name);
  if (kind === 'safetensors' || name.endsWith('.safetensors')) return 'weights';
  if (kind === 'pickle' || kind === 'saved-model') return 'model'; // the engine says what they are
  if (kind !== 'keras') return kind === 'tfjs' || kind === 'onnx' ? 'model' : kind;
  if (/\.(h5|hdf5|keras|tflite|pt|pth)$/.test(name)) return 'model';
  if (name.endsWith('.json')) return jsonKind(name, new TextDecoder().decode(start));
  if (/\.(bin|data)$|_data$/.test(name)) return 'part';
  return start[0] === 0x89 || (start[0] === 0x50 && start[1] === 0x4b) ? 'model' : 'unknown';
}

/** What transformers and Keras write; words of a word index have no lists or strings. */
function jsonKind(name: string, start: string): FileKind {
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

/** A file itself, or the files of a folder; folders inside it are left out. */
async function filesOf(entry: FileSystemEntry): Promise<File[]> {
  if (!entry.isDirectory) return [await fileOf(entry as FileSystemFileEntry)];
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const files: File[] = [];
  for (;;) {
    // Some at a time, until none are left.
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return files;
    const inside = some.filter(({ isFile }) => isFile) as FileSystemFileEntry[];
    files.push(...(await Promise.all(inside.map(fileOf))));
  }
}

function fileOf(entry: FileSystemFileEntry): Promise<File> {
  return new Promise((resolve, reject) => entry.file(resolve, reject));
}
