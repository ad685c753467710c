/** The client of the backend's HTTP API: same origin, problem details (RFC 9457) become sentences. */

import { type Checkout, isRecord, type Item, type Page, toCheckout, toPage } from "./model";

/** How long a visitor is kept waiting for one answer, in milliseconds. */
export const ANSWER_TIMEOUT_MS = 15_000;
export const PAGE_SIZE = 20;

/** A request that failed; the message is a sentence for the visitor. */
export class ApiError extends Error {
  override readonly name = "ApiError";

  constructor(
    sentence: string,
    /** The HTTP status, or undefined where no answer came. */
    readonly status: number | undefined = undefined,
  ) {
    super(sentence);
  }

  /** The service has decided, and would decide the same again; else a retry may help. */
  get final(): boolean {
    const { status } = this;
    return status !== undefined && status < 500 && status !== 408 && status !== 429;
  }
}

export interface Api {
  list(after: string | undefined, signal?: AbortSignal): Promise<Page>;
  read(id: string, signal?: AbortSignal): Promise<Checkout>;
  create(customer: string): Promise<Checkout>;
  addItem(id: string, item: Item): Promise<Checkout>;
  pay(id: string, amountCents: number, idempotencyKey: string): Promise<Checkout>;
  cancel(id: string): Promise<Checkout>;
}

export const api: Api = {
  async list(after, signal) {
    const query = new URLSearchParams({ limit: String(PAGE_SIZE) });
    if (after !== undefined) query.set("after", after);
    return await ask(toPage, "GET", `/api/checkouts?${query.toString()}`, { signal });
  },
  async read(id, signal) {
    return await ask(toCheckout, "GET", path(id), { signal });
  },
  async create(customer) {
    return await ask(toCheckout, "POST", "/api/checkouts", { body: { customer } });
  },
  async addItem(id, { sku, name, quantity, unitPriceCents }) {
    const body = { sku, name, quantity, unit_price_cents: unitPriceCents };
    return await ask(toCheckout, "POST", `${path(id)}/items`, { body });
  },
  async pay(id, amountCents, idempotencyKey) {
    return await ask(toCheckout, "POST", `${path(id)}/payment`, {
      body: { amount_cents: amountCents },
      headers: { "Idempotency-Key": idempotencyKey },
    });
  },
  async cancel(id) {
    return await ask(toCheckout, "POST", `${path(id)}/cancellation`, {});
  },
};

function path(id: string): string {
  return `/api/checkouts/${encodeURIComponent(id)}`;
}

interface Options {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
}

async function ask<T>(
  shape: (value: unknown) => T,
  method: "GET" | "POST",
  url: string,
  { body, headers = {}, signal }: Options,
): Promise<T> {
  const deadline = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
  const init: RequestInit = {
    method,
    headers: {
      Accept: "application/json, application/problem+json",
      ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      ...headers,
    },
    cache: "no-store",
    signal: signal === undefined ? deadline : AbortSignal.any([deadline, signal]),
  };
  if (body !== undefined) init.body = JSON.stringify(body);

  let answer: Response;
  let text: string;
  try {
    answer = await fetch(url, init);
    text = await answer.text();
  } catch (error) {
    if (signal?.aborted === true) throw error;
    throw new ApiError(
      deadline.aborted
        ? "The checkout service did not answer in time. Please try again."
        : "The checkout service cannot be reached. Check your connection and try again.",
    );
  }
  const value = parsed(text);
  if (!answer.ok) throw new ApiError(sentence(answer, value), answer.status);
  try {
    return shape(value);
  } catch {
    throw new ApiError(
      "The checkout service gave an answer that this page does not understand. Reload the page.",
    );
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** What went wrong, for the visitor: the problem's own words, or ours where it has none. */
function sentence(answer: Response, problem: unknown): string {
  if (answer.status < 500) {
    const words = problemWords(problem, ["detail", "title"]);
    return words ?? `The checkout service refused this request (status ${answer.status}).`;
  }
  const words = problemWords(problem, ["detail"]);
  const reference = answer.headers.get("X-Request-Id");
  const suffix = reference === null ? "" : ` (Reference: ${reference})`;
  return `${words ?? "The checkout service has a problem at the moment."} Please try again.${suffix}`;
}

function problemWords(problem: unknown, keys: readonly string[]): string | undefined {
  if (!isRecord(problem)) return undefined;
  for (const key of keys) {
    const value = problem[key];
    if (typeof value === "string" && value.trim() !== "") return asSentence(value.trim());
  }
  return undefined;
}

function asSentence(words: string): string {
  const first = words.charAt(0).toUpperCase() + words.slice(1);
  return /[.!?]$/.test(first) ? first : `${first}.`;
}
