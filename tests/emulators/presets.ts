/** Emulators of twelve vendors and a plain OAuth 2.0 server, each with its quirks enforced: a client that ignores one fails. */
import { createOAuth2Server } from './oauth2-server.ts';
import {
  createAtlassian,
  createGitHub,
  createSalesforce,
  createSlack,
  createZoom,
} from './presets-oauth.ts';
import {
  createAuth0,
  createCognito,
  createEntra,
  createGitLab,
  createGoogle,
  createKeycloak,
  createOkta,
} from './presets-openid.ts';

export * from './oauth2-server.ts';
export * from './presets-oauth.ts';
export * from './presets-openid.ts';
export { DESKTOP_CLIENT, exactly, REDIRECT_URIS, SERVICE_CLIENT } from './presets-shared.ts';
export type { PresetOptions } from './presets-shared.ts';

/** By the id of the provider file. */
export const PRESETS = {
  auth0: createAuth0,
  okta: createOkta,
  entra: createEntra,
  keycloak: createKeycloak,
  cognito: createCognito,
  google: createGoogle,
  github: createGitHub,
  gitlab: createGitLab,
  salesforce: createSalesforce,
  zoom: createZoom,
  slack: createSlack,
  atlassian: createAtlassian,
  oauth2: createOAuth2Server,
} as const;

export type PresetName = keyof typeof PRESETS;
