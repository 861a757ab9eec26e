/** The catalogue, in the order in which it is offered. */
import type { Provider } from '../core/provider.ts';
import { oidc } from './oidc.ts';

export const PROVIDERS: readonly Provider[] = [oidc];
