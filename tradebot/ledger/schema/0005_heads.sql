-- The audit rows that say which chain heads lie outside the ledger. Each job reads them all.
CREATE INDEX audit_heads ON audit (seq) WHERE kind IN ('head_kept', 'halt_cleared', 'restored');
