"""Which index a search uses, and making it on PostgreSQL.

That is no migration: it depends on what the server offers, which may change.
"""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from billing.storage.finders import Finder
from billing.storage.fts import FtsFinder
from billing.storage.gin import TRIGRAM_INDEX, TrigramFinder, WordFinder

# With fastupdate a search would read the newest rows one by one.
_TRIGRAMS = (
    f"CREATE INDEX IF NOT EXISTS {TRIGRAM_INDEX} ON contacts USING gin (search gin_trgm_ops) WITH (fastupdate = off)",
)

# The words of a contact are the parts of `search`; triggers keep the table in step.
_WORDS = (
    'CREATE TABLE contact_words (word text COLLATE "C", number bigint, PRIMARY KEY (word, number))',
    """
    CREATE FUNCTION index_contact_words() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP <> 'INSERT' THEN
            DELETE FROM contact_words
            WHERE word = ANY (string_to_array(btrim(OLD.search), ' ')) AND number = OLD.number;
        END IF;
        IF TG_OP <> 'DELETE' THEN
            INSERT INTO contact_words SELECT unnest(string_to_array(btrim(NEW.search), ' ')), NEW.number;
        END IF;
        RETURN NULL;
    END
    $$
    """,
    """
    INSERT INTO contact_words
    SELECT word, number FROM contacts, unnest(string_to_array(btrim(search), ' ')) AS word ORDER BY word, number
    """,
    """
    CREATE TRIGGER contact_words_insert AFTER INSERT OR DELETE ON contacts
        FOR EACH ROW EXECUTE FUNCTION index_contact_words()
    """,
    """
    CREATE TRIGGER contact_words_update AFTER UPDATE OF search ON contacts
        FOR EACH ROW WHEN (OLD.search IS DISTINCT FROM NEW.search) EXECUTE FUNCTION index_contact_words()
    """,
)
_NO_WORDS = (
    "DROP TRIGGER contact_words_insert ON contacts",
    "DROP TRIGGER contact_words_update ON contacts",
    "DROP FUNCTION index_contact_words",
    "DROP TABLE contact_words",
)


def finder(connection: Connection) -> Finder:
    """The one for this database; `strengthen` has made the best index that it could."""
    if connection.dialect.name == "sqlite":
        return FtsFinder()
    has_trigrams = connection.scalar(text(f"SELECT to_regclass('{TRIGRAM_INDEX}')")) is not None
    return TrigramFinder() if has_trigrams else WordFinder()


def strengthen(connection: Connection) -> None:
    """Make the best index that this server can have, and drop the other. On SQLite a migration made it."""
    if connection.dialect.name == "sqlite":
        return
    has_words = connection.scalar(text("SELECT to_regclass('contact_words')")) is not None
    if _has_trigrams(connection):
        _execute(connection, _TRIGRAMS + (_NO_WORDS if has_words else ()))
    elif not has_words:
        _execute(connection, _WORDS)


def _has_trigrams(connection: Connection) -> bool:
    if connection.scalar(text("SELECT 1 FROM pg_extension WHERE extname = 'pg_trgm'")):
        return True
    if not connection.scalar(text("SELECT 1 FROM pg_available_extensions WHERE name = 'pg_trgm'")):
        return False
    try:
        with connection.begin_nested():
            connection.execute(text("CREATE EXTENSION pg_trgm"))
    except DBAPIError:  # offered, but this user may not create it
        return False
    return True


def _execute(connection: Connection, statements: tuple[str, ...]) -> None:
    for statement in statements:
        connection.execute(text(statement))
