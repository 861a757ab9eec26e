/** Everything that happens in a window with a foreign page: signing in (authorization) and taking a web app's token (capture). */
import type { Clock, TokenCapture, UserAgent } from '../../core/ports.ts';
import { authorize } from './authorize.electron.ts';
import { createTokenCapture } from './capture.electron.ts';
import type { Attempts } from './page-window.electron.ts';

export interface LoginWindowOptions {
  /** Address of our bar for a tenant's attempt. */
  readonly barUrl: (tenantId: string) => string;
  readonly preloadPath: string;
  readonly iconPath: string;
  readonly clock: Clock;
}

export function createLoginWindows(options: LoginWindowOptions): {
  readonly userAgent: UserAgent;
  readonly capture: TokenCapture;
} {
  const attempts: Attempts = new Map();
  const show = (tenantId: string): void => {
    attempts.get(tenantId)?.show();
  };
  return {
    userAgent: {
      show,
      authorize: (request) => authorize(request, options, attempts),
    },
    capture: { show, ...createTokenCapture(options, attempts) },
  };
}
