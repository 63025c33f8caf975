/** A problem document of the API (RFC 9457), as it is used here. */
export interface ProblemBody {
  kind: string;
  title: string;
  detail: string;
  status: number;
  field?: string;
  limit?: string;
  claims?: string;
  retryAfter?: number;
  invocation?: string;
  consent?: { scopes?: string[]; authorizeUrl?: string; adminUrl?: string };
  latest?: { etag?: string; modifiedAt?: string; modifiedBy?: string; size?: number };
}

const prefix = 'urn:image-pro:problem:';

export class Problem extends Error {
  readonly kind: string;
  readonly status: number;
  readonly field?: string;
  readonly claims?: string;
  /** Seconds after which it may work. */
  readonly retryAfter?: number;
  readonly invocation?: string;
  readonly consent?: ProblemBody['consent'];
  readonly latest?: ProblemBody['latest'];

  constructor(body: ProblemBody) {
    super(body.detail || body.title || body.kind);
    this.kind = body.kind;
    this.status = body.status;
    this.field = body.field;
    this.claims = body.claims;
    this.retryAfter = body.retryAfter;
    this.invocation = body.invocation;
    this.consent = body.consent;
    this.latest = body.latest;
  }

  /** Reads the body of a refusal; one that is no problem document comes from something between here and the API. */
  static from(body: unknown, response: Response): Problem {
    const told = (typeof body === 'object' && body !== null ? body : {}) as Partial<ProblemBody> & { type?: string };
    const retry = Number(response.headers.get('Retry-After'));
    const kind = told.type?.startsWith(prefix)
      ? told.type.slice(prefix.length)
      : response.status >= 500 || response.status === 429
        ? 'busy'
        : 'internal';
    return new Problem({
      title: '',
      detail: '',
      ...told,
      kind,
      status: response.status,
      ...(retry > 0 && { retryAfter: retry }),
    });
  }

  /** Whether the same request may work in a moment. */
  get passing(): boolean {
    return this.kind === 'busy' || this.kind === 'offline';
  }
}

/** Whether the same request may work in a moment. */
export const isPassing = (problem: unknown): boolean => problem instanceof Problem && problem.passing;

export async function problemOf(response: Response): Promise<Problem> {
  const body: unknown = await response.json().catch(() => undefined);
  return Problem.from(body, response);
}

/** How often, and after how many milliseconds, a query asks again. */
export const retry = (failures: number, problem: unknown): boolean => isPassing(problem) && failures < 5;
export const retryDelay = (failures: number, problem: unknown): number =>
  problem instanceof Problem && problem.retryAfter ? problem.retryAfter * 1000 : Math.min(500 * 2 ** failures, 10_000);
