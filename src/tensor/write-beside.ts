/**
 * A file written whole or not at all: the bytes go into one beside it, are forced to the disk, and take its name. Invariant: whatever fails, and
 * whenever the process ends, what was there before is there still; a link stays a link, and nothing of ours is left by an error.
 */

/** What is used of `node:fs`; it is passed, so that nothing for browsers imports it. */
export interface FileWriter {
  realpathSync(path: string): string;
  writeFileSync(
    path: string,
    content: Uint8Array | string,
    options: { readonly flag: 'wx'; readonly flush: boolean },
  ): void;
  renameSync(from: string, to: string): void;
  rmSync(path: string, options: { readonly force: boolean }): void;
}

/** Whose file it is, in its name; nobody else's. */
export const drawMark = (): string => Math.random().toString(36).slice(2, 12).padEnd(10, '0');

/** The mark in the name of a file that is not finished; null for any other name. */
export const markIn = (name: string): string | null => /^\..+\.([a-z0-9]{10})\.part$/.exec(name)?.[1] ?? null;

/**
 * @param mark in the name of the file beside, for who must find what an ended thread left
 * @throws what the file system throws
 */
export function writeBeside(files: FileWriter, given: string, content: Uint8Array | string, mark = drawMark()): void {
  const path = target(files, given);
  const at = Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1;
  const beside = `${path.slice(0, at)}.${path.slice(at)}.${mark}.part`;
  try {
    files.writeFileSync(beside, content, { flag: 'wx', flush: true });
    files.renameSync(beside, path);
  } catch (error) {
    files.rmSync(beside, { force: true });
    throw error;
  }
}

/** Where links lead, if there is something. */
function target(files: FileWriter, path: string): string {
  try {
    return files.realpathSync(path);
  } catch {
    return path;
  }
}
