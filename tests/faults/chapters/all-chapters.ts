/** The chapters of the fault bench, in the order in which they run. */
import type { Chapter } from '../chapter.ts';
import { clockChapter } from './clock.ts';
import { connectionsChapter } from './connections.ts';
import { diskChapter } from './disk.ts';
import { filesChapter } from './files.ts';
import { instancesChapter } from './instances.ts';
import { keyringChapter } from './keyring.ts';
import { killsChapter } from './kills.ts';
import { sleepChapter } from './sleep.ts';
import { soakChapter } from './soak.ts';
import { thousandChapter } from './thousand.ts';

export const ALL_CHAPTERS: readonly Chapter[] = [
  connectionsChapter,
  killsChapter,
  instancesChapter,
  sleepChapter,
  clockChapter,
  thousandChapter,
  soakChapter,
  keyringChapter,
  diskChapter,
  filesChapter,
];
