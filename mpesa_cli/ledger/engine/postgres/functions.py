"""Functions and operators of the ledger's schema: words of the one SQL text that PostgreSQL lacks."""

FUNCTIONS = (
    ("CREATE FUNCTION instr(text, text) RETURNS boolean IMMUTABLE PARALLEL SAFE LANGUAGE sql "
    "AS 'SELECT strpos($1, $2) > 0'"),
    ("CREATE FUNCTION instr(bytea, bytea) RETURNS boolean IMMUTABLE PARALLEL SAFE LANGUAGE sql "
    "AS 'SELECT position($2 IN $1) > 0'"),
    # A path is $.name or $[0]. As in SQLite, true and false are 1 and 0.
    """CREATE FUNCTION json_extract(text, text) RETURNS text IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
        SELECT CASE json_typeof(found) WHEN 'boolean' THEN CASE found #>> '{}' WHEN 'true' THEN '1' ELSE '0' END
            ELSE found #>> '{}' END
        FROM (SELECT nullif($1, '')::json #> ARRAY[btrim($2, '$.[]')] AS found) one $$""",
    """CREATE FUNCTION json_each(text, OUT value text) RETURNS SETOF text IMMUTABLE PARALLEL SAFE ROWS 10 LANGUAGE sql
        AS 'SELECT json_array_elements_text($1::json)'""",
    """CREATE FUNCTION json_texts(text) RETURNS text[] IMMUTABLE PARALLEL SAFE LANGUAGE sql
        AS 'SELECT coalesce(array_agg(value), ARRAY[]::text[]) FROM json_array_elements_text($1::json) value'""",
    """CREATE FUNCTION json_numbers(text) RETURNS bigint[] IMMUTABLE PARALLEL SAFE LANGUAGE sql AS
        'SELECT coalesce(array_agg(value::bigint), ARRAY[]::bigint[]) FROM json_array_elements_text($1::json) value'""",
    # GLOB with a pattern that is only known while asking: of * and ? alone.
    r"""CREATE FUNCTION is_like(text, text) RETURNS boolean IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
        SELECT $1 ~ ('^' || replace(replace(regexp_replace($2, '([^[:alnum:]*?])', '\\\1', 'g'), '*', '.*'),
            '?', '.') || '$') $$""",
    ("CREATE FUNCTION is_unlike(text, text) RETURNS boolean IMMUTABLE PARALLEL SAFE LANGUAGE sql "
    "AS 'SELECT NOT {schema}.is_like($1, $2)'"),
    "CREATE OPERATOR @~ (LEFTARG = text, RIGHTARG = text, FUNCTION = is_like)",
    "CREATE OPERATOR !@~ (LEFTARG = text, RIGHTARG = text, FUNCTION = is_unlike)",
    """CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql
        AS $$ BEGIN RAISE EXCEPTION 'the journal is append-only'; END $$""",
)
TRIGGERS = (
    "CREATE TRIGGER journal_is_append_only_u BEFORE UPDATE ON journal FOR EACH ROW EXECUTE FUNCTION refuse_change()",
    "CREATE TRIGGER journal_is_append_only_d BEFORE DELETE ON journal FOR EACH ROW EXECUTE FUNCTION refuse_change()",
    ("CREATE TRIGGER journal_is_append_only_t BEFORE TRUNCATE ON journal "
    "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"),
)
