// Drives iamport-rest-client-nodejs from npm. Its constructor takes the base URL as `baseUrl`;
// a call is a request object, `Payments.getByImpUid(…)`, that is sent with `.request(client)`.
const { Iamport, Request } = require('iamport-rest-client-nodejs');
const serve = require('./lines');

serve({
  makeClient: (url, key, secret) => new Iamport({ apiKey: key, apiSecret: secret, baseUrl: url }),
  run: async (client, name, args) => {
    const [group, method] = name.split('.');
    const { status, data } = await Request[group][method](...args).request(client);
    return { status, ...data };
  },
  // HTTP errors reach the caller as axios made them, other refusals as a bare `{ response }`.
  describe: ({ isAxiosError, response }) =>
    response
      ? {
          error: isAxiosError ? 'HttpError' : 'ResponseError',
          status: response.status,
          code: response.data.code,
          message: response.data.message,
        }
      : {},
});
