/** Opens the peers that were asked for and are installed; what is left out is said in a notice. */
import { didYouMean, failure } from '../../src/tensor/errors.ts';
import { jaxPeer } from './jax.ts';
import { type Peer, type PeerName, peerNames } from './peer.ts';
import { type PythonLibrary, pythonPeer } from './python.ts';
import { tfjsPeer } from './tfjs.ts';

type Open = (notices: string[], threads: number | null) => Promise<(Peer | null)[]>;

/** Python peers come once with one thread and once with two, or as `alibi:2` with that many. */
const openers: Readonly<Record<PeerName, Open>> = {
  'tfjs-wasm': async (notices) => [await tfjsPeer('wasm', notices)],
  'tfjs-cpu': async (notices) => [await tfjsPeer('cpu', notices)],
  'jax-js': async (notices) => [await jaxPeer(notices)],
  alibi: (notices, threads) => inPython('alibi', threads, notices),
  'tf-function': (notices, threads) => inPython('tf-function', threads, notices),
  // It finds out by itself how many of the threads are best.
  captum: async (notices, threads) => [await pythonPeer('captum', threads ?? 2, notices)],
  torch: (notices, threads) => inPython('torch', threads, notices),
  keras: (notices, threads) => inPython('keras', threads, notices),
};

async function inPython(library: PythonLibrary, threads: number | null, notices: string[]): Promise<(Peer | null)[]> {
  if (threads !== null) return [await pythonPeer(library, threads, notices)];
  const one = await pythonPeer(library, 1, notices);
  return one ? [one, await pythonPeer(library, 2, notices)] : [null];
}

/** @param names of `--peers`: names, `all` or `none` */
export async function openPeers(names: readonly string[], notices: string[]): Promise<Peer[]> {
  const wanted = names.includes('all') ? peerNames : names.filter((name) => name !== 'none');
  const peers: Peer[] = [];
  for (const text of wanted) {
    const [name, count] = text.split(':') as [string, string | undefined];
    if (!(peerNames as readonly string[]).includes(name)) {
      throw failure('--peers', `unknown peer '${name}'`, {}, didYouMean(name, [...peerNames, 'all', 'none']));
    }
    const threads = count === undefined ? null : Number(count);
    if (threads !== null && !(Number.isInteger(threads) && threads > 0 && openers[name as PeerName].length > 1)) {
      throw failure(
        '--peers',
        `'${text}' is no peer with a number of threads`,
        {},
        'those in Python are: alibi:2, captum:2',
      );
    }
    for (const peer of await openers[name as PeerName](notices, threads)) if (peer) peers.push(peer);
  }
  return peers;
}
