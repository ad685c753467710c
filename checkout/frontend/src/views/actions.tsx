import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { type Api, ApiError } from "../api";
import { Action } from "../components/notices";
import { forgetPaymentKey, paymentKey } from "../idempotency";
import type { Checkout } from "../model";

interface Props {
  api: Api;
  checkout: Checkout;
  /** Paid or cancelled: nothing more can be done. */
  onSettled: (checkout: Checkout, message: string) => void;
  onFailed: (error: unknown) => void;
}

/** Pay, or cancel after a second question. */
export function Actions({ api, checkout, onSettled, onFailed }: Props) {
  const [busy, setBusy] = useState(false);
  const [asking, setAsking] = useState(false);

  async function act(work: () => Promise<Checkout>, message: string): Promise<void> {
    setBusy(true);
    try {
      onSettled(await work(), message);
    } catch (error) {
      onFailed(error);
    } finally {
      setBusy(false);
    }
  }

  async function pay(): Promise<Checkout> {
    const { id, totalCents } = checkout;
    try {
      const paid = await api.pay(id, totalCents, paymentKey(id, totalCents));
      forgetPaymentKey(id, totalCents);
      return paid;
    } catch (error) {
      if (error instanceof ApiError && error.final) forgetPaymentKey(id, totalCents);
      throw error;
    }
  }

  return (
    <>
      <div class="actions">
        {checkout.items.length > 0 && (
          <Action
            kind="primary"
            busy={busy}
            onAct={() => void act(pay, "The payment was received.")}
          >
            Pay
          </Action>
        )}
        <Action kind="danger" busy={busy} onAct={() => setAsking(true)}>
          Cancel checkout
        </Action>
      </div>
      {asking && (
        <Confirmation
          onNo={() => setAsking(false)}
          onYes={() => {
            setAsking(false);
            void act(() => api.cancel(checkout.id), "The cancellation is done.");
          }}
        />
      )}
    </>
  );
}

/** A modal question: focus stays inside, Escape means no, and focus returns to where it was. */
function Confirmation({ onYes, onNo }: { onYes: () => void; onNo: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => element?.close();
  }, []);
  return (
    <dialog
      ref={dialog}
      aria-labelledby="confirm-title"
      aria-describedby="confirm-text"
      onCancel={(event) => {
        event.preventDefault();
        onNo();
      }}
    >
      <h2 id="confirm-title">Cancel this checkout?</h2>
      <p id="confirm-text">This cannot be undone.</p>
      <div class="actions">
        <button type="button" autofocus onClick={onNo}>
          Keep checkout
        </button>
        <button type="button" class="danger" onClick={onYes}>
          Confirm cancellation
        </button>
      </div>
    </dialog>
  );
}
