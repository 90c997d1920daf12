-- History is append-only: UPDATE, DELETE and TRUNCATE are refused, whoever asks.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END
$$;

-- Let a table refuse changes of its rows. Each later version calls it for its own tables.
CREATE FUNCTION make_append_only(name TEXT) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE ON %I FOR EACH ROW EXECUTE FUNCTION refuse_change()',
                   name || '_no_update', name);
    EXECUTE format('CREATE TRIGGER %I BEFORE DELETE ON %I FOR EACH ROW EXECUTE FUNCTION refuse_change()',
                   name || '_no_delete', name);
    EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()',
                   name || '_no_truncate', name);
END
$$;

SELECT make_append_only(name) FROM (VALUES
    ('fills'),
    ('cash_events'),
    ('corporate_actions'),
    ('reorganisations'),
    ('adjustments'),
    ('trades'),
    ('equity'),
    ('closes'),
    ('alerts'),
    ('missed'),
    ('strategy_sessions'),
    ('strategy_versions'),
    ('signals'),
    ('limits_used'),
    ('openings'),
    ('generations'),
    ('moves'),
    ('decisions'),
    ('audit')
) AS tables (name);

CREATE FUNCTION refuse_earlier_epoch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.number > OLD.number THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'an epoch only rises' USING ERRCODE = 'integrity_constraint_violation';
END
$$;
CREATE TRIGGER epochs_rise BEFORE UPDATE OR DELETE ON epochs FOR EACH ROW EXECUTE FUNCTION refuse_earlier_epoch();
CREATE TRIGGER epochs_stay BEFORE TRUNCATE ON epochs FOR EACH STATEMENT EXECUTE FUNCTION refuse_earlier_epoch();

CREATE FUNCTION refuse_replaced_history() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM generations WHERE replaces = NEW.account_key) THEN
        RAISE EXCEPTION 'this history of the account was replaced by a newer one'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER audit_of_replaced BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION refuse_replaced_history();

CREATE FUNCTION refuse_moved_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.kind <> 'account_moved'
        AND (SELECT place FROM moves WHERE account_key = NEW.account_key ORDER BY seq DESC LIMIT 1) <> '' THEN
        RAISE EXCEPTION 'the account lives in another ledger' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER audit_of_moved BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION refuse_moved_account();
