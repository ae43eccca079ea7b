/** What only pictures need: a chunk of its own, fetched with the first of them. */
export { imageSample, picture } from './sample/picture.ts';
export { panelsOf } from './view/panels.ts';
export { pictureParts } from './view/picture.ts';
