/** What a dropped file is, and dropping itself: anywhere on the page. */
import { byId } from './dom.ts';

export type FileKind = 'model' | 'vocabulary' | 'picture' | 'unknown';

/** By name and type; a JSON file by what it says. */
export async function kindOfFile(file: File): Promise<FileKind> {
  const name = file.name.toLowerCase();
  if (/\.(h5|hdf5|keras)$/.test(name)) return 'model';
  if (file.type.startsWith('image/') || /\.(png|jpe?g|webp|gif|bmp)$/.test(name)) return 'picture';
  if (name.endsWith('.txt')) return 'vocabulary';
  if (name.endsWith('.json')) {
    const start = await file.slice(0, 65536).text();
    return /"(class_name|keras_version|layers)"/.test(start) ? 'model' : 'vocabulary';
  }
  return 'unknown';
}

/** Models first, so that what belongs to one finds it. */
export async function sortFiles(files: readonly File[]): Promise<{ file: File; kind: FileKind }[]> {
  const order: readonly FileKind[] = ['model', 'vocabulary', 'picture', 'unknown'];
  const known = await Promise.all(files.map(async (file) => ({ file, kind: await kindOfFile(file) })));
  return known.sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
}

/** Takes files that are dropped anywhere on the page. */
export function onDrop(take: (files: File[]) => void): void {
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
    take([...(event.dataTransfer?.files ?? [])]);
  });
}
