import { useId } from "preact/hooks";
import type { Ref } from "preact";

interface Props {
  label: string;
  value: string;
  onValue: (value: string) => void;
  error: string | undefined;
  hint?: string;
  inputMode?: "text" | "numeric" | "decimal";
  maxLength?: number;
  autoComplete?: string;
  input?: Ref<HTMLInputElement>;
}

/** A labelled text box whose hint and error are read together with it. */
export function Field({ label, value, onValue, error, hint, input, ...rest }: Props) {
  const id = useId();
  const described = [
    hint === undefined ? "" : `${id}-hint`,
    error === undefined ? "" : `${id}-error`,
  ].filter((part) => part !== "");
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        {...rest}
        id={id}
        ref={input ?? null}
        type="text"
        value={value}
        onInput={(event) => onValue(event.currentTarget.value)}
        required
        aria-invalid={error !== undefined}
        aria-describedby={described.length === 0 ? undefined : described.join(" ")}
      />
      {hint !== undefined && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {error !== undefined && (
        <p class="field-error" id={`${id}-error`}>
          <span aria-hidden="true">⚠ </span>
          {error}
        </p>
      )}
    </div>
  );
}
