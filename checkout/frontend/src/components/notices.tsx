import type { ComponentChildren } from "preact";
import type { Status } from "../model";

/** A failure, told at once to a screen reader, with a way on where there is one. */
export function Failure({ sentence, onRetry }: { sentence: string; onRetry?: () => void }) {
  return (
    <div class="failure" role="alert">
      <p>
        <span aria-hidden="true">⚠ </span>
        {sentence}
      </p>
      {onRetry !== undefined && (
        <button type="button" onClick={onRetry}>
          Try again
        </button>
      )}
    </div>
  );
}

export function Loading({ what }: { what: string }) {
  return <p class="loading">Loading {what}…</p>;
}

const WORDS: Readonly<Record<Status, string>> = {
  open: "Open",
  paid: "Paid",
  cancelled: "Cancelled",
};
const SIGNS: Readonly<Record<Status, string>> = { open: "○", paid: "✓", cancelled: "✕" };

/** The status as a word and a sign; colour only repeats it. */
export function StatusBadge({ status }: { status: Status }) {
  return (
    <span class={`status status-${status}`}>
      <span aria-hidden="true">{SIGNS[status]} </span>
      <span>{WORDS[status]}</span>
    </span>
  );
}

interface ActionProps {
  children: ComponentChildren;
  busy: boolean;
  onAct?: () => void;
  kind?: "primary" | "danger" | "plain";
  submit?: boolean;
}

/** A button that keeps its focus and its name while its work is under way, and takes no second click. */
export function Action({ children, busy, onAct, kind = "plain", submit = false }: ActionProps) {
  return (
    <button
      type={submit ? "submit" : "button"}
      class={kind}
      aria-disabled={busy}
      onClick={(event) => {
        if (busy) event.preventDefault();
        else onAct?.();
      }}
    >
      {children}
    </button>
  );
}
