import { useRef, useState } from "preact/hooks";
import { type Api, ApiError } from "../api";
import { useAnnounce } from "../announcer";
import { Heading } from "../components/heading";
import { Link } from "../components/link";
import { Failure, Loading, StatusBadge } from "../components/notices";
import { formatTime } from "../dates";
import { sentenceOf, useLoaded } from "../loading";
import type { Checkout, Item } from "../model";
import { formatMoney } from "../money";
import { listPath } from "../router";
import { Actions } from "./actions";
import { AddItem } from "./add-item";

/** One checkout: its items, what they come to, and what can still be done with it. */
export function DetailView({ api, id }: { api: Api; id: string }) {
  const [loaded, setCheckout, retry] = useLoaded(id, (signal) => api.read(id, signal));
  const title =
    loaded.state === "ready" ? `Checkout for ${loaded.value.customer}` : "Checkout";
  return (
    <section aria-busy={loaded.state === "loading"}>
      <p>
        <Link to={listPath}>Back to the list</Link>
      </p>
      <Heading title={title}>{title}</Heading>
      {loaded.state === "loading" && <Loading what="the checkout" />}
      {loaded.state === "failed" &&
        (loaded.status === 404 ? (
          <Failure sentence="This checkout does not exist. Choose one from the list." />
        ) : (
          <Failure sentence={loaded.sentence} onRetry={retry} />
        ))}
      {loaded.state === "ready" && (
        <Facts api={api} checkout={loaded.value} onChange={setCheckout} />
      )}
    </section>
  );
}

interface FactsProps {
  api: Api;
  checkout: Checkout;
  onChange: (checkout: Checkout) => void;
}

function Facts({ api, checkout, onChange }: FactsProps) {
  const announce = useAnnounce();
  const status = useRef<HTMLParagraphElement>(null);

  const [failure, setFailure] = useState<string>();

  /** A refusal often means that somebody else was faster: say so, and show what is true now. */
  function fail(error: unknown): void {
    setFailure(sentenceOf(error));
    if (!(error instanceof ApiError) || !error.final) return;
    api.read(checkout.id).then(onChange, () => {
      // The refusal is on the page already; a second sentence would only hide it.
    });
  }

  function change(next: Checkout): void {
    setFailure(undefined);
    onChange(next);
  }

  function settle(next: Checkout, message: string): void {
    change(next);
    announce(message);
    // The button that was pressed goes away; the focus moves to what it changed.
    status.current?.focus();
  }

  return (
    <>
      <p class="facts" ref={status} tabIndex={-1}>
        <StatusBadge status={checkout.status} />{" "}
        <span>
          Created <time dateTime={checkout.createdAt}>{formatTime(checkout.createdAt)}</time>
        </span>
      </p>
      <div class="card">
        <h2>Items</h2>
        {checkout.items.length === 0 ? (
          <p class="empty">Nothing has been added yet.</p>
        ) : (
          <ul class="items">
            {checkout.items.map((item, index) => (
              <ItemRow key={`${item.sku}-${index}`} item={item} />
            ))}
          </ul>
        )}
        <p class="total">
          <span>Total</span> <strong>{formatMoney(checkout.totalCents)}</strong>
        </p>
        {failure !== undefined && <Failure sentence={failure} />}
        {checkout.status === "open" && (
          <Actions api={api} checkout={checkout} onSettled={settle} onFailed={fail} />
        )}
      </div>
      {checkout.status === "open" && (
        <AddItem api={api} checkout={checkout} onChange={change} onConflict={fail} />
      )}
    </>
  );
}

function ItemRow({ item }: { item: Item }) {
  return (
    <li class="item">
      <span class="item-name">{item.name}</span>
      <span class="item-facts">
        {item.sku} · {item.quantity} × {formatMoney(item.unitPriceCents)}
      </span>
      <span class="amount">{formatMoney(item.quantity * item.unitPriceCents)}</span>
    </li>
  );
}
