-- The key is unique among all payments: used again for another one, it is refused.
CREATE TABLE payments (
    idempotency_key text PRIMARY KEY CHECK (char_length(idempotency_key) BETWEEN 1 AND 200),
    checkout_id uuid NOT NULL UNIQUE REFERENCES checkouts (id),
    amount_cents bigint NOT NULL CHECK (amount_cents >= 0),
    paid_at timestamptz NOT NULL DEFAULT now()
);
