-- The login of Grafana's data source: everything planwatch_reader may read, nothing else. Run with psql by the owner,
-- as often as wanted; PLANWATCH_READER_PASSWORD is taken from psql's environment.
\set ON_ERROR_STOP on
\getenv password PLANWATCH_READER_PASSWORD
SELECT 'CREATE ROLE planwatch_grafana LOGIN'
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'planwatch_grafana') \gexec
ALTER ROLE planwatch_grafana WITH LOGIN PASSWORD :'password';
ALTER ROLE planwatch_grafana SET default_transaction_read_only = on;
ALTER ROLE planwatch_grafana SET statement_timeout = '30s';
ALTER ROLE planwatch_grafana SET timezone = 'UTC';
GRANT planwatch_reader TO planwatch_grafana;
