/**
 * An esbuild plugin that bundles GPU.js without what pathgrad never reaches: its mock for development, headless GL, the
 * threads of its WebAssembly mode, and kernels as text. Each is asked for inside a `try` or used by a function that is not called.
 */
export const gpujs = {
  name: 'gpujs',
  setup(build) {
    build.onResolve({ filter: /^(gl|gpu-mock\.js|os|worker_threads)$|kernel-string$/ }, ({ path, importer }) =>
      /[\\/]gpu\.js[\\/]src[\\/]/.test(importer) ? { path, namespace: 'left-out' } : undefined,
    );
    build.onLoad({ filter: /.*/, namespace: 'left-out' }, () => ({ contents: 'module.exports = {};', loader: 'js' }));
  },
};
