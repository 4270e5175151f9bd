// Drives iamporter from npm. Its constructor takes the base URL as `host`.
const { Iamporter, IamporterError } = require('iamporter');
const serve = require('./lines');

serve({
  makeClient: (url, key, secret) => new Iamporter({ apiKey: key, secret, host: url }),
  run: (client, method, args) => client[method](...args),
  describe: (error) =>
    error instanceof IamporterError
      ? { error: 'IamporterError', status: error.status, code: error.raw && error.raw.code }
      : {},
});
