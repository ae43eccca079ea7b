/** Opens the peers that were asked for and are installed; what is left out is said in a notice. */
import { didYouMean, failure } from '../../src/tensor/errors.ts';
import { jaxPeer } from './jax.ts';
import { type Peer, type PeerName, peerNames } from './peer.ts';
import { pythonPeer } from './python.ts';
import { tfjsPeer } from './tfjs.ts';

type Open = (notices: string[]) => Promise<(Peer | null)[]>;

/** Python peers come once with one thread and once with two. */
const openers: Readonly<Record<PeerName, Open>> = {
  'tfjs-wasm': async (notices) => [await tfjsPeer('wasm', notices)],
  'tfjs-cpu': async (notices) => [await tfjsPeer('cpu', notices)],
  'jax-js': async (notices) => [await jaxPeer(notices)],
  alibi: (notices) => bothThreadCounts('alibi', notices),
  torch: (notices) => bothThreadCounts('torch', notices),
};

async function bothThreadCounts(library: 'alibi' | 'torch', notices: string[]): Promise<(Peer | null)[]> {
  const one = await pythonPeer(library, 1, notices);
  return one ? [one, await pythonPeer(library, 2, notices)] : [null];
}

/** @param names of `--peers`: names, `all` or `none` */
export async function openPeers(names: readonly string[], notices: string[]): Promise<Peer[]> {
  const wanted = names.includes('all') ? peerNames : names.filter((name) => name !== 'none');
  const peers: Peer[] = [];
  for (const name of wanted) {
    if (!(peerNames as readonly string[]).includes(name)) {
      throw failure('--peers', `unknown peer '${name}'`, {}, didYouMean(name, [...peerNames, 'all', 'none']));
    }
    for (const peer of await openers[name as PeerName](notices)) if (peer) peers.push(peer);
  }
  return peers;
}
