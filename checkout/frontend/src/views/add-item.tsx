import { useRef, useState } from "preact/hooks";
import { useAnnounce } from "../announcer";
import { type Api, ApiError } from "../api";
import { Field } from "../components/field";
import { Action, Failure } from "../components/notices";
import { sentenceOf } from "../loading";
import type { Checkout } from "../model";
import { formatMoney } from "../money";
import { type Draft, type DraftErrors, validateItem } from "../validation";

const BLANK: Draft = { sku: "", name: "", quantity: "1", unitPrice: "" };

interface Props {
  api: Api;
  checkout: Checkout;
  onChange: (checkout: Checkout) => void;
  onConflict: (error: ApiError) => void;
}

/** The form that adds an item; after each one it is ready for the next. */
export function AddItem({ api, checkout, onChange, onConflict }: Props) {
  const announce = useAnnounce();
  const [draft, setDraft] = useState<Draft>(BLANK);
  const [errors, setErrors] = useState<DraftErrors>({});
  const [failure, setFailure] = useState<string>();
  const [busy, setBusy] = useState(false);
  const sku = useRef<HTMLInputElement>(null);
  const name = useRef<HTMLInputElement>(null);
  const quantity = useRef<HTMLInputElement>(null);
  const unitPrice = useRef<HTMLInputElement>(null);

  function edit(field: keyof Draft): (value: string) => void {
    return (value) => setDraft((current) => ({ ...current, [field]: value }));
  }

  function focusFirst(wrong: DraftErrors): void {
    const inputs = { sku, name, quantity, unitPrice } as const;
    for (const [field, input] of Object.entries(inputs)) {
      if (wrong[field as keyof Draft] !== undefined) {
        input.current?.focus();
        return;
      }
    }
  }

  async function add(): Promise<void> {
    const { item, errors: wrong } = validateItem(draft);
    setErrors(wrong);
    setFailure(undefined);
    if (item === undefined) {
      focusFirst(wrong);
      return;
    }
    setBusy(true);
    try {
      const next = await api.addItem(checkout.id, item);
      setDraft(BLANK);
      onChange(next);
      announce(`Added. It now comes to ${formatMoney(next.totalCents)}.`);
      sku.current?.focus();
    } catch (error) {
      // A conflict ends this form: the checkout is not open any more. The page says so in its place.
      if (error instanceof ApiError && error.status === 409) onConflict(error);
      else setFailure(sentenceOf(error));
    } finally {
      setBusy(false);
    }
  }

  return (
    <form
      class="card"
      aria-labelledby="add-item-title"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        if (!busy) void add();
      }}
    >
      <h2 id="add-item-title">Add item</h2>
      <div class="fields">
        <Field label="SKU" value={draft.sku} onValue={edit("sku")} error={errors.sku} input={sku} autoComplete="off" />
        <Field label="Name" value={draft.name} onValue={edit("name")} error={errors.name} input={name} autoComplete="off" />
        <Field label="Quantity" value={draft.quantity} onValue={edit("quantity")} error={errors.quantity} input={quantity} inputMode="numeric" autoComplete="off" />
        <Field label="Unit price" value={draft.unitPrice} onValue={edit("unitPrice")} error={errors.unitPrice} input={unitPrice} inputMode="decimal" autoComplete="off" hint="In euros, for example 12.50" />
      </div>
      {failure !== undefined && <Failure sentence={failure} />}
      <Action submit kind="primary" busy={busy}>
        Add item
      </Action>
    </form>
  );
}
