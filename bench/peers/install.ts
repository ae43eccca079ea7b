/**
 * npm run bench:peers: installs the JavaScript peers, at the versions of package.json, into bench/peers/node_modules, and says
 * what the Python peers need. Nothing of pathgrad needs them.
 */
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { peersFolder } from './peer.ts';

const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
const { status } = spawnSync(npm, ['ci', '--no-audit', '--no-fund'], { cwd: peersFolder, stdio: 'inherit' });
// What was bundled from other versions must not be measured.
rmSync(`${peersFolder}node_modules/.cache`, { recursive: true, force: true });
console.log(`
Python peers, both optional:
  python -m venv FOLDER; FOLDER/bin/pip install -r bench/peers/requirements.txt   (alibi on TensorFlow)
  FOLDER/bin/pip install torch                                                   (rows of its own)
  PATHGRAD_PYTHON=FOLDER/bin/python npm run bench -- ig`);
process.exitCode = status ?? 1;
