// Before a package is packed: all that its manifest promises has been built. `npm start` builds no declarations.
import { existsSync, readFileSync } from 'node:fs';

const { name, exports = {} } = JSON.parse(readFileSync('package.json', 'utf8'));
const promised = Object.values(exports).flatMap((target) => (typeof target === 'object' ? Object.values(target) : []));
const missing = promised.find((file) => !existsSync(file));
if (missing !== undefined) {
  console.error(`${name}: ${missing} is missing; npm run build makes it`);
  process.exitCode = 1;
}
