import createClient from 'openapi-fetch';
import type { Host } from '../host';
import { Problem, problemOf } from './problem';
import type { components, paths } from './schema';

type Schemas = components['schemas'];
export type Entry = Schemas['EntryBody'];
export type Job = Schemas['JobBody'];
export type Item = Schemas['ItemBody'];
export type Tab = Schemas['TabBody'];
export type TabFields = Schemas['TabFields'];
export type Preset = Schemas['PresetBody'];
export type Version = Schemas['VersionBody'];
export type Properties = Schemas['PropertiesBody'];
export type Me = Schemas['MeOutputBody'];
export type EditFields = Schemas['EditFields'];
export type Source = Schemas['SourceFields'];
export type Save = Schemas['SaveFields'];
export type Schedule = Schemas['ScheduleBody'];
export type DryRunPreview = Schemas['PreviewBody'];
export type Privacy = Schemas['PrivacyOutputBody'];
export type FromEditor = Schemas['FromEditorOutputBody'];
export type EditResult = Schemas['EditOutputBody'];

/**
 * Calls the API as the user. A token that has run out is replaced, and a claims challenge is answered, once; what is
 * refused otherwise is thrown as a Problem.
 */
export class Api {
  readonly typed;

  constructor(private readonly host: Host) {
    this.typed = createClient<paths>({ baseUrl: '/api', fetch: (request: Request) => this.send(request) });
  }

  /** Sends a request to an address of the API, with the token of the user. */
  async send(request: Request): Promise<Response> {
    const again = request.clone();
    const response = await this.once(request, await this.host.token());
    if (response.status !== 401) return response;
    const problem = await problemOf(response.clone());
    if (problem.kind !== 'unauthorized' && problem.kind !== 'sign_in') return response;
    return this.once(again, await this.host.token({ fresh: true, claims: problem.claims }));
  }

  private async once(request: Request, token: string): Promise<Response> {
    request.headers.set('Authorization', `Bearer ${token}`);
    try {
      return await fetch(request);
    } catch (cause) {
      if (request.signal.aborted) throw cause;
      throw new Problem({ kind: 'offline', title: '', detail: '', status: 0 });
    }
  }

  /** Gets something that is no JSON, such as a picture. */
  async get(path: string, init?: RequestInit): Promise<Response> {
    const response = await this.send(new Request(path, init));
    if (!response.ok) throw await problemOf(response);
    return response;
  }

  /** The picture at an address, as an address that img takes. Who asks for it revokes it. */
  async picture(path: string, init?: RequestInit): Promise<string> {
    return URL.createObjectURL(await (await this.get(path, init)).blob());
  }
}

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** The body of an answer of the typed client, or the problem thrown. */
export async function body<T>(call: Promise<Answer<T>>): Promise<T> {
  const { data, error, response } = await call;
  if (!response.ok) throw Problem.from(error, response);
  return data as T;
}

/** All pages of a list. */
export async function all<P extends { next?: string }, T>(
  page: (cursor?: string) => Promise<P>,
  of: (page: P) => T[] | null,
): Promise<T[]> {
  const found: T[] = [];
  for (let cursor: string | undefined; ; ) {
    const answer = await page(cursor);
    found.push(...(of(answer) ?? []));
    if (!answer.next) return found;
    cursor = answer.next;
  }
}
