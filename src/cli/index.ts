#!/usr/bin/env node
/** The program `pathgrad`: the command line of main.ts on this process. */
import { main } from './main.ts';
import { processTerminal } from './print/terminal.ts';

process.exitCode = await main(process.argv.slice(2), processTerminal());
