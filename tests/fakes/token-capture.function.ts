/** A web app without a window: a function says what its calls carry. */
import type { CaptureOutcome, CaptureRequest, TokenCapture } from '../../src-main/core/ports.ts';

export interface FunctionTokenCapture extends TokenCapture {
  /** How the next captures end; `silently` tells those without a window. */
  answerWith(answer: (request: CaptureRequest, silently: boolean) => CaptureOutcome): void;
  readonly requests: readonly CaptureRequest[];
  /** Tenants whose web session was ended. */
  readonly forgotten: readonly string[];
}

export function createTokenCapture(): FunctionTokenCapture {
  const requests: CaptureRequest[] = [];
  const forgotten: string[] = [];
  let answer = (_request: CaptureRequest, _silently: boolean): CaptureOutcome => ({
    kind: 'closed',
  });
  const take =
    (silently: boolean) =>
    (request: CaptureRequest): Promise<CaptureOutcome> => {
      requests.push(request);
      return Promise.resolve(answer(request, silently));
    };
  return {
    requests,
    forgotten,
    answerWith(next) {
      answer = next;
    },
    capture: take(false),
    captureSilently: take(true),
    forget: (tenantId) => void forgotten.push(tenantId),
    show: () => undefined,
  };
}
