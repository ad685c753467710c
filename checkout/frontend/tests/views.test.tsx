import { render, screen, waitFor, within } from "@testing-library/preact";
import userEvent from "@testing-library/user-event";
import { beforeAll, describe, expect, it } from "vitest";
import { type Api, ApiError } from "../src/api";
import { App } from "../src/app";
import type { Checkout, Page } from "../src/model";
import { createPath, detailPath } from "../src/router";
import { checkout, fakeApi, ID, TEA, teachDialogs } from "./support";

beforeAll(teachDialogs);

const WITH_TEA = checkout({ items: [TEA], totalCents: 700 });

function open(path: string, answers: Partial<Api>): Api {
  history.replaceState(null, "", path);
  const api = fakeApi(answers);
  render(<App api={api} />);
  return api;
}

function button(name: string): HTMLElement {
  return screen.getByRole("button", { name });
}

function pageOf(count: number, from: number, next?: string): Page {
  const checkouts = Array.from({ length: count }, (_, index) =>
    checkout({ id: ID.replace(/.$/, String(from + index)), customer: `Customer ${from + index}` }),
  );
  return { checkouts, next };
}

const never = <T,>(): Promise<T> => new Promise<T>(() => undefined);

describe("the list", () => {
  it("says that it is loading", () => {
    open("/", { list: never });
    expect(screen.getByText("Loading checkouts…")).toBeTruthy();
    expect(screen.getByRole("heading", { name: "Checkouts", level: 1 })).toBeTruthy();
  });

  it("says that there is nothing yet, and offers to begin", async () => {
    open("/", { list: () => Promise.resolve({ checkouts: [], next: undefined }) });
    expect(await screen.findByText(/nothing here yet/)).toBeTruthy();
    expect(button("New checkout")).toBeTruthy();
    expect(screen.queryByRole("button", { name: "Load more" })).toBeNull();
  });

  it("shows customer, status in words, and amount of each, as links in the service's order", async () => {
    const paid = checkout({ status: "paid", totalCents: 1234 });
    const older = checkout({ id: ID.replace(/^0/, "1"), customer: "Grace", status: "cancelled" });
    open("/", { list: () => Promise.resolve({ checkouts: [paid, older], next: undefined }) });
    const [first, second] = await screen.findAllByRole("listitem");
    if (first === undefined || second === undefined) throw new Error("two rows are expected");
    expect(within(first).getByRole("link", { name: "Ada Lovelace" }).getAttribute("href")).toBe(
      detailPath(ID),
    );
    expect(within(first).getByText("Paid")).toBeTruthy();
    expect(within(first).getByText("€12.34")).toBeTruthy();
    expect(within(second).getByText("Cancelled")).toBeTruthy();
  });

  it("shows a failure and recovers when the visitor tries again", async () => {
    let attempts = 0;
    open("/", {
      list: () => {
        attempts += 1;
        return attempts === 1
          ? Promise.reject(new ApiError("The checkout service cannot be reached."))
          : Promise.resolve(pageOf(1, 0));
      },
    });
    expect((await screen.findByRole("alert")).textContent).toContain("cannot be reached");
    await userEvent.click(button("Try again"));
    expect(await screen.findByRole("link", { name: "Customer 0" })).toBeTruthy();
    expect(screen.queryByRole("alert")).toBeNull();
  });

  it("loads more after the cursor, never shows one twice, and moves the focus to the first new one", async () => {
    const cursors: (string | undefined)[] = [];
    open("/", {
      list: (after) => {
        cursors.push(after);
        return Promise.resolve(after === undefined ? pageOf(2, 0, "c") : pageOf(3, 1));
      },
    });
    await userEvent.click(await screen.findByRole("button", { name: "Load more" }));
    const added = await screen.findByRole("link", { name: "Customer 2" });
    expect(screen.getAllByRole("listitem")).toHaveLength(4);
    expect(cursors).toEqual([undefined, "c"]);
    await waitFor(() => expect(document.activeElement).toBe(added));
    expect(screen.getByRole("status").textContent).toBe("2 more checkouts shown.");
    expect(screen.queryByRole("button", { name: "Load more" })).toBeNull();
  });

  it("keeps what it shows when loading more fails", async () => {
    open("/", {
      list: (after) =>
        after === undefined
          ? Promise.resolve(pageOf(2, 0, "c"))
          : Promise.reject(new ApiError("Not now.")),
    });
    await userEvent.click(await screen.findByRole("button", { name: "Load more" }));
    expect((await screen.findByRole("alert")).textContent).toContain("Not now.");
    expect(screen.getAllByRole("listitem")).toHaveLength(2);
    expect(button("Load more").getAttribute("aria-disabled")).toBe("false");
  });
});

describe("creating a checkout", () => {
  it("leads from the list to the new checkout's own address", async () => {
    const api = open("/", {
      list: () => Promise.resolve(pageOf(0, 0)),
      create: () => Promise.resolve(checkout()),
      read: () => Promise.resolve(checkout()),
    });
    await userEvent.click(button("New checkout"));
    const heading = await screen.findByRole("heading", { name: "New checkout" });
    await waitFor(() => expect(document.activeElement).toBe(heading));
    await userEvent.type(screen.getByRole("textbox", { name: "Customer" }), " Ada Lovelace {Enter}");
    expect(await screen.findByRole("heading", { name: "Checkout for Ada Lovelace" })).toBeTruthy();
    expect(api.create).toHaveBeenCalledExactlyOnceWith("Ada Lovelace");
    expect(location.pathname).toBe(detailPath(ID));
    await waitFor(() => expect(screen.getByRole("status").textContent).toContain("was created"));
    expect(document.title).toBe("Checkout for Ada Lovelace · Checkouts");
  });

  it("asks for the customer, with the sentence tied to the box that has the focus", async () => {
    const api = open(createPath, {});
    await userEvent.click(button("Create checkout"));
    const box = screen.getByRole("textbox", { name: "Customer" });
    expect(box.getAttribute("aria-invalid")).toBe("true");
    expect(document.getElementById(box.getAttribute("aria-describedby") ?? "")?.textContent).toContain(
      "Enter the customer's name.",
    );
    expect(document.activeElement).toBe(box);
    expect(api.create).not.toHaveBeenCalled();
  });

  it("sends once however often the button is pressed, and keeps the text after a failure", async () => {
    let fail: (error: Error) => void = () => undefined;
    const api = open(createPath, {
      create: () =>
        new Promise((_resolve, reject) => {
          fail = reject;
        }),
    });
    const box = screen.getByRole<HTMLInputElement>("textbox", { name: "Customer" });
    await userEvent.type(box, "Ada");
    await userEvent.dblClick(button("Create checkout"));
    expect(api.create).toHaveBeenCalledTimes(1);
    fail(new ApiError("The customer's name is too long.", 422));
    expect((await screen.findByRole("alert")).textContent).toContain("too long");
    expect(box.value).toBe("Ada");
  });
});

describe("one checkout", () => {
  it("says that it is loading, then shows items and total", async () => {
    let answer: (value: Checkout) => void = () => undefined;
    open(detailPath(ID), {
      read: () =>
        new Promise((resolve) => {
          answer = resolve;
        }),
    });
    expect(screen.getByText("Loading the checkout…")).toBeTruthy();
    answer(WITH_TEA);
    expect(await screen.findByText("Green tea")).toBeTruthy();
    expect(screen.getByText("TEA-1 · 2 × €3.50")).toBeTruthy();
    expect(screen.getByText("Total").parentElement?.textContent).toBe("Total €7.00");
    expect(screen.getByText("Open")).toBeTruthy();
  });

  it("offers nothing to pay while it is empty", async () => {
    open(detailPath(ID), { read: () => Promise.resolve(checkout()) });
    expect(await screen.findByText(/Nothing has been added yet/)).toBeTruthy();
    expect(screen.queryByRole("button", { name: "Pay" })).toBeNull();
  });

  it("says that it does not exist, without a pointless retry", async () => {
    open(detailPath(ID), { read: () => Promise.reject(new ApiError("No such thing.", 404)) });
    expect((await screen.findByRole("alert")).textContent).toContain("does not exist");
    expect(screen.queryByRole("button", { name: "Try again" })).toBeNull();
  });

  it("recovers from a failure when the visitor tries again", async () => {
    let attempts = 0;
    open(detailPath(ID), {
      read: () => {
        attempts += 1;
        return attempts === 1
          ? Promise.reject(new ApiError("Out of order.", 503))
          : Promise.resolve(WITH_TEA);
      },
    });
    await userEvent.click(await screen.findByRole("button", { name: "Try again" }));
    expect(await screen.findByText("Green tea")).toBeTruthy();
  });

  it("adds an item in cents and is ready for the next", async () => {
    const api = open(detailPath(ID), {
      read: () => Promise.resolve(checkout()),
      addItem: () => Promise.resolve(WITH_TEA),
    });
    await screen.findByRole("form", { name: "Add item" });
    await userEvent.type(screen.getByLabelText("SKU"), "TEA-1");
    await userEvent.type(screen.getByLabelText("Name"), "Green tea");
    await userEvent.clear(screen.getByLabelText("Quantity"));
    await userEvent.type(screen.getByLabelText("Quantity"), "2");
    await userEvent.type(screen.getByLabelText("Unit price"), "3.50{Enter}");
    expect(await screen.findByText("Green tea")).toBeTruthy();
    expect(api.addItem).toHaveBeenCalledExactlyOnceWith(ID, TEA);
    expect(screen.getByRole("status").textContent).toContain("€7.00");
    const sku = screen.getByLabelText<HTMLInputElement>("SKU");
    expect(sku.value).toBe("");
    expect(document.activeElement).toBe(sku);
  });

  it("moves the focus to the first field that is wrong and sends nothing", async () => {
    const api = open(detailPath(ID), { read: () => Promise.resolve(checkout()) });
    await userEvent.type(await screen.findByLabelText("SKU"), "TEA-1");
    await userEvent.click(button("Add item"));
    expect(document.activeElement).toBe(screen.getByLabelText("Name"));
    expect(screen.getByLabelText("Unit price").getAttribute("aria-invalid")).toBe("true");
    expect(api.addItem).not.toHaveBeenCalled();
  });

  it("pays its total, says so, and moves the focus to the status", async () => {
    const api = open(detailPath(ID), {
      read: () => Promise.resolve(WITH_TEA),
      pay: () => Promise.resolve({ ...WITH_TEA, status: "paid" as const }),
    });
    await userEvent.click(await screen.findByRole("button", { name: "Pay" }));
    const paid = await screen.findByText("Paid");
    expect(api.pay).toHaveBeenCalledExactlyOnceWith(ID, 700, expect.stringMatching(/^[0-9a-f-]{36}$/));
    expect(document.activeElement?.contains(paid)).toBe(true);
    expect(screen.getByRole("status").textContent).toBe("The payment was received.");
    for (const name of ["Pay", "Cancel checkout", "Add item"]) {
      expect(screen.queryByRole("button", { name })).toBeNull();
    }
  });

  it("uses the same key again after no answer, and a new one after a refusal", async () => {
    const keys: string[] = [];
    const failures = [new ApiError("No answer."), new ApiError("Declined.", 409)];
    const amount = checkout({ items: [TEA], totalCents: 701 });
    open(detailPath(ID), {
      read: () => Promise.resolve(amount),
      pay: (_id, _amount, key) => {
        keys.push(key);
        const failure = failures.shift();
        return failure === undefined
          ? Promise.resolve({ ...amount, status: "paid" as const })
          : Promise.reject(failure);
      },
    });
    await userEvent.click(await screen.findByRole("button", { name: "Pay" }));
    await screen.findByText(/No answer\./);
    await userEvent.click(button("Pay"));
    await screen.findByText(/Declined\./);
    await userEvent.click(button("Pay"));
    await screen.findByText("Paid");
    expect(keys[1]).toBe(keys[0]);
    expect(keys[2]).not.toBe(keys[0]);
  });

  it("shows a refusal together with what is true now", async () => {
    const states = [WITH_TEA, { ...WITH_TEA, status: "cancelled" as const }];
    open(detailPath(ID), {
      read: () => Promise.resolve(states.shift() ?? WITH_TEA),
      pay: () => Promise.reject(new ApiError("This checkout was called off.", 409)),
    });
    await userEvent.click(await screen.findByRole("button", { name: "Pay" }));
    expect(await screen.findByText("Cancelled")).toBeTruthy();
    expect(screen.getByRole("alert").textContent).toContain("called off");
    expect(screen.queryByRole("button", { name: "Pay" })).toBeNull();
  });

  it("keeps the sentence when an item comes too late", async () => {
    const states = [WITH_TEA, { ...WITH_TEA, status: "paid" as const }];
    open(detailPath(ID), {
      read: () => Promise.resolve(states.shift() ?? WITH_TEA),
      addItem: () => Promise.reject(new ApiError("It is settled already.", 409)),
    });
    await userEvent.type(await screen.findByLabelText("SKU"), "A");
    await userEvent.type(screen.getByLabelText("Name"), "B");
    await userEvent.type(screen.getByLabelText("Unit price"), "1{Enter}");
    expect(await screen.findByText("Paid")).toBeTruthy();
    expect(screen.getByRole("alert").textContent).toContain("settled already");
  });

  it("cancels only after a second question", async () => {
    const api = open(detailPath(ID), {
      read: () => Promise.resolve(WITH_TEA),
      cancel: () => Promise.resolve({ ...WITH_TEA, status: "cancelled" as const }),
    });
    await userEvent.click(await screen.findByRole("button", { name: "Cancel checkout" }));
    await userEvent.click(within(screen.getByRole("dialog")).getByText("Keep checkout"));
    expect(screen.queryByRole("dialog")).toBeNull();
    expect(api.cancel).not.toHaveBeenCalled();
    await userEvent.click(button("Cancel checkout"));
    await userEvent.click(button("Confirm cancellation"));
    expect(await screen.findByText("Cancelled")).toBeTruthy();
    expect(api.cancel).toHaveBeenCalledExactlyOnceWith(ID);
  });
});

describe("addresses", () => {
  it("says that an unknown one means nothing, and leads back", async () => {
    open("/elsewhere", { list: () => Promise.resolve(pageOf(0, 0)) });
    expect(screen.getByRole("heading", { name: "Page not found" })).toBeTruthy();
    await userEvent.click(screen.getByRole("link", { name: "Go to the list" }));
    expect(await screen.findByRole("heading", { name: "Checkouts" })).toBeTruthy();
  });

  it("leaves what was said about one page behind", async () => {
    open("/", {
      list: (after) => Promise.resolve(after === undefined ? pageOf(1, 0, "c") : pageOf(1, 1)),
    });
    await userEvent.click(await screen.findByRole("button", { name: "Load more" }));
    await waitFor(() => expect(screen.getByRole("status").textContent).toContain("1 more"));
    await userEvent.click(button("New checkout"));
    await screen.findByRole("heading", { name: "New checkout" });
    expect(screen.getByRole("status").textContent).toBe("");
  });

  it("follows the browser's back button", async () => {
    open("/", { list: () => Promise.resolve(pageOf(0, 0)) });
    await userEvent.click(button("New checkout"));
    await screen.findByRole("heading", { name: "New checkout" });
    history.back();
    expect(await screen.findByRole("heading", { name: "Checkouts" })).toBeTruthy();
  });
});
