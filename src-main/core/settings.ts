/** All settings on one page: meaning, bounds, default. */
import * as v from 'valibot';

export interface Settings {
  /** How long before a token's end the notice comes. */
  readonly noticeLeadMinutes: number;
  /** Notify before every expiry, also when renewal works. */
  readonly noticeAlways: boolean;
  /** A copied token is valid for at least this long (or half its life, if that is shorter). */
  readonly minimumValiditySeconds: number;
  /** 0: the clipboard is left alone. */
  readonly clearClipboardAfterSeconds: number;
  readonly theme: 'system' | 'light' | 'dark';
}

export const DEFAULT_SETTINGS: Settings = {
  noticeLeadMinutes: 5,
  noticeAlways: false,
  minimumValiditySeconds: 30,
  clearClipboardAfterSeconds: 300,
  theme: 'system',
};

const whole = (least: number, most: number) =>
  v.pipe(v.number(), v.integer(), v.minValue(least), v.maxValue(most));

const shapes = {
  noticeLeadMinutes: whole(1, 60),
  noticeAlways: v.boolean(),
  minimumValiditySeconds: whole(5, 600),
  clearClipboardAfterSeconds: whole(0, 3600),
  theme: v.picklist(['system', 'light', 'dark']),
};

const settingsPatch = v.partial(v.strictObject(shapes));

/** A change that a page asks for. @returns Undefined for unknown names and for values out of bounds. */
export function readSettingsPatch(data: unknown): Partial<Settings> | undefined {
  const parsed = v.safeParse(settingsPatch, data);
  if (!parsed.success) return undefined;
  return Object.fromEntries(
    Object.entries(parsed.output).filter(([, value]) => value !== undefined),
  );
}

/** Settings as stored: whatever is missing or out of bounds takes its default, the rest is kept. */
export const storedSettings: v.GenericSchema<unknown, Settings> = v.fallback(
  v.object({
    noticeLeadMinutes: v.fallback(shapes.noticeLeadMinutes, DEFAULT_SETTINGS.noticeLeadMinutes),
    noticeAlways: v.fallback(shapes.noticeAlways, DEFAULT_SETTINGS.noticeAlways),
    minimumValiditySeconds: v.fallback(
      shapes.minimumValiditySeconds,
      DEFAULT_SETTINGS.minimumValiditySeconds,
    ),
    clearClipboardAfterSeconds: v.fallback(
      shapes.clearClipboardAfterSeconds,
      DEFAULT_SETTINGS.clearClipboardAfterSeconds,
    ),
    theme: v.fallback(shapes.theme, DEFAULT_SETTINGS.theme),
  }),
  DEFAULT_SETTINGS,
);
