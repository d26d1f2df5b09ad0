// Api: the only way in which the page speaks to its node. It never invents an answer, and
// never sends a command twice: a lost answer is asked for again under the same key.

import type { Done } from './types';

const PREFIX = '/api/v1/';
const LOST_MS = 10_000;

/** Why the node did not do it: a code that the page has words for, and an English sentence. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly phrase: string,
    readonly field: string | null = null,
    readonly at: number | null = null,
  ) {
    super(phrase);
  }
}

/** Return what the node answers; raises Refused, with code `unreachable` if it does not. */
export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return ask<T>(path, { method: 'GET', ...(signal ? { signal } : {}) });
}

/** Send a body and return the answer; raises Refused. */
export async function post<T>(
  path: string,
  body: unknown,
  signal?: AbortSignal,
  headers: Record<string, string> = {},
): Promise<T> {
  return send<T>('POST', path, body, signal, headers);
}

export async function put<T>(path: string, body: unknown): Promise<T> {
  return send<T>('PUT', path, body);
}

export async function remove(path: string): Promise<void> {
  await send<undefined>('DELETE', path, {});
}

/** Have a command done, once: `command('acknowledge', { call, echelon })`. Raises Refused. */
export async function command(name: string, body: object): Promise<Done> {
  const key = crypto.randomUUID();
  const path = `commands/${name}`;
  const headers = { 'Idempotency-Key': key };
  const once = () => post<Done>(path, body, AbortSignal.timeout(LOST_MS), headers);
  try {
    return await once();
  } catch (error) {
    if (error instanceof Refused && error.code === 'unreachable') return once();
    throw error;
  }
}

async function send<T>(
  method: string,
  path: string,
  body: unknown,
  signal?: AbortSignal,
  headers: Record<string, string> = {},
): Promise<T> {
  return ask<T>(path, {
    method,
    headers: { 'Content-Type': 'application/json', 'X-Clearline': '1', ...headers },
    body: JSON.stringify(body),
    ...(signal ? { signal } : {}),
  });
}

/** Return a file of the node's; raises Refused, or AbortError if it is no longer wanted. */
export async function blob(path: string, signal: AbortSignal): Promise<Blob> {
  const answer = await fetched(path, { method: 'GET', signal });
  return reached(answer.blob(), signal);
}

async function ask<T>(path: string, init: RequestInit): Promise<T> {
  const answer = await fetched(path, init);
  if (answer.status === 204) return undefined as T;
  return reached(bodyOf(answer) as Promise<T>, init.signal);
}

const bodyOf = async (answer: Response): Promise<unknown> => (isJson(answer) ? answer.json() : {});

/** What comes from the node, whole; raises Refused if it breaks off, AbortError if it is not wanted. */
async function reached<T>(coming: Promise<T>, signal?: AbortSignal | null): Promise<T> {
  try {
    return await coming;
  } catch (error) {
    if (signal?.aborted && (error as Error).name === 'AbortError') throw error;
    throw new Refused(0, 'unreachable', 'The node did not answer.');
  }
}

const isJson = (answer: Response): boolean =>
  (answer.headers.get('content-type') ?? '').startsWith('application/json');

/** The node's answer, if it did what was asked. */
async function fetched(path: string, init: RequestInit): Promise<Response> {
  const answer = await reached(fetch(PREFIX + path, { credentials: 'same-origin', ...init }), init.signal);
  if (answer.ok) return answer;
  const failure = (await reached(bodyOf(answer), init.signal)) as { code?: string; phrase?: string; field?: string; at?: number };
  const refused = new Refused(
    answer.status,
    failure.code ?? 'failed',
    failure.phrase ?? answer.statusText,
    failure.field ?? null,
    failure.at ?? null,
  );
  if (refused.code === 'signed_out') signedOut();
  throw refused;
}

let signedOut: () => void = () => undefined;

/** Be told when the session has ended. */
export function onSignedOut(told: () => void): void {
  signedOut = told;
}
