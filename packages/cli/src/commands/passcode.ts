// sallyport passcode: what is stored of a passcode or token in a configuration file.

import { type Command, readLine } from '../command.js';
import { PasscodeHash } from '../access/passcode-hash.js';
import { readSecret } from '../secret-input.js';
import { hashToken, newToken } from '../access/token-hash.js';

const usage = `Usage: sallyport passcode
       sallyport passcode --token

Reads a passcode, a line from standard input, and prints its hash for the "passcode" of a user in the file of
sallyport serve --config. On a terminal the passcode is asked for twice, and not shown.

  --token            make up a token, for programs: two lines, the token and its hash

Exit codes: 0 all is well, 1 it failed, 2 the command line is wrong.`;

export const passcode: Command = {
  summary: 'hash a passcode, or make a token, for serve --config',
  usage,
  async run(args) {
    const { values } = readLine(args, { token: { type: 'boolean' } }, []);
    if (values.token === true) {
      const token = newToken();
      console.log(`${token}\n${hashToken(token)}`);
      return 0;
    }
    const secret = await readSecret(process.stdin, process.stderr);
    console.log((await PasscodeHash.of(secret)).text);
    return 0;
  },
};
