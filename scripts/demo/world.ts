/** Everything outside of the app: two companies with servers of their own on loopback, and the vendors in an emulated internet. */
import {
  startAuthorizationServer,
  type AuthorizationServer,
} from '../../tests/emulators/authorization-server.ts';
import { startInternet, type Internet } from '../../tests/emulators/internet.ts';
import { createLimio, type Limio } from '../../tests/emulators/limio.ts';
import { createLiveChat, type LiveChat } from '../../tests/emulators/livechat.ts';
import { createGoogle, createOAuth2Server, createOkta } from '../../tests/emulators/presets.ts';
import { anyRest, type AnyRest } from '../../tests/emulators/rest-any.ts';
import { createTeleTracker, type TeleTracker } from '../../tests/emulators/teletracker.ts';
import { withReadablePages } from './readable-pages.ts';
import { createWeather, type Weather } from './weather.ts';

/** Short, so that a renewal can be watched: it comes after half of it. */
export const ACCESS_TOKEN_SECONDS = 60;

type IdentityProvider = ReturnType<typeof createOkta>;

export interface Company {
  readonly name: string;
  readonly server: AuthorizationServer;
}

export interface World {
  readonly acme: Company;
  readonly globex: Company;
  readonly internet: Internet;
  readonly limio: Limio;
  readonly liveChat: LiveChat;
  readonly teleTracker: TeleTracker;
  /** A REST interface with ways of its own: wrapped answers, milliseconds, a header without Bearer. */
  readonly rest: AnyRest;
  /** Form-encoded answers, scopes by comma. */
  readonly oauth2: IdentityProvider;
  readonly okta: IdentityProvider;
  readonly google: IdentityProvider;
  readonly weather: Weather;
  stop(): Promise<void>;
}

export async function startWorld(): Promise<World> {
  const options = { accessTokenSeconds: ACCESS_TOKEN_SECONDS };
  // One after the other: each silences and restores console.warn while it loads.
  const acme = { name: 'Acme', server: await startAuthorizationServer(options) };
  const globex = { name: 'Globex', server: await startAuthorizationServer(options) };
  const vendors = {
    limio: createLimio(),
    liveChat: createLiveChat(),
    teleTracker: createTeleTracker(),
    rest: anyRest(),
    oauth2: createOAuth2Server(),
    okta: createOkta(),
    google: createGoogle(),
    weather: createWeather(),
  };
  const { rest, oauth2, okta } = vendors;
  rest.configure({
    wrapper: 'data.session',
    expiry: 'milliseconds',
    use: { in: 'header', name: 'X-Session-Token', template: '{token}' },
  });
  oauth2.behave({ login: 'page' });
  okta.behave({ login: 'page' });
  const internet = await startInternet(Object.values(vendors).map(withReadablePages));
  return {
    acme,
    globex,
    internet,
    ...vendors,
    stop: async () => {
      await Promise.all([acme.server.stop(), globex.server.stop(), internet.stop()]);
    },
  };
}
