/** The client of the backend's HTTP API: same origin, problem details (RFC 9457) become sentences. */

import { type Checkout, isRecord, type Item, type Page, toCheckout, toPage } from "./model";
import { beginCheckout, Call, endCheckout } from "./tracing";

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
    const url = `/api/checkouts?${query.toString()}`;
    return await ask(toPage, "list checkouts", "GET", url, "/api/checkouts", { signal });
  },
  async read(id, signal) {
    return await ask(toCheckout, "read checkout", "GET", path(id), TEMPLATE, { signal });
  },
  async create(customer) {
    const url = "/api/checkouts";
    beginCheckout();
    try {
      return await ask(toCheckout, "create checkout", "POST", url, url, { body: { customer } });
    } catch (error) {
      endCheckout("refused");
      throw error;
    }
  },
  async addItem(id, { sku, name, quantity, unitPriceCents }) {
    const body = { sku, name, quantity, unit_price_cents: unitPriceCents };
    const template = `${TEMPLATE}/items`;
    return await ask(toCheckout, "add item", "POST", `${path(id)}/items`, template, { body });
  },
  async pay(id, amountCents, idempotencyKey) {
    const template = `${TEMPLATE}/payment`;
    const paid = await ask(toCheckout, "pay", "POST", `${path(id)}/payment`, template, {
      body: { amount_cents: amountCents },
      headers: { "Idempotency-Key": idempotencyKey },
    });
    endCheckout("paid");
    return paid;
  },
  async cancel(id) {
    const template = `${TEMPLATE}/cancellation`;
    const url = `${path(id)}/cancellation`;
    const cancelled = await ask(toCheckout, "cancel", "POST", url, template, {});
    endCheckout("cancelled");
    return cancelled;
  },
};

const TEMPLATE = "/api/checkouts/{checkout_id}";

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
  action: string,
  method: "GET" | "POST",
  url: string,
  template: string,
  { body, headers = {}, signal }: Options,
): Promise<T> {
  const deadline = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
  const call = new Call(action, method, template);
  const init: RequestInit = {
    method,
    headers: {
      Accept: "application/json, application/problem+json",
      traceparent: call.traceparent,
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
    call.done(answer);
  } catch (error) {
    call.done(undefined, signal?.aborted);
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
