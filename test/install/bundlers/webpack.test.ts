/** U1: webpack builds an application with pathgrad, for the browser and for Node, without configuration. */
import { testBundler } from '../bundler.ts';

testBundler('webpack');
