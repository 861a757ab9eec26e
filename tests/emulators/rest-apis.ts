/**
 * The REST APIs that a declarative profile must cover, each on a host of its own, true to its documents; what they share is in
 * `rest-api-engine.ts`. One of no vendor, which can be set up to be like any other, is in `rest-any.ts`.
 */
import type { RestApi } from './rest-api-engine.ts';
import { firebase, pocketBase, proxmox, veeam } from './rest-apis-odd-renewal.ts';
import { directus, matrix, supabase, thingsBoard } from './rest-apis-renewed.ts';
import { jellyfin, magento, zabbix } from './rest-apis-unrenewed.ts';
import { kaltura, nextcloud } from './rest-apis-unusual.ts';

export { ACCOUNT } from './rest-api-engine.ts';
export type { Account, Answering, RestApi } from './rest-api-engine.ts';
export * from './rest-apis-odd-renewal.ts';
export * from './rest-apis-renewed.ts';
export * from './rest-apis-unrenewed.ts';
export * from './rest-apis-unusual.ts';

/**
 * One of each, ready for an internet.
 * @param now Milliseconds since 1970; by it tokens end.
 */
export function createRestApis(now?: () => number) {
  return {
    directus: directus(now),
    thingsBoard: thingsBoard(now),
    supabase: supabase(now),
    firebase: firebase(now),
    matrix: matrix(now),
    pocketBase: pocketBase(now),
    jellyfin: jellyfin(now),
    magento: magento(now),
    zabbix: zabbix(now),
    proxmox: proxmox(now),
    kaltura: kaltura(now),
    veeam: veeam(now),
    nextcloud: nextcloud(now),
  } satisfies Record<string, RestApi<never>>;
}
