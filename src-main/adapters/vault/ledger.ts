/**
 * Which generation of each record was last written, so that an older one that is put back is noticed. One file of short
 * authenticated lines, appended to after the record is durable and not flushed: a ledger that is behind its records is
 * right, one that is ahead of them never comes about.
 *
 * It notices single records. A folder that is put back as a whole, ledger and all, is a consistent store and is accepted,
 * as a restored backup must be. A ledger that is lost is begun anew from the records as they are.
 */
import { createHmac, hkdf } from 'node:crypto';
import { constants } from 'node:fs';
import { appendFile, rename } from 'node:fs/promises';
import { promisify } from 'node:util';
import { createExclusive } from '../../core/exclusive.ts';
import type { Clock } from '../../core/ports.ts';
import { NO_FOLLOW, readBounded, writeDurably } from './durable-file.ts';

export interface Ledger {
  /** 0: nothing is known of this record. */
  generationOf(recordId: string): number;
  /** Call it when the record of this generation is durable, or, one higher than the last, removed. Never throws. */
  note(recordId: string, generation: number): Promise<void>;
}

/** More than the app lets it grow to, with 1,000 tenants by a wide margin; what is larger is noise and is not read. */
const LARGEST_BYTES = 8 * 1024 * 1024;
/** In days of renewing 1,000 tenants; then only the last line of each record is kept. */
const REWRITTEN_AFTER_BYTES = 4 * 1024 * 1024;
/** At opening, where it costs nothing that anybody waits for. */
const SUPERFLUOUS_LINES = 1000;

/** Each line begins with a line feed, so that one that was cut off does not spoil the next. */
const LINE = /^(\S+) (\d{1,15}) ([\w-]{22})$/;

export async function openLedger(
  path: string,
  key: Uint8Array,
  storeId: string,
  clock: Clock,
): Promise<Ledger> {
  const info = 'bearer-tray ledger';
  const macKey = new Uint8Array(await promisify(hkdf)('sha256', key, storeId, info, 32));
  const exclusive = createExclusive();
  const generations = new Map<string, number>();
  let lengthBytes = 0;

  const lineOf = (recordId: string, generation: number): string => {
    const entry = `${recordId} ${String(generation)}`;
    const mac = createHmac('sha256', macKey).update(entry).digest().subarray(0, 16);
    return `\n${entry} ${mac.toString('base64url')}`;
  };

  const rewrite = async (): Promise<void> => {
    const lines = [...generations].map(([recordId, generation]) => lineOf(recordId, generation));
    const content = Buffer.from(lines.join(''));
    await writeDurably(path, content);
    lengthBytes = content.length;
  };

  /** Without O_CREAT: a ledger that somebody took away is written anew as a whole. */
  const append = async (line: string): Promise<void> => {
    if (lengthBytes > REWRITTEN_AFTER_BYTES) return rewrite();
    await appendFile(path, line, { flag: constants.O_WRONLY | constants.O_APPEND | NO_FOLLOW });
    lengthBytes += line.length;
  };

  /** From the end, where the present generations are; a line that says nothing new is not checked. */
  const take = (text: string): { readonly damaged: boolean; readonly tidy: boolean } => {
    const lines = text.split('\n').slice(1);
    let damaged = lines.length === 0 && text !== '';
    let torn = false;
    for (const [fromEnd, line] of lines.toReversed().entries()) {
      const [, recordId = '', digits = ''] = LINE.exec(line) ?? [];
      const generation = Number(digits);
      if (recordId !== '' && generation <= (generations.get(recordId) ?? 0)) continue;
      if (recordId !== '' && `\n${line}` === lineOf(recordId, generation)) {
        generations.set(recordId, generation);
      } else if (fromEnd === 0) torn = true;
      else damaged = true;
    }
    return { damaged, tidy: !torn && lines.length < 2 * generations.size + SUPERFLUOUS_LINES };
  };

  const bytes = await readBounded(path, LARGEST_BYTES);
  const text = bytes === undefined || bytes === 'unusable' ? '' : bytes.toString('latin1');
  const { damaged, tidy } = take(text);
  lengthBytes = text.length;
  if (damaged || bytes === 'unusable') {
    await rename(path, `${path}.unreadable-${String(clock.now())}`);
  }
  if (damaged || !tidy || text === '') await rewrite().catch(() => undefined);

  return {
    generationOf: (recordId) => generations.get(recordId) ?? 0,
    async note(recordId, generation) {
      generations.set(recordId, generation);
      await exclusive('file', () => append(lineOf(recordId, generation)).catch(rewrite)).catch(
        // The record is safe; what the ledger misses is in memory, and on disk with its next rewriting
        () => undefined,
      );
    },
  };
}
