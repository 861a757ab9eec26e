/** What the two companies say about a token. */
import assert from 'node:assert/strict';
import type { Company } from './world.ts';

export function isToken(text: string | null, { server }: Company): boolean {
  return text !== null && server.canaries().includes(text);
}

export interface Holder {
  readonly subject?: string;
  readonly clientId?: string;
}

/** What the company's API says about the token's holder; fails unless it accepts the token. */
export async function callApi({ server }: Company, token: string): Promise<Holder> {
  const answer = await fetch(server.protectedUrl, {
    headers: { authorization: `Bearer ${token}` },
  });
  assert.equal(answer.status, 200, 'the API refused the token');
  return (await answer.json()) as Holder;
}
