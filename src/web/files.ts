/** What a dropped file is, and dropping itself: anywhere on the page. */
import { byId } from './dom.ts';

export type FileKind = 'model' | 'config' | 'tokenizer' | 'tokenizer-config' | 'vocabulary' | 'picture' | 'unknown';

/** A file and what it is. */
export interface KnownFile {
  readonly file: File;
  readonly kind: FileKind;
}

/** By name and type; a JSON file by what it says. */
export async function kindOfFile(file: File): Promise<FileKind> {
  const name = file.name.toLowerCase();
  if (/\.(h5|hdf5|keras)$/.test(name)) return 'model';
  if (file.type.startsWith('image/') || /\.(png|jpe?g|webp|gif|bmp)$/.test(name)) return 'picture';
  if (name.endsWith('.txt')) return 'vocabulary';
  if (name.endsWith('.json')) {
    const start = await file.slice(0, 65536).text();
    // What transformers writes: words of a word index have no lists or strings.
    if (/"(model_type"\s*:\s*"|architectures"\s*:\s*\[)/.test(start)) return 'config';
    if (/"added_tokens"\s*:\s*\[/.test(start)) return 'tokenizer';
    if (name === 'tokenizer_config.json' || /"tokenizer_class"\s*:\s*"/.test(start)) return 'tokenizer-config';
    if (/"(cls|mask)_token"\s*:\s*["{]/.test(start)) return 'unknown'; // special_tokens_map.json: the tokenizer has them
    return /"(class_name|keras_version|layers)"/.test(start) ? 'model' : 'vocabulary';
  }
  return 'unknown';
}

/** Models first, so that what belongs to one finds it. */
export async function sortFiles(files: readonly File[]): Promise<KnownFile[]> {
  const order: readonly FileKind[] = ['model', 'config', 'tokenizer', 'tokenizer-config', 'vocabulary', 'picture'];
  const rank = (kind: FileKind): number => (kind === 'unknown' ? order.length : order.indexOf(kind));
  const known = await Promise.all(files.map(async (file) => ({ file, kind: await kindOfFile(file) })));
  return known.sort((a, b) => rank(a.kind) - rank(b.kind));
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
