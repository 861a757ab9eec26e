/**
 * Kaltura: the client picks how long its session lives, the answer is the session alone, refusals come with 200. Facts:
 * https://www.rubydoc.info/gems/kaltura-client/17.1.0/Kaltura/KalturaSessionService. Inferred: the form of refusals.
 */
import type { Provider, RestLogin, Values } from '../core/provider.ts';
import { probeUrl } from './common-fields.ts';
import { password, serverAddress, username } from './rest-fields.ts';

const service = '{baseUrl}/api_v3/service';
const DAY_SECONDS = '86400';

export const kaltura: Provider = {
  id: 'kaltura',
  name: 'Kaltura',
  summary: 'A Kaltura account, by a user’s password or by the account’s secret.',
  group: 'rest',
  documentation: 'https://developer.kaltura.com/api-docs/service/session/action/start',
  grants: [
    {
      kind: 'rest-login',
      name: 'Session',
      summary: 'Starts a session (KS) and the next one when it has ended.',
      fields: [
        {
          ...serverAddress(
            'https://www.kaltura.com',
            'The server that has your account; this one, unless you were given another.',
          ),
          initial: 'https://www.kaltura.com',
        },
        {
          name: 'partnerId',
          label: 'Partner ID',
          kind: 'text',
          required: true,
          hint: 'The account’s number, in the Management Console under Settings → Integration Settings.',
        },
        {
          name: 'startWith',
          label: 'Sign in with',
          kind: 'choice',
          required: true,
          hint: 'A user’s login, or the secret of the account that acts for a user.',
          initial: 'password',
          options: [
            { value: 'password', label: 'Login and password of a user' },
            { value: 'secret', label: 'Administrator secret of the account' },
            { value: 'user-secret', label: 'User secret of the account' },
          ],
        },
        username(
          'The login (email address), or with a secret the ID of the user to act for.',
          'User',
        ),
        {
          ...password,
          label: 'Password or secret',
          hint: 'Secrets are found in the Management Console under Settings → Integration Settings.',
        },
        {
          name: 'expirySeconds',
          label: 'Lifetime in seconds',
          kind: 'text',
          required: false,
          hint: 'How long a session lives, in seconds; one day unless you say otherwise.',
          initial: DAY_SECONDS,
          advanced: true,
        },
        probeUrl,
      ],
      use: { query: { ks: '{token}' } },
      probe: { url: `${service}/session/action/get?format=1`, success: { path: 'code' } },
      login: sessionOf,
    },
  ],
};

/** Two actions with the same outcome; the life that is asked for is the life that is got. */
function sessionOf({ startWith, expirySeconds = DAY_SECONDS }: Values): RestLogin {
  const usual = { partnerId: '{partnerId}', expiry: expirySeconds, format: 1 };
  return {
    login:
      startWith === 'password'
        ? {
            url: `${service}/user/action/loginByLoginId`,
            encoding: 'form',
            fields: { ...usual, loginId: '{username}', password: '{password}' },
          }
        : {
            url: `${service}/session/action/start`,
            encoding: 'form',
            fields: {
              ...usual,
              userId: '{username}',
              secret: '{password}',
              type: startWith === 'secret' ? 2 : 0,
            },
          },
    answer: { token: ['*'], lifeSeconds: Number(expirySeconds) || Number(DAY_SECONDS) },
    logout: {
      url: `${service}/session/action/end`,
      encoding: 'form',
      fields: { ks: '{token}', format: 1 },
    },
    success: { path: 'code' },
  };
}
