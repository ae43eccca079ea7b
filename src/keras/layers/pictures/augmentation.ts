/**
 * Layers that change pictures in training alone, as seen of Keras 3.15: a saved model that predicts returns its pictures as they are. Those that
 * models of all kinds have (RandomFlip, RandomRotation, ...) are among the basic layers.
 */
import { defineLayer, identityRun, type LayerClass } from '../layer.ts';

export const augmentation: LayerClass = defineLayer({
  classes: [
    ...['MixUp', 'CutMix', 'AugMix', 'RandAugment', 'RandomElasticTransform', 'Solarization', 'Equalization'],
    'MaxNumBoundingBoxes', // pads boxes, and pictures are all that goes through a model
  ],
  create: (o) => {
    o.ignoreAll();
    o.ignore('max_number', 'fill_value');
    return { ...identityRun, trainingMatters: true };
  },
});
