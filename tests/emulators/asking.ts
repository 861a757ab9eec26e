/** For the emulators' own tests: one line says what is asked, and the body of the answer may be looked into. */
import { createSiteCaller, type Call } from './site-caller.ts';
import type { Emulator, SiteAnswer } from './site.ts';

export interface Reply extends Required<Pick<SiteAnswer, 'status' | 'headers'>> {
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the assertions of the test are the check
  readonly body: any;
}

/** @param line `METHOD https://host/path`. */
export async function ask(emulator: Emulator, line: string, call: Call = {}): Promise<Reply> {
  const [method = '', url = ''] = line.split(' ');
  const type = call.json === undefined ? {} : { 'content-type': 'application/json' };
  const headers = { ...type, ...call.headers };
  const answer = await createSiteCaller(emulator).ask(url, { ...call, method, headers });
  return { status: answer.status ?? 200, headers: answer.headers ?? {}, body: answer.body };
}
