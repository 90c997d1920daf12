-- Views that were made anew are open to readers as before.
DO $$
BEGIN
    IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'tradebot_reader') THEN
        GRANT SELECT ON v_epochs, v_pins TO tradebot_reader;
    END IF;
END
$$;
