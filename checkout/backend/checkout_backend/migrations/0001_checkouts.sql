CREATE TABLE checkouts (
    id uuid PRIMARY KEY,
    customer text NOT NULL CHECK (char_length(customer) BETWEEN 1 AND 200),
    status text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'paid', 'cancelled')),
    created_at timestamptz NOT NULL
);

-- The order of the list, and what a page continues from.
CREATE INDEX checkouts_newest_first ON checkouts (created_at DESC, id DESC);

CREATE TABLE items (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    checkout_id uuid NOT NULL REFERENCES checkouts (id) ON DELETE CASCADE,
    sku text NOT NULL CHECK (char_length(sku) BETWEEN 1 AND 64),
    name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 200),
    quantity integer NOT NULL CHECK (quantity BETWEEN 1 AND 10000),
    unit_price_cents integer NOT NULL CHECK (unit_price_cents BETWEEN 0 AND 100000000)
);

CREATE INDEX items_of_checkout ON items (checkout_id, id);
