-- Readers may look at the new tables and views.
DO $$
BEGIN
    IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'tradebot_reader') THEN
        GRANT SELECT ON decision_settings, decision_inputs, v_decision_settings, v_decision_inputs TO tradebot_reader;
    END IF;
END
$$;
