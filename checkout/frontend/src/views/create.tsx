import { useRef, useState } from "preact/hooks";
import { useAnnounce } from "../announcer";
import type { Api } from "../api";
import { Field } from "../components/field";
import { Heading } from "../components/heading";
import { Link } from "../components/link";
import { Action, Failure } from "../components/notices";
import { sentenceOf } from "../loading";
import { detailPath, listPath, navigate } from "../router";
import { validateCustomer } from "../validation";

/** The form that starts a checkout for a customer. */
export function CreateView({ api }: { api: Api }) {
  const announce = useAnnounce();
  const [customer, setCustomer] = useState("");
  const [error, setError] = useState<string>();
  const [failure, setFailure] = useState<string>();
  const [busy, setBusy] = useState(false);
  const input = useRef<HTMLInputElement>(null);

  async function create(): Promise<void> {
    const checked = validateCustomer(customer);
    setError(checked.error);
    setFailure(undefined);
    if (checked.value === undefined) {
      input.current?.focus();
      return;
    }
    setBusy(true);
    try {
      const checkout = await api.create(checked.value);
      navigate(detailPath(checkout.id));
      announce("The checkout was created. Add its items now.");
    } catch (thrown) {
      setFailure(sentenceOf(thrown));
      setBusy(false);
    }
  }

  return (
    <section>
      <p>
        <Link to={listPath}>Back to the list</Link>
      </p>
      <Heading title="New checkout">New checkout</Heading>
      <form
        class="card"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          if (!busy) void create();
        }}
      >
        <Field
          label="Customer"
          value={customer}
          onValue={setCustomer}
          error={error}
          autoComplete="off"
          input={input}
        />
        {failure !== undefined && <Failure sentence={failure} />}
        <Action submit kind="primary" busy={busy}>
          Create checkout
        </Action>
      </form>
    </section>
  );
}
