/** Where the real data sets, model files and golden values lie when they are there: beside the project, or PATHGRAD_SHARED. */
import { fileURLToPath } from 'node:url';

export const sharedFolder: string =
  process.env['PATHGRAD_SHARED'] ?? fileURLToPath(new URL('../../../shared', import.meta.url));
