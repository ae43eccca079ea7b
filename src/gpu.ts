/** The entry `pathgrad/gpu`: the backend that runs kernels of GPU.js. It is apart so that the engine does not carry GPU.js. */
export {
  type GpuBackend,
  type GpuMode,
  type GpuOptions,
  type GpuStats,
  gpuBackend,
  gpuModes,
} from './backends/gpu/index.ts';
