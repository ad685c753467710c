import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { api } from "../src/api";
import { endCheckout, flush } from "../src/tracing";
import { ID, TEA } from "./support";

const WIRE = {
  id: ID,
  customer: "Ada",
  status: "open",
  items: [],
  total_cents: 0,
  created_at: "2026-03-01T09:30:00Z",
};

interface Sent {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly { key: string; value: Record<string, string> }[];
  readonly status: { code?: number };
}

let posts: RequestInit[];
let calls: string[];

/** A service that records traces or does not, and a collector that answers with a status. */
function serve({ recorded = true, status = 200, collector = 200 } = {}): void {
  posts = [];
  calls = [];
  const fake = vi.fn<typeof fetch>((url, init = {}) => {
    if (url === "/otlp/v1/traces") {
      posts.push(init);
      return Promise.resolve(new Response("{}", { status: collector }));
    }
    calls.push(new Headers(init.headers).get("traceparent") ?? "");
    const headers = recorded ? { traceresponse: `00-${"a".repeat(32)}-${"b".repeat(16)}-01` } : {};
    return Promise.resolve(new Response(JSON.stringify(WIRE), { status, headers }));
  });
  vi.stubGlobal("fetch", fake);
}

function sent(): Sent[] {
  return posts.flatMap((post) => {
    const body = JSON.parse(String(post.body)) as {
      resourceSpans: { scopeSpans: { spans: Sent[] }[] }[];
    };
    return body.resourceSpans.flatMap((r) => r.scopeSpans.flatMap((s) => s.spans));
  });
}

beforeEach(() => serve());
afterEach(() => {
  endCheckout("abandoned");
  flush();
});

describe("traces", () => {
  it("puts all calls from creation to payment below one span", async () => {
    await api.create("Ada Private");
    await api.addItem(ID, TEA);
    await api.pay(ID, 700, "key-1");
    flush();
    const spans = sent();
    expect(spans.map((span) => span.name)).toEqual(["create checkout", "add item", "pay", "checkout"]);
    const [create, , pay, root] = spans;
    expect(new Set(spans.map((span) => span.traceId)).size).toBe(1);
    expect(root?.parentSpanId).toBeUndefined();
    expect(spans.slice(0, 3).map((span) => span.parentSpanId)).toEqual(
      Array(3).fill(root?.spanId) as string[],
    );
    expect(BigInt(root?.startTimeUnixNano ?? 0)).toBeLessThanOrEqual(
      BigInt(create?.startTimeUnixNano ?? 0),
    );
    expect(BigInt(root?.endTimeUnixNano ?? 0)).toBeGreaterThanOrEqual(
      BigInt(pay?.endTimeUnixNano ?? 0),
    );
    expect(calls[0]).toBe(`00-${create?.traceId}-${create?.spanId}-01`);
    expect(JSON.stringify(spans)).not.toContain("Private");
    expect(JSON.stringify(spans)).not.toContain(ID);
    expect(JSON.stringify(spans)).not.toContain("key-1");
  });

  it("begins a trace of its own for a call outside of a checkout", async () => {
    await api.read(ID);
    await api.read(ID);
    flush();
    const spans = sent();
    expect(spans.map((span) => span.parentSpanId)).toEqual([undefined, undefined]);
    expect(new Set(spans.map((span) => span.traceId)).size).toBe(2);
  });

  it("sends nothing that the service does not record", async () => {
    serve({ recorded: false });
    await api.create("Ada");
    await api.pay(ID, 700, "key-1");
    flush();
    expect(posts).toEqual([]);
  });

  it("marks a call that was refused, and ends the checkout that was not created", async () => {
    serve({ status: 503 });
    await expect(api.create("Ada")).rejects.toThrow();
    flush();
    expect(sent().map((span) => [span.name, span.status.code])).toEqual([
      ["create checkout", 2],
      ["checkout", undefined],
    ]);
  });

  it("marks a call that got no answer, and shows the failure as ever", async () => {
    await api.create("Ada");
    vi.stubGlobal("fetch", () => Promise.reject(new TypeError("fetch failed")));
    await expect(api.cancel(ID)).rejects.toThrow(/cannot be reached/);
    serve();
    endCheckout("abandoned");
    flush();
    const cancel = sent().find((span) => span.name === "cancel");
    expect(cancel?.status.code).toBe(2);
  });

  it("sends what is left when the page goes, and says that the sending is not recorded", async () => {
    await api.create("Ada");
    dispatchEvent(new Event("pagehide"));
    const root = sent().find((span) => span.name === "checkout");
    expect(root?.attributes).toContainEqual({
      key: "checkout.outcome",
      value: { stringValue: "abandoned" },
    });
    expect(posts[0]?.keepalive).toBe(true);
    expect(new Headers(posts[0]?.headers).get("traceparent")).toMatch(/-00$/);
  });

  it("sends by itself after a moment", async () => {
    vi.useFakeTimers();
    await api.read(ID);
    vi.advanceTimersByTime(1000);
    vi.useRealTimers();
    expect(sent()).toHaveLength(1);
  });

  it("stops sending to a collector that refuses", async () => {
    serve({ collector: 404 });
    await api.read(ID);
    flush();
    await Promise.resolve();
    await Promise.resolve();
    await api.read(ID);
    flush();
    expect(posts).toHaveLength(1);
  });
});
