/** The catalogue, in the order in which it is offered. */
import type { Provider } from '../core/provider.ts';
import { apiKey } from './api-key.ts';
import { atlassian } from './atlassian.ts';
import { auth0 } from './auth0.ts';
import { cognito } from './cognito.ts';
import { directus } from './directus.ts';
import { entra } from './entra.ts';
import { firebase } from './firebase.ts';
import { github } from './github.ts';
import { gitlab } from './gitlab.ts';
import { google } from './google.ts';
import { jellyfin } from './jellyfin.ts';
import { kaltura } from './kaltura.ts';
import { keycloak } from './keycloak.ts';
import { limio } from './limio.ts';
import { livechat } from './livechat.ts';
import { magento } from './magento.ts';
import { matrix } from './matrix.ts';
import { nextcloud } from './nextcloud.ts';
import { oauth2 } from './oauth2.ts';
import { oidc } from './oidc.ts';
import { okta } from './okta.ts';
import { pocketbase } from './pocketbase.ts';
import { proxmox } from './proxmox.ts';
import { rest } from './rest.ts';
import { salesforce } from './salesforce.ts';
import { slack } from './slack.ts';
import { supabase } from './supabase.ts';
import { teletracker } from './teletracker.ts';
import { thingsboard } from './thingsboard.ts';
import { veeam } from './veeam.ts';
import { zabbix } from './zabbix.ts';
import { zoom } from './zoom.ts';

export const PROVIDERS: readonly Provider[] = [
  limio,
  livechat,
  teletracker,

  oidc,
  oauth2,
  rest,
  apiKey,

  auth0,
  okta,
  entra,
  keycloak,
  cognito,
  google,
  github,
  gitlab,
  salesforce,
  zoom,
  slack,
  atlassian,

  directus,
  thingsboard,
  supabase,
  firebase,
  matrix,
  pocketbase,
  jellyfin,
  magento,
  zabbix,
  proxmox,
  kaltura,
  veeam,
  nextcloud,
];
