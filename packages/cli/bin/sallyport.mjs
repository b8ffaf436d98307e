#!/usr/bin/env node
// The command itself is built; this file is there before that, so that npm can link to it.
import '../dist/main.js';
