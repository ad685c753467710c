import { afterEach, describe, expect, it, vi } from "vitest";
import { ANSWER_TIMEOUT_MS, api, ApiError } from "../src/api";
import { ID, TEA } from "./support";

const WIRE = {
  id: ID,
  customer: "Ada",
  status: "open",
  items: [{ sku: "TEA-1", name: "Green tea", quantity: 2, unit_price_cents: 350 }],
  total_cents: 700,
  created_at: "2026-03-01T09:30:00Z",
};

type Fetch = typeof fetch;

function answer(body: unknown, init: ResponseInit = {}): ReturnType<typeof vi.fn<Fetch>> {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const fake = vi.fn<Fetch>(() => Promise.resolve(new Response(text, init)));
  vi.stubGlobal("fetch", fake);
  return fake;
}

function sent(fake: ReturnType<typeof vi.fn<Fetch>>): { url: unknown; init: RequestInit; body: unknown } {
  const [url, init = {}] = fake.mock.calls[0] ?? [];
  return { url, init, body: init.body === undefined ? undefined : JSON.parse(String(init.body)) };
}

async function failure(work: Promise<unknown>): Promise<ApiError> {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(ApiError);
  return error as ApiError;
}

afterEach(() => vi.useRealTimers());

describe("requests", () => {
  it("asks for a page of the list after a cursor", async () => {
    const fake = answer({ checkouts: [WIRE], next: "c2" });
    const page = await api.list("c 1&");
    expect(sent(fake).url).toBe("/api/checkouts?limit=20&after=c+1%26");
    expect(page.next).toBe("c2");
    expect(page.checkouts[0]?.items).toEqual([TEA]);
  });

  it("takes a null cursor as the last page", async () => {
    answer({ checkouts: [], next: null });
    expect(await api.list(undefined)).toEqual({ checkouts: [], next: undefined });
  });

  it("creates, reads and cancels at their addresses", async () => {
    const create = answer(WIRE, { status: 201 });
    await api.create("Ada");
    expect(sent(create)).toMatchObject({ url: "/api/checkouts", body: { customer: "Ada" } });
    const read = answer(WIRE);
    expect((await api.read(ID)).totalCents).toBe(700);
    expect(sent(read).url).toBe(`/api/checkouts/${ID}`);
    const cancel = answer({ ...WIRE, status: "cancelled" });
    expect((await api.cancel(ID)).status).toBe("cancelled");
    expect(sent(cancel)).toMatchObject({ url: `/api/checkouts/${ID}/cancellation`, body: undefined });
  });

  it("sends an item in cents", async () => {
    const fake = answer(WIRE, { status: 201 });
    await api.addItem(ID, TEA);
    expect(sent(fake)).toMatchObject({
      url: `/api/checkouts/${ID}/items`,
      body: { sku: "TEA-1", name: "Green tea", quantity: 2, unit_price_cents: 350 },
    });
  });

  it("pays with the key in the Idempotency-Key header", async () => {
    const fake = answer({ ...WIRE, status: "paid" });
    await api.pay(ID, 700, "key-1");
    const { init, body } = sent(fake);
    expect(new Headers(init.headers).get("Idempotency-Key")).toBe("key-1");
    expect(body).toEqual({ amount_cents: 700 });
  });
});

describe("failures become sentences", () => {
  it("shows the detail of a problem and knows that the answer is final", async () => {
    answer({ title: "Conflict", detail: "the checkout is already paid" }, { status: 409 });
    const error = await failure(api.cancel(ID));
    expect(error.message).toBe("The checkout is already paid.");
    expect(error).toMatchObject({ status: 409, final: true });
  });

  it("falls back to the title, then to the status", async () => {
    answer({ title: "Not found" }, { status: 404 });
    expect((await failure(api.read(ID))).message).toBe("Not found.");
    answer("<html>", { status: 403 });
    expect((await failure(api.read(ID))).message).toContain("status 403");
  });

  it("gives the request's id for a fault of the service, and leaves a retry open", async () => {
    answer("<html>Bad gateway</html>", { status: 502, headers: { "X-Request-Id": "r-7" } });
    const error = await failure(api.read(ID));
    expect(error.message).toBe(
      "The checkout service has a problem at the moment. Please try again. (Reference: r-7)",
    );
    expect(error.final).toBe(false);
  });

  it.each([429, 408, 503])("does not take status %i as final", async (status) => {
    answer({ detail: "Too much." }, { status });
    expect((await failure(api.read(ID))).final).toBe(false);
  });

  it("says that the service cannot be reached", async () => {
    vi.stubGlobal("fetch", () => Promise.reject(new TypeError("fetch failed")));
    const error = await failure(api.read(ID));
    expect(error.message).toMatch(/cannot be reached/);
    expect(error).toMatchObject({ status: undefined, final: false });
  });

  it("says that no answer came in time", async () => {
    const timeout = new AbortController();
    const made = vi.spyOn(AbortSignal, "timeout").mockReturnValue(timeout.signal);
    vi.stubGlobal("fetch", (_url: string, init: RequestInit) => {
      timeout.abort();
      return Promise.reject(init.signal?.reason as Error);
    });
    expect((await failure(api.read(ID))).message).toMatch(/did not answer in time/);
    expect(made).toHaveBeenCalledWith(ANSWER_TIMEOUT_MS);
  });

  it("passes on that the view gave up, which is no failure", async () => {
    const gone = new AbortController();
    gone.abort();
    vi.stubGlobal("fetch", (_url: string, init: RequestInit) =>
      Promise.reject(init.signal?.reason as Error),
    );
    await expect(api.read(ID, gone.signal)).rejects.toMatchObject({ name: "AbortError" });
  });

  it.each([
    ["no JSON", "<html>"],
    ["an unknown status", { ...WIRE, status: "lost" }],
    ["a total that is not whole", { ...WIRE, total_cents: 1.5 }],
    ["an item without a name", { ...WIRE, items: [{ sku: "a", quantity: 1, unit_price_cents: 1 }] }],
    ["items that are no list", { ...WIRE, items: {} }],
    ["a list", [WIRE]],
  ])("does not trust an answer with %s", async (_what, body) => {
    answer(body);
    expect((await failure(api.read(ID))).message).toMatch(/does not understand/);
  });
});
