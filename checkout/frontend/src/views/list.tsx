import { useRef, useState } from "preact/hooks";
import { useAnnounce } from "../announcer";
import type { Api } from "../api";
import { Heading } from "../components/heading";
import { Link } from "../components/link";
import { Action, Failure, Loading, StatusBadge } from "../components/notices";
import { formatTime } from "../dates";
import { sentenceOf, useLoaded } from "../loading";
import type { Checkout, Page } from "../model";
import { formatMoney } from "../money";
import { createPath, detailPath, navigate } from "../router";

/** All checkouts, newest first, a page at a time. */
export function ListView({ api }: { api: Api }) {
  const [page, setPage, retry] = useLoaded("list", (signal) => api.list(undefined, signal));
  return (
    <section aria-busy={page.state === "loading"}>
      <div class="title-row">
        <Heading title="Checkouts">Checkouts</Heading>
        <button type="button" class="primary" onClick={() => navigate(createPath)}>
          New checkout
        </button>
      </div>
      {page.state === "loading" && <Loading what="checkouts" />}
      {page.state === "failed" && <Failure sentence={page.sentence} onRetry={retry} />}
      {page.state === "ready" && <Rows api={api} page={page.value} onPage={setPage} />}
    </section>
  );
}

interface RowsProps {
  api: Api;
  page: Page;
  onPage: (page: Page) => void;
}

function Rows({ api, page, onPage }: RowsProps) {
  const announce = useAnnounce();
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string>();
  const links = useRef(new Map<string, HTMLAnchorElement>());

  async function loadMore(): Promise<void> {
    setBusy(true);
    setFailure(undefined);
    try {
      const more = await api.list(page.next);
      // A checkout created meanwhile shifts nothing with a cursor, but a repeated one must not show twice.
      const known = new Set(page.checkouts.map((checkout) => checkout.id));
      const fresh = more.checkouts.filter((checkout) => !known.has(checkout.id));
      onPage({ checkouts: [...page.checkouts, ...fresh], next: more.next });
      announce(`${fresh.length} more checkouts shown.`);
      const first = fresh[0];
      if (first !== undefined) requestAnimationFrame(() => links.current.get(first.id)?.focus());
    } catch (error) {
      setFailure(sentenceOf(error));
    } finally {
      setBusy(false);
    }
  }

  if (page.checkouts.length === 0) {
    return <p class="empty">There is nothing here yet. Create the first one.</p>;
  }
  return (
    <>
      <ul class="rows">
        {page.checkouts.map((checkout) => (
          <Row
            key={checkout.id}
            checkout={checkout}
            keep={(element) => {
              if (element === null) links.current.delete(checkout.id);
              else links.current.set(checkout.id, element);
            }}
          />
        ))}
      </ul>
      {failure !== undefined && <Failure sentence={failure} />}
      {page.next !== undefined && (
        <Action busy={busy} onAct={() => void loadMore()}>
          Load more
        </Action>
      )}
    </>
  );
}

interface RowProps {
  checkout: Checkout;
  keep: (element: HTMLAnchorElement | null) => void;
}

function Row({ checkout, keep }: RowProps) {
  return (
    <li class="row">
      <Link to={detailPath(checkout.id)} anchor={keep}>
        {checkout.customer}
      </Link>
      <StatusBadge status={checkout.status} />
      <span class="amount">{formatMoney(checkout.totalCents)}</span>
      <time dateTime={checkout.createdAt}>{formatTime(checkout.createdAt)}</time>
    </li>
  );
}
