/**
 * A DistilBERT classifier of full size with random weights, in a temporary folder that both sides read. Python makes it, from a fixed
 * seed (make_distilbert.py), once per process; it goes when the process ends.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { failure } from '../../src/tensor/errors.ts';
import { peersFolder } from './peer.ts';

let made: Promise<string> | undefined;

/** The folder, with config.json and tf_model.h5. */
export function fullDistilbert(): Promise<string> {
  return (made ??= make());
}

async function make(): Promise<string> {
  const python = process.env['PATHGRAD_PYTHON'];
  if (!python) throw failure('PATHGRAD_PYTHON', 'is not set', {}, 'Python makes the random weights');
  const folder = mkdtempSync(join(tmpdir(), 'pathgrad-distilbert-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  await promisify(execFile)(python, [`${peersFolder}make_distilbert.py`, folder]);
  return folder;
}
