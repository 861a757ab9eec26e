/** An interface without any login: whoever has the key, in a header with a word of its own, is let in. */
import type { Emulator } from '../../tests/emulators/site.ts';

export interface Weather extends Emulator {
  readonly key: string;
  /** Calls that carried the key as it has to be. */
  goodCalls(): number;
}

export function createWeather(): Weather {
  const key = 'weather-key-4711';
  let goodCalls = 0;
  return {
    hosts: ['api.weather.example'],
    key,
    goodCalls: () => goodCalls,
    site: ({ headers }) => {
      if (headers['x-api-key'] !== `Key ${key}`) {
        return { status: 401, body: { error: 'no such key' } };
      }
      goodCalls += 1;
      return { body: { city: 'Vienna', celsius: 21 } };
    },
    reset() {
      goodCalls = 0;
    },
  };
}
