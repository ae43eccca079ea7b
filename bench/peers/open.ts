/** Opens the peers that were asked for and are installed; what is left out is said in a notice. */
import { didYouMean, failure } from '../../src/tensor/errors.ts';
import { jaxPeer } from './jax.ts';
import { type Peer, type PeerName, peerNames } from './peer.ts';
import { pythonPeer } from './python.ts';
import { tfjsPeer } from './tfjs.ts';

type Open = (notices: string[], threads: number | null) => Promise<(Peer | null)[]>;

/** Python peers come once with one thread and once with two, or as `alibi:2` with that many. */
const openers: Readonly<Record<PeerName, Open>> = {
  'tfjs-wasm': async (notices) => [await tfjsPeer('wasm', notices)],
  'tfjs-cpu': async (notices) => [await tfjsPeer('cpu', notices)],
  'jax-js': async (notices) => [await jaxPeer(notices)],
  alibi: (notices, threads) => inPython('alibi', threads, notices),
  torch: (notices, threads) => inPython('torch', threads, notices),
};

async function inPython(
  library: 'alibi' | 'torch',
  threads: number | null,
  notices: string[],
): Promise<(Peer | null)[]> {
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
      throw failure('--peers', `'${text}' is no peer with a number of threads`, {}, 'alibi:2 and torch:2 are');
    }
    for (const peer of await openers[name as PeerName](notices, threads)) if (peer) peers.push(peer);
  }
  return peers;
}
