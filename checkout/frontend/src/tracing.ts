/**
 * Traces, as OpenTelemetry's: a span for each call of the API, and one around all calls from the
 * creation of a checkout to its payment. They are sent by OTLP over HTTP, through the ingress.
 * Nothing that the visitor typed is in them, and the page works the same if they get lost.
 */

const ADDRESS = "/otlp/v1/traces";
const SEND_AFTER_MS = 200;
const CLIENT = 3;
const INTERNAL = 1;
const ERROR = 2;

type Attributes = Record<string, string | number>;

interface Trace {
  readonly id: string;
  /** What the service said last: whether it records this trace. */
  recorded: boolean;
}

interface Span {
  readonly trace: Trace;
  readonly id: string;
  readonly parent: string | undefined;
  readonly name: string;
  readonly kind: number;
  readonly start: number;
  end: number;
  failed: boolean;
  readonly attributes: Attributes;
}

let checkout: Span | undefined;
let waiting: Span[] = [];
let timer: ReturnType<typeof setTimeout> | undefined;
let refused = false;

/** Begin the span around a checkout; one that is still open was left by the visitor. */
export function beginCheckout(): void {
  endCheckout("abandoned");
  checkout = begin("checkout", INTERNAL, undefined);
}

/** End the span around the checkout, if there is one. */
export function endCheckout(outcome: "paid" | "cancelled" | "refused" | "abandoned"): void {
  if (checkout === undefined) return;
  checkout.attributes["checkout.outcome"] = outcome;
  end(checkout);
  checkout = undefined;
}

/** One call of the API, from before it is sent until its answer was read. */
export class Call {
  readonly #span: Span;

  constructor(name: string, method: string, template: string) {
    this.#span = begin(name, CLIENT, checkout);
    this.#span.attributes["http.request.method"] = method;
    this.#span.attributes["url.template"] = template;
  }

  /** The header `traceparent` (W3C Trace Context): the service's spans go below this one. */
  get traceparent(): string {
    return `00-${this.#span.trace.id}-${this.#span.id}-01`;
  }

  /** The answer was read; or none came, perhaps because the view is gone that wanted it. */
  done(answer: Response | undefined, unwanted = false): void {
    const span = this.#span;
    if (answer === undefined) {
      span.failed = !unwanted;
      span.attributes["error.type"] = unwanted ? "unwanted" : "no answer";
    } else {
      // The service answers with its own context (level 2 of the same standard) if it records.
      span.trace.recorded = answer.headers.get("traceresponse")?.endsWith("-01") === true;
      span.attributes["http.response.status_code"] = answer.status;
      span.failed = !answer.ok;
      if (span.failed) span.attributes["error.type"] = String(answer.status);
    }
    end(span);
  }
}

/** Send what waits, also when the page is about to go. */
export function flush(): void {
  clearTimeout(timer);
  timer = undefined;
  const spans = waiting;
  waiting = [];
  if (spans.length === 0 || refused) return;
  const init: RequestInit = {
    method: "POST",
    // The context says that the sending itself is not recorded.
    headers: {
      "Content-Type": "application/json",
      traceparent: `00-${randomId(16)}-${randomId(8)}-00`,
    },
    body: JSON.stringify(encoded(spans)),
    cache: "no-store",
    keepalive: true,
  };
  fetch(ADDRESS, init).then(
    (answer) => {
      refused = !answer.ok;
    },
    () => {
      refused = true;
    },
  );
}

addEventListener("pagehide", () => {
  endCheckout("abandoned");
  flush();
});

function begin(name: string, kind: number, parent: Span | undefined): Span {
  return {
    trace: parent?.trace ?? { id: randomId(16), recorded: false },
    id: randomId(8),
    parent: parent?.id,
    name,
    kind,
    start: now(),
    end: 0,
    failed: false,
    attributes: {},
  };
}

function end(span: Span): void {
  span.end = now();
  if (!span.trace.recorded) return;
  waiting.push(span);
  timer ??= setTimeout(flush, SEND_AFTER_MS);
}

/** Milliseconds since 1970, with fractions. */
function now(): number {
  return performance.timeOrigin + performance.now();
}

function randomId(bytes: number): string {
  const random = crypto.getRandomValues(new Uint8Array(bytes));
  return Array.from(random, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The spans in the JSON form of OTLP. */
function encoded(spans: readonly Span[]): unknown {
  return {
    resourceSpans: [
      {
        resource: { attributes: attributes({ "service.name": "checkout-browser" }) },
        scopeSpans: [
          {
            scope: { name: "checkout-frontend" },
            spans: spans.map((span) => ({
              traceId: span.trace.id,
              spanId: span.id,
              ...(span.parent === undefined ? {} : { parentSpanId: span.parent }),
              name: span.name,
              kind: span.kind,
              startTimeUnixNano: nanoseconds(span.start),
              endTimeUnixNano: nanoseconds(span.end),
              attributes: attributes(span.attributes),
              status: span.failed ? { code: ERROR } : {},
            })),
          },
        ],
      },
    ],
  };
}

function attributes(given: Attributes): unknown[] {
  return Object.entries(given).map(([key, value]) => ({
    key,
    value: typeof value === "number" ? { intValue: String(value) } : { stringValue: value },
  }));
}

/** As text, because a number of JavaScript cannot hold it. */
function nanoseconds(milliseconds: number): string {
  return `${Math.round(milliseconds * 1000)}000`;
}
