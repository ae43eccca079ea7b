/** U1: parcel builds an application with pathgrad, for the browser, without configuration. */
import { testBundler } from '../bundler.ts';

testBundler('parcel');
