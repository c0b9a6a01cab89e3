"""Deliveries that leave the hub: targets with their breakers, leases, batches of letters; and what it all costs."""

from alembic import op

revision = "0006"
down_revision = "0004"
branch_labels = None
depends_on = None

STATEMENTS = """
-- where a delivery goes as far as breakers and limits are concerned; NULL for the inboxes of this hub
ALTER TABLE delivery ADD COLUMN target text;
-- what was decided for this delivery beside the address: mailboxes, postal lines, class of letter ...
ALTER TABLE delivery ADD COLUMN details jsonb;
-- the node that is at it
ALTER TABLE delivery ADD COLUMN node text;
ALTER TABLE delivery ADD COLUMN batch_id uuid;
-- what the receiver calls it
ALTER TABLE delivery ADD COLUMN receipt text;
-- in credits; NULL where it is free
ALTER TABLE delivery ADD COLUMN cost numeric;
-- how many pauses of its schedule it has had; by hand it begins anew
ALTER TABLE delivery ADD COLUMN step integer NOT NULL DEFAULT 0;
-- when its schedule began: it is given up some days after
ALTER TABLE delivery ADD COLUMN trying_since timestamptz;
CREATE INDEX delivery_due ON delivery (target, due_at)
    WHERE target IS NOT NULL AND state IN ('pending', 'retrying');
-- of one that is sending, due_at is the end of the lease: whoever finds it passed takes over
CREATE INDEX delivery_sending ON delivery (target, due_at) WHERE target IS NOT NULL AND state = 'sending';
CREATE INDEX delivery_batch ON delivery (batch_id) WHERE batch_id IS NOT NULL;

-- only targets that had trouble have a row
CREATE TABLE target (
    key text PRIMARY KEY,
    -- attempts and failures since window_started
    attempts integer NOT NULL,
    failures integer NOT NULL,
    window_started timestamptz NOT NULL,
    -- how often it opened since the last success
    opened integer NOT NULL,
    -- NULL: closed. In the past: one delivery may try
    open_until timestamptz,
    failing_since timestamptz,
    -- when it last came back: what had waited for it leaves in order of age, more and more at a time
    recovered_at timestamptz,
    -- whether some of that still has to be made due
    pulling boolean NOT NULL,
    last_error text,
    changed_at timestamptz NOT NULL
);

-- letters that go to the print house together
CREATE TABLE batch (
    id uuid PRIMARY KEY,
    target text NOT NULL,
    name text NOT NULL,
    letters integer NOT NULL,
    pages integer NOT NULL,
    cut_off timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    delivered_at timestamptz
);

-- what a company has; one without a row pays afterwards
CREATE TABLE account (
    company_id uuid PRIMARY KEY REFERENCES company (id),
    prepaid boolean NOT NULL,
    -- reserved is part of the balance
    balance numeric NOT NULL,
    reserved numeric NOT NULL,
    -- what the provisioning file granted so far
    granted numeric NOT NULL,
    changed_at timestamptz NOT NULL,
    CONSTRAINT account_reserved CHECK (reserved >= 0),
    CONSTRAINT account_covered CHECK (NOT prepaid OR reserved = 0 OR balance >= reserved)
);

-- amount changes the balance, held the reservation; the sums of both are those of the account
CREATE TABLE account_entry (
    id uuid PRIMARY KEY,
    company_id uuid NOT NULL,
    kind text NOT NULL,
    amount numeric NOT NULL,
    held numeric NOT NULL,
    delivery_id uuid REFERENCES delivery (id),
    why text NOT NULL,
    at timestamptz NOT NULL
);
CREATE INDEX account_entry_company ON account_entry (company_id, id);
-- what is held for a delivery is the sum of its entries
CREATE INDEX account_entry_delivery ON account_entry (delivery_id) WHERE delivery_id IS NOT NULL;
-- a delivery is paid for once, however often it was given up and started again
CREATE UNIQUE INDEX account_entry_settled ON account_entry (delivery_id) WHERE kind = 'settle';

-- companies that were provisioned with credits before there were accounts; the entry is older than all others by its id
INSERT INTO account (company_id, prepaid, balance, reserved, granted, changed_at)
SELECT id, true, (settings ->> 'credits')::numeric, 0, (settings ->> 'credits')::numeric, now()
FROM company WHERE settings ->> 'credits' ~ '^[0-9]+([.][0-9]+)?$';
INSERT INTO account_entry (id, company_id, kind, amount, held, why, at)
SELECT ('00000000-0000-7000-8000-' || right(company_id::text, 12))::uuid, company_id, 'grant', granted, 0,
       'granted by the provisioning file', changed_at
FROM account WHERE granted > 0;

-- files that came beside a document
CREATE TABLE document_file (
    document_id uuid NOT NULL REFERENCES document (id),
    position smallint NOT NULL,
    name text NOT NULL,
    mime text NOT NULL,
    description text,
    sha256 bytea NOT NULL,
    size bigint NOT NULL,
    encoding text NOT NULL,
    payload bytea,
    PRIMARY KEY (document_id, position)
);
ALTER TABLE document_file ALTER COLUMN payload SET STORAGE EXTERNAL;
CREATE INDEX document_file_stored ON document_file (sha256) WHERE encoding = 'store'
"""


def upgrade() -> None:
    for statement in STATEMENTS.split(";\n"):
        if statement.strip():
            op.execute(statement)
